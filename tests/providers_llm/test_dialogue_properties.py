"""Whatever a party says, the conversation comes to an end, without an exception and without becoming a parrot."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.providers_llm.talking import END_CALL, TRANSFER, start
from trunkline.ports.models import Turn
from trunkline.providers.local.scripts import EXAMPLE_SCRIPTS, example_script

pytestmark = pytest.mark.unit

PHRASES = (
    "yes", "no", "hello", "what", "who is this", "why are you calling", "hold on", "okay", "thank you", "um", "",
    "can you repeat that", "i'm busy", "tuesday", "at three", "seven", "the second one", "maybe", "what does it cost",
    "is it far", "no i meant friday", "you idiot", "good", "neighbour", "are you a robot", "i don't know", "leave me alone",
    "tell them i am late", "tomorrow at half past two", "no but wednesday works", "bye", "twenty five", "not really",
    "can i talk to someone", "actually", "wait", "i am not him", "is anybody there", "the blue fox jumps",
)  # fmt: skip
SENTENCES = st.one_of(
    st.sampled_from(PHRASES),
    st.lists(st.sampled_from(PHRASES), min_size=2, max_size=3).map(" ".join),
    st.text(max_size=40),
)
NOTES = st.sampled_from(
    (
        Turn("system", "The customer's appointment was moved to 4 pm"),
        Turn("system", "day: Friday"),
        Turn("system", "The party pressed 2"),
        Turn("system", "Ask the customer for their email"),
        Turn("assistant", "Are you still there?"),
    )
)
STEPS = st.lists(st.one_of(SENTENCES, SENTENCES, SENTENCES, NOTES), min_size=60, max_size=60)
LONGEST = 54


async def _holds(name: str | None, lines: list[str | Turn], transfer: bool) -> None:
    tools = (END_CALL, TRANSFER) if transfer else (END_CALL,)
    talk = await start(example_script(name) if name else None, tools=tools)
    replies: list[str] = []
    for count, line in enumerate(lines):
        if isinstance(line, Turn) and line.role == "assistant":
            talk.history.append(line)
            continue
        replies.append(await talk.turn(line if isinstance(line, Turn) else Turn("user", line)))
        assert replies[-1].strip() or talk.history[-1].tool_calls
        assert "{{" not in replies[-1]
        transferred = any(call.name == "transfer_call" for call in talk.history[-1].tool_calls)
        if transferred:
            replies.append(
                await talk.turn(Turn("tool", '{"error": "busy"}', tool_call_id=talk.history[-1].tool_calls[0].id))
            )
        if talk.ended:
            break
        assert count < LONGEST, replies
    for first, second, third in zip(replies, replies[1:], replies[2:], strict=False):
        spoken = [
            {part for part in reply.replace("? ", "?|").replace(". ", ".|").split("|") if part}
            for reply in (first, second, third)
        ]
        assert not spoken[0] & spoken[1] & spoken[2]
    found = await talk.outcome()
    assert found.summary
    assert found.outcome


@pytest.mark.parametrize("name", [*EXAMPLE_SCRIPTS, None])
@given(lines=STEPS, transfer=st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_any_conversation_ends(name: str | None, lines: list[str | Turn], transfer: bool) -> None:
    await _holds(name, lines, transfer)


@pytest.mark.parametrize("line", PHRASES)
@pytest.mark.parametrize("name", [*EXAMPLE_SCRIPTS, None])
async def test_a_party_who_always_says_the_same_comes_to_an_end(name: str | None, line: str) -> None:
    await _holds(name, [line] * 60, transfer=False)
