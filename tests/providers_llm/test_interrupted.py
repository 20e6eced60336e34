"""What the scripted brain does about words of its own that were never heard, and after its last ones."""

import pytest

from tests.providers_llm.talking import END_CALL, TRANSFER, Talk, start
from trunkline.domain.assistant import FunctionSpec
from trunkline.ports.models import Turn
from trunkline.providers.local.scripts import example_script

pytestmark = pytest.mark.unit

NOTICE = "I'm calling to confirm your appointment on Tuesday at 3 pm."
ASK = "Can you make it then?"


def cut(talk: Talk, heard: str, *more: Turn) -> None:
    """Of the last reply only this was heard."""
    talk.history[-1:] = [Turn("assistant", heard), *more] if heard else list(more)


async def asked(first: str = "Hello, this is the assistant of Bright Dental.") -> Talk:
    talk = await start(example_script("appointment"), first=first)
    assert await talk.say("Hello?") == f"{NOTICE} {ASK}"
    return talk


@pytest.mark.parametrize("heard", ["I'm", "I'm calling to confirm your", "I'm calling to"])
async def test_a_statement_that_was_cut_off_is_said_again_after_the_interruption(heard: str) -> None:
    talk = await asked()
    cut(talk, heard)
    reply = await talk.say("Are you a robot?")
    assert reply == f"Yes, I'm an automated assistant, not a person. {NOTICE} {ASK}"
    assert NOTICE not in await talk.say("Where are you?")


async def test_a_statement_that_was_heard_is_not_said_again() -> None:
    talk = await asked()
    cut(talk, f"{NOTICE} Can you")
    assert NOTICE not in await talk.say("Are you a robot?")


async def test_a_statement_is_said_again_as_often_as_it_is_cut_off() -> None:
    talk = await asked()
    for line in ("Are you a robot?", "Who is this?", "What does it cost?"):
        cut(talk, "I'm")
        assert f"{NOTICE} {ASK}" in await talk.say(line)


async def test_a_wait_in_between_does_not_lose_it() -> None:
    talk = await asked()
    cut(talk, "I'm")
    assert NOTICE not in await talk.say("Hold on a second.")
    assert await talk.say("Okay.") == f"{NOTICE} {ASK}"


async def test_an_answer_that_was_cut_off_is_given_again() -> None:
    talk = await asked()
    assert "12 Mill Road" in await talk.say("Where is the practice?")
    cut(talk, "You find")
    assert await talk.say("Hello?") == f"You find us at 12 Mill Road. {ASK}"


async def test_who_answers_nevertheless_is_not_told_again_what_he_knows() -> None:
    talk = await asked()
    cut(talk, "I'm calling")
    assert await talk.say("No, I can't make it on Tuesday.") == (
        "No problem, we can move it. When would suit you better?"
    )


async def test_what_the_api_said_in_between_does_not_hide_the_cut() -> None:
    talk = await asked()
    cut(talk, "I'm Please bring your insurance card.")
    assert f"{NOTICE} {ASK}" in await talk.say("Are you a robot?")
    talk = await asked()
    cut(talk, f"Please bring your insurance card. {NOTICE} {ASK}")
    assert NOTICE not in await talk.say("Are you a robot?")


async def test_a_note_nobody_asked_to_pass_on_is_no_news_that_was_lost() -> None:
    talk = await asked()
    talk.history += [Turn("system", "Parking is free."), Turn("assistant", "Please bring your insurance card.")]
    assert "arking" not in await talk.say("Are you a robot?")


async def test_news_that_were_cut_off_are_told_again() -> None:
    talk = await asked()
    assert "the office closes early" in await talk.turn(
        Turn("system", "Tell the customer that the office closes early.")
    )
    cut(talk, "I've just been")
    assert "the office closes early" in await talk.say("Hello?")


async def test_who_calls_is_said_again_when_the_first_message_was_cut_off() -> None:
    talk = await start(example_script("appointment"), first="Hello, this is the virt")
    assert await talk.say("Hello?") == f"This call is from Bright Dental. {NOTICE} {ASK}"
    talk = await start(example_script("appointment"), first="Hello, this is the assistant of")
    assert "Hello, this is" not in await talk.say("Who is this?")


@pytest.mark.parametrize("last", ["Bye.", "Thank you.", "Okay."])
async def test_without_a_way_to_hang_up_it_says_goodbye_once_and_then_nothing(last: str) -> None:
    talk = await start(example_script("appointment"), tools=())
    for line in ("Hello?", "Yes.", "No thank you."):
        closing = await talk.say(line)
    assert closing.endswith("Goodbye.")
    assert "oodbye" in await talk.say(last)
    replies = [await talk.say(line) for line in ("Bye.", "Bye bye.", "Hm.", "Okay.")]
    assert replies == ["", "", "", ""]


async def test_after_the_goodbye_it_still_answers_and_obeys() -> None:
    talk = await start(example_script("appointment"), tools=())
    for line in ("Hello?", "Yes.", "No thank you.", "Bye."):
        await talk.say(line)
    assert await talk.say("Wait, where is the practice?") == "You find us at 12 Mill Road."
    assert "automated" in await talk.say("And are you a robot?")
    assert "don't know" in await talk.say("What is the capital of France?")
    assert await talk.say("Hm.") == ""
    assert "don't want to be called again" in await talk.say("And stop calling me.")


async def test_after_the_goodbye_a_check_in_is_followed_by_another_goodbye() -> None:
    talk = await start(example_script("appointment"), tools=())
    for line in ("Hello?", "Yes.", "No thank you.", "Bye."):
        await talk.say(line)
    talk.history.append(Turn("assistant", "Are you still there?"))
    assert await talk.say("Yes.") == "Bye now."


async def test_with_a_way_to_hang_up_it_hangs_up() -> None:
    talk = await start(example_script("appointment"))
    for line in ("Hello?", "Yes.", "No thank you."):
        await talk.say(line)
    assert talk.ended


async def test_a_closing_that_was_talked_over_ends_all_the_same() -> None:
    talk = await start(example_script("appointment"), tools=(TRANSFER,))
    for line in ("Hello?", "Yes.", "No thank you."):
        await talk.say(line)
    cut(talk, "Thank you, and")
    assert "oodbye" in await talk.say("Okay, bye.")


@pytest.mark.parametrize("tools", [(), (END_CALL,)])
async def test_last_words_that_were_not_understood_are_said_once_more(tools: tuple[FunctionSpec, ...]) -> None:
    talk = await start(example_script("appointment"), tools=tools)
    for line in ("Hello?", "Yes."):
        await talk.say(line)
    closing = await talk.say("No thank you.")
    cut(talk, "All")
    assert await talk.say("Sorry, could you say that again?") == f"Of course. {closing}"
