"""Calls with a realtime model: tools, who answers, consent, silence, limits, sound behind it, and every way to end."""

import asyncio
from typing import Any

import numpy as np
import pytest

from tests.engine_media.duplex_world import (
    SENTENCE,
    check_closed,
    duplex_plan,
    run,
    session,
    take,
    vendor,
    whole_call,
    world,
)
from tests.engine_media.world import World
from trunkline.audio.wav import decode
from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.domain.commands import EndCall, Say
from trunkline.domain.events import MessageSpoken
from trunkline.domain.transcript import Message
from trunkline.engine.rejoining import GO_ON
from trunkline.ports.replies import ToolCall
from trunkline.ports.toolrunner import Offered
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, Words
from trunkline.testing.models import noise
from trunkline.testing.realtime import RealtimeModels, Talking

pytestmark = pytest.mark.call

ASKS = Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=14.0)
LOOK_UP = {"name": "look_up", "url": "https://example.org/a", "async_response": "One moment."}
QUIET = Party(hangs_up_after=12.0)
RULES = "Please note the following, which is rather important."


def assistant_words(stage: World) -> list[str]:
    return [text for role, text in stage.journal.said() if role == "assistant"]


def messages(stage: World, role: str) -> list[Message]:
    spoken = [fact.message for fact in stage.journal.facts() if isinstance(fact, MessageSpoken)]
    return [message for message in spoken if message.role.value == role]


def tool_results(stage: World) -> list[tuple[str | None, str]]:
    turns = [turn for turns in session(stage).of("add") for turn in turns]
    return [(turn.tool_call_id, turn.content) for turn in turns if turn.role == "tool"]


# --- tools


def test_a_tool_runs_once_and_its_result_is_answered() -> None:
    script = Talking(
        ("What is the time?",), (("Let me see.", ToolCall("t1", "look_up", {"what": "time"})), "It is noon.")
    )
    stage = world(ASKS, script)
    run(stage, duplex_plan(llm={"tools": [LOOK_UP]}))
    assert stage.tools.ran == ["look_up"]
    assert tool_results(stage) == [("t1", '{"ok": true}')]
    assert assistant_words(stage)[1:] == ["Let me see.", "It is noon."]
    assert len(session(stage).of("respond")) == 1
    assert [tool.name for tool in session(stage).tools] == ["look_up"]


def test_a_session_that_did_not_make_the_call_gets_it_with_its_result() -> None:
    call = ToolCall("t1", "look_up", {"what": "time"})
    stage = world(
        Party(says=ASKS.says, hangs_up_after=20.0), Talking(("What?",), (("Let me see.", call), "It is noon."))
    )
    stage.tools.seconds = 4.0

    async def breaks() -> None:
        asyncio.get_running_loop().call_later(7.5, lambda: session(stage).break_off())
        await whole_call(stage, duplex_plan(llm={"tools": [{**LOOK_UP, "async_response": None}]}))

    run_virtual(breaks())
    assert stage.tools.ran == ["look_up"]
    assert vendor(stage).tries == 2
    known, result = session(stage).of("add")
    assert [turn.tool_calls for turn in known] == [(), (), ()]
    assert [(turn.role, turn.tool_calls, turn.tool_call_id) for turn in result] == [
        ("assistant", (call,), None),
        ("tool", (), "t1"),
    ]
    assert assistant_words(stage)[-1] == "It is noon."


@pytest.mark.parametrize("after", [2.8, 3.0, 3.2, 3.4])
@pytest.mark.parametrize("says", [False, True])
def test_who_was_speaking_when_the_model_broke_is_not_left_without_a_word(after: float, says: bool) -> None:
    stage = world(Party(says=ASKS.says, hangs_up_after=10.0), Talking(("What?",), ("Sorry?", "It is noon."), says=says))

    async def breaks() -> None:
        asyncio.get_running_loop().call_later(after, lambda: session(stage).break_off())
        await whole_call(stage, duplex_plan())

    run_virtual(breaks())
    assert vendor(stage).tries == 2
    assert assistant_words(stage)[1:]


def test_a_tool_that_takes_its_time_has_something_to_say() -> None:
    script = Talking(("What is the time?",), ((ToolCall("t1", "look_up", {}),), "It is noon."))
    stage = world(ASKS, script)
    stage.tools.seconds = 4.0
    run(stage, duplex_plan(llm={"tools": [LOOK_UP]}))
    assert assistant_words(stage)[1:] == ["One moment.", "It is noon."]


def test_who_speaks_while_a_tool_runs_is_answered_and_the_result_follows() -> None:
    party = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, after=6.0)), hangs_up_after=18.0)
    call = ToolCall("t1", "look_up", {})
    script = Talking(("What is the time?", "Are you there?"), ((call,), "Yes, I am looking.", "It is noon."))
    stage = world(party, script)
    stage.tools.seconds = 6.0
    run(stage, duplex_plan(llm={"tools": [{**LOOK_UP, "async_response": None}]}))
    assert stage.tools.ran == ["look_up"]
    assert assistant_words(stage)[1:] == ["Yes, I am looking.", "It is noon."]


def test_the_tools_of_a_server_are_known_before_the_model_is_opened() -> None:
    stage = world(ASKS, Talking(("Book it.",), ((ToolCall("t1", "theirs", {}),), "It is booked.")))
    stage.tools.offer = Offered([FunctionSpec(name="theirs")])
    run(stage, duplex_plan(llm={"tools": [{"type": "mcp", "url": "https://example.org/mcp"}]}))
    assert [tool.name for tool in session(stage).tools] == ["theirs"]
    assert stage.tools.ran == ["theirs"]
    assert assistant_words(stage)[-1] == "It is booked."


def test_the_model_ends_the_call_after_its_goodbye() -> None:
    script = Talking(("That was all.",), (("Thank you and goodbye.", ToolCall("t1", "end_call", {})),))
    stage = world(Party(says=ASKS.says), script)
    run(stage, duplex_plan(llm={"tools": [{"type": "end_call"}]}))
    assert assistant_words(stage)[-1] == "Thank you and goodbye."
    assert stage.journal.ended().reason is EndReason.ASSISTANT_ENDED


def test_who_objects_to_a_goodbye_is_not_hung_up_on() -> None:
    words = "Thank you very much for this call, it was a pleasure, have a nice day and goodbye."
    party = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, after=6.0)), hangs_up_after=16.0)
    script = Talking(("That was all.", "No, wait."), ((words, ToolCall("t1", "end_call", {})), "Yes?"))
    stage = world(party, script)
    run(stage, duplex_plan(llm={"tools": [{"type": "end_call"}]}))
    assert assistant_words(stage)[-1] == "Yes?"
    ((call_id, result),) = tool_results(stage)
    assert call_id == "t1"
    assert "not done" in result
    assert stage.journal.ended().reason is EndReason.USER_HANGUP


def test_a_phrase_of_the_assistants_ends_the_call() -> None:
    stage = world(Party(says=ASKS.says), Talking(("That was all.",), ("Goodbye then.",)))
    run(stage, duplex_plan(speech_config={"end_call_phrases": ["goodbye then"]}))
    assert assistant_words(stage)[-1] == "Goodbye then."
    assert stage.journal.ended().reason is EndReason.ASSISTANT_ENDED


# --- who answers, and consent

GREETING = "Hi, you have reached the voicemail of Bob. Please leave a message after the beep."


@pytest.mark.parametrize("says", [False, True])
@pytest.mark.parametrize("message", [None, "Please call us back."])
def test_a_voicemail_is_noticed_by_the_models_words(says: bool, message: str | None) -> None:
    party = Party(says=(Words(noise(4.0, 8000), after=0.3),), hangs_up_after=30.0)
    stage = world(party, Talking((GREETING,), ("Hello Bob!",), says=says))
    run(stage, duplex_plan(voicemail_detection=True, voicemail_message=message))
    assert assistant_words(stage) == ([message] if message else [])
    wanted = EndReason.VOICEMAIL_MESSAGE_LEFT if message else EndReason.VOICEMAIL_DETECTED
    assert stage.journal.ended().reason is wanted
    (heard,) = [text for role, text in stage.journal.said() if role == "user"]
    assert GREETING.startswith(heard)
    assert heard.startswith("Hi, you have reached the voicemail")


@pytest.mark.parametrize("first", ["Hello, this is Ada.", None])
def test_a_person_is_greeted_and_the_model_kept_quiet_until_then(first: str | None) -> None:
    party = Party(says=(Words(noise(0.6, 8000), after=0.3), Words(SENTENCE, quiet=0.6)), hangs_up_after=12.0)
    stage = world(party, Talking(("Hello?", "Who is it?"), ("Good day.", "It is Ada."), words_seconds=0.2))
    run(stage, duplex_plan(voicemail_detection=True, first_message=first))
    said = stage.journal.said()
    assert said[0] == ("user", "Hello?")
    assert assistant_words(stage)[0] == (first or "Good day.")
    assert said[-2:] == [("user", "Who is it?"), ("assistant", "It is Ada.")]
    assert len(session(stage).of("respond")) == 0
    assert stage.journal.ended().reason is EndReason.USER_HANGUP


CONSENT: dict[str, Any] = {"recording_consent": {"enabled": True}, "recording_enabled": True}
TALKS = tuple(Words(SENTENCE, after=seconds) for seconds in (0.5, 3.0, 5.5, 8.0, 10.5))


def test_not_a_byte_reaches_the_model_before_key_1() -> None:
    stage = world(QUIET, Talking(("I want a pizza.",), says=True))
    take(stage, Party(says=TALKS, hangs_up_after=14.0), duplex_plan(**CONSENT))
    assert session(stage).pushed_bytes == 0
    assert session(stage).of("say") == []
    assert stage.blobs.files == {}
    assert all(role == "assistant" for role, _ in stage.journal.said())


def test_after_key_1_the_talk_begins() -> None:
    stage = world(QUIET, Talking(("I want a pizza.",), ("Which one?",)))
    party = Party(says=(*TALKS[:2], Words(SENTENCE, after=9.0)), presses=((6.0, "1"),), hangs_up_after=14.0)
    take(stage, party, duplex_plan(**CONSENT))
    assert session(stage).pushed_bytes == pytest.approx(8.0 * 16_000, rel=0.02)
    assert stage.journal.said()[-2:] == [("user", "I want a pizza."), ("assistant", "Which one?")]
    assert len(stage.blobs.files) == 1


def test_an_inbound_caller_is_greeted() -> None:
    stage = world(QUIET, Talking(("A pizza, please.",), ("Which one?",)))
    take(stage, Party(says=ASKS.says, hangs_up_after=9.0), duplex_plan())
    assert stage.journal.said() == [
        ("assistant", "Hello, this is Ada."),
        ("user", "A pizza, please."),
        ("assistant", "Which one?"),
    ]


# --- limits


@pytest.mark.parametrize("says", [False, True])
def test_nobody_speaks_and_the_assistant_checks_in_and_leaves(says: bool) -> None:
    stage = world(Party(), Talking(says=says))
    silence = {"messages": ["Hello?"], "final_message": "Bye.", "max_attempts": 2, "first_check_seconds": 3}
    run(stage, duplex_plan(autonomous_silence_handling=True, speech_config={"silence": silence}))
    assert assistant_words(stage) == ["Hello, this is Ada.", "Hello?", "Hello?", "Bye."]
    assert stage.journal.ended().reason is EndReason.SILENCE_TIMEOUT


def test_before_the_longest_duration_the_model_is_told_to_close() -> None:
    stage = world(Party(), Talking((), ("I have to go now, goodbye.",)))
    run(stage, duplex_plan(max_duration_seconds=20, silence_timeout_seconds=600))
    assert session(stage).turns[-2][0] == "system" or session(stage).turns[-1][0] == "system"
    assert assistant_words(stage)[-1] == "I have to go now, goodbye."
    assert stage.journal.ended().reason is EndReason.MAX_DURATION


def test_a_line_without_sound_ends_the_call() -> None:
    stage = world(Party(mute_after=3.0))
    run(stage, duplex_plan(silence_timeout_seconds=600))
    assert stage.journal.ended().reason is EndReason.MEDIA_TIMEOUT


# --- sound


def test_both_sides_are_recorded_and_there_is_sound_behind() -> None:
    stage = world(Party(says=(Words(SENTENCE, after=3.0),), hangs_up_after=8.0), Talking(("Yes.",), ("All right.",)))
    background = {"enabled": True, "clip": "office", "volume": 0.5}
    run(stage, duplex_plan(recording_enabled=True, speech_config={"background_audio": background}))
    (file,) = stage.blobs.files.values()
    recording = decode(bytes(file))
    assert recording.channels == 2
    left, right = np.frombuffer(recording.pcm, "<i2").reshape(-1, 2).T
    assert np.abs(left).max() > 0
    assert np.abs(right).max() > 0
    played = np.frombuffer(stage.carrier.lines[0].played, "<i2")
    frames = played[: len(played) // 160 * 160].reshape(-1, 160)
    assert np.count_nonzero(np.abs(frames).max(axis=1)) > 0.9 * len(frames)


# --- the model is slow, or fails


@pytest.mark.parametrize("seconds", [0.05, 1.5])
def test_the_first_words_wait_for_the_model_that_is_to_speak_on(seconds: float) -> None:
    stage = world(ASKS, Talking(("Yes.",), ("All right.",), says=True, open_seconds=seconds))
    run(stage, duplex_plan())
    assert assistant_words(stage) == ["Hello, this is Ada.", "All right."]
    assert stage.models.tts_model.said == []
    heard = np.flatnonzero(np.frombuffer(stage.carrier.lines[0].played, "<i2"))
    assert heard[0] / 8000 == pytest.approx(max(0.1, seconds) + 0.1, abs=0.15)


def test_the_first_words_do_not_wait_long() -> None:
    stage = world(Party(hangs_up_after=8.0), Talking(says=True, open_seconds=4.5))
    run(stage, duplex_plan())
    assert assistant_words(stage) == ["Hello, this is Ada."]
    assert stage.models.tts_model.said == ["Hello, this is Ada."]
    assert session(stage).turns == [("assistant", "Hello, this is Ada.")]


def test_who_speaks_first_to_a_slow_model_is_heard_by_it() -> None:
    party = Party(says=(Words(SENTENCE, after=0.2),), hangs_up_after=8.0)
    stage = world(party, Talking(("Hello, who is it?",), ("It is Ada.",), says=True, open_seconds=2.5))
    run(stage, duplex_plan(first_message=None))
    assert stage.journal.said() == [("user", "Hello, who is it?"), ("assistant", "It is Ada.")]


def test_a_model_that_cannot_be_opened_is_asked_once_more() -> None:
    stage = world(ASKS, Talking(("Yes.",), ("All right.",), unopened=1))
    run(stage, duplex_plan())
    assert vendor(stage).tries == 2
    assert assistant_words(stage) == ["Hello, this is Ada.", "All right."]


def test_where_none_can_be_opened_the_call_ends_with_the_vendors_words() -> None:
    stage = world(Party(answers_after=3.0), Talking(unopened=100))
    run(stage, duplex_plan())
    ended = stage.journal.ended()
    assert ended.reason is EndReason.PROVIDER_ERROR
    assert ended.error == "the realtime model (openai_realtime) failed: cannot be reached"
    assert vendor(stage).tries == 2


def test_the_fallback_takes_over_and_knows_what_was_said() -> None:
    first = Talking(("Tell me.",), ("Well, this is a long story that breaks.",), broken=10, words_seconds=0.1)
    second = Talking((), ("As I said, a long story.",))
    stage = world(ASKS, first, second)
    fallbacks = {"fallbacks": [{"provider": "xai_realtime"}], "voice": "marin"}
    run(stage, duplex_plan(llm=fallbacks))
    assert vendor(stage).tries == 2
    told = session(stage, provider="xai_realtime")
    assert told.config.voice is None
    assert session(stage).config.voice == "marin"
    kinds = [kind for kind, _ in told.told]
    assert kinds[:4] == ["add", "add", "add", "respond"]
    assert told.turns[:2] == [("assistant", "Hello, this is Ada."), ("user", "Tell me.")]
    assert told.turns[2:-1] == [("assistant", text) for text in assistant_words(stage)[1:-1]]
    assert told.turns[-1] == ("system", GO_ON)
    assert [one.interrupted for one in messages(stage, "assistant")] == [False, True, True, False]
    assert assistant_words(stage)[-1] == "As I said, a long story."
    assert {one.provider for one in stage.journal.ended().usage.stages if one.stage == "llm"} == {
        "openai_realtime",
        "xai_realtime",
    }


def test_a_model_that_breaks_in_mid_call_is_opened_anew_with_all_that_was_said() -> None:
    replies = ("Well, this is a long story that breaks.", "It goes on.")
    stage = world(ASKS, Talking(("Tell me.",), replies, broken=1, words_seconds=0.1))
    run(stage, duplex_plan())
    assert vendor(stage).tries == 2
    assert session(stage).turns[:2] == [("assistant", "Hello, this is Ada."), ("user", "Tell me.")]
    assert assistant_words(stage)[-1] == "It goes on."
    begun = assistant_words(stage)[1]
    assert "Well, this is a long story that breaks.".startswith(begun)
    assert stage.journal.ended().reason is EndReason.USER_HANGUP


def test_where_it_breaks_for_good_we_apologise_with_our_own_voice() -> None:
    stage = world(
        Party(says=ASKS.says), Talking(("Tell me.",), ("Well, this is a long story that breaks.",), broken=9, says=True)
    )
    run(stage, duplex_plan())
    ended = stage.journal.ended()
    assert ended.reason is EndReason.PROVIDER_ERROR
    assert ended.error is not None
    assert "the connection broke" in ended.error
    assert assistant_words(stage)[-1].startswith("I'm sorry, I have a technical problem")
    first, *apology = stage.models.tts_model.said
    assert assistant_words(stage)[0] == "Hello, this is Ada."
    assert "Hello, this is Ada.".endswith(first)
    assert "".join(apology).startswith("I'm sorry, I have a technical problem")


def test_words_that_the_model_was_given_when_it_broke_are_said_by_us() -> None:
    stage = world(QUIET, Talking(says=True, first_sound_seconds=1.0))

    async def breaks() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(3.5, lambda: session(stage).break_off())
        await whole_call(stage, duplex_plan(first_message=None), (3.0, Say("Please note.")))

    run_virtual(breaks())
    assert assistant_words(stage) == ["Please note."]
    assert stage.models.tts_model.said == ["Please note."]


@pytest.mark.parametrize("order", [Say(RULES, interruptible=False), EndCall(RULES)])
def test_words_that_nobody_may_stop_are_said_to_their_end_when_the_model_breaks(order: Say | EndCall) -> None:
    stage = world(QUIET, Talking(says=True, broken=1, seconds_per_character=1 / 15))
    run(stage, duplex_plan(first_message=None), (3.0, order))
    assert assistant_words(stage) == [RULES]
    assert stage.models.tts_model.said == ["the following, which is rather important."]
    assert session(stage).of("respond") == []


def test_the_next_session_is_asked_only_when_it_knows_what_was_heard_of_the_last() -> None:
    replies = ("Well, this is a long story that breaks.", "It goes on.")
    script = Talking(("Tell me.",), replies, broken=1, words_seconds=0.1, seconds_per_character=0.3)
    stage = world(ASKS, script)
    run(stage, duplex_plan())
    begun = assistant_words(stage)[1]
    assert session(stage).turns[:4] == [
        ("assistant", "Hello, this is Ada."),
        ("user", "Tell me."),
        ("assistant", begun),
        ("system", GO_ON),
    ]
    assert [kind for kind, _ in session(stage).told[:4]] == ["add", "add", "add", "respond"]
    assert [one.interrupted for one in messages(stage, "assistant")][:2] == [False, True]


@pytest.mark.parametrize("silent_after", [1.0, 2.2, 2.9])
def test_what_was_said_into_a_model_that_fell_silent_is_heard_by_its_fallback(silent_after: float) -> None:
    words, answer = "What is the time?", "It is noon."
    first = Talking(("Nobody hears this.", words), (answer,), first_sound_seconds=2.0, words_seconds=4.0)
    stage = world(Party(says=ASKS.says, hangs_up_after=14.0), first, Talking((words,), (answer,)))

    async def breaks() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(silent_after, lambda: session(stage).fall_silent())
        loop.call_later(7.0, lambda: session(stage).break_off())
        await whole_call(stage, duplex_plan(llm={"fallbacks": [{"provider": "xai_realtime"}]}))

    run_virtual(breaks())
    told = [*vendor(stage).sessions[1:], *vendor(stage, "xai_realtime").sessions]
    assert len(told) == 1
    assert told[0].of("respond") == []
    assert stage.journal.said()[1:] == [("user", words), ("assistant", answer)]
    (heard,) = messages(stage, "user")
    assert (messages(stage, "assistant")[1].started_at - heard.started_at).total_seconds() > 4.0


def test_a_reply_that_fails_is_asked_for_once_more() -> None:
    stage = world(ASKS, Talking(("Tell me.",), ("It is noon.",), failed=1))
    run(stage, duplex_plan())
    assert assistant_words(stage) == ["Hello, this is Ada.", "It is noon."]
    assert (vendor(stage).tries, len(session(stage).of("respond"))) == (1, 1)


def test_a_model_whose_replies_fail_is_left_for_its_fallback() -> None:
    stage = world(ASKS, Talking(("Tell me.",), failed=99, words_seconds=0.1), Talking((), ("It is noon.",)))
    run(stage, duplex_plan(llm={"fallbacks": [{"provider": "xai_realtime"}]}))
    assert assistant_words(stage) == ["Hello, this is Ada.", "It is noon."]
    assert vendor(stage).tries == 2


def test_words_that_nobody_may_stop_are_said_to_their_end_by_us() -> None:
    words = "Please note the following, which is rather important."
    stage = world(QUIET, Talking(says=True, dropped=1, seconds_per_character=1 / 15))
    run(stage, duplex_plan(first_message=None), (3.0, Say(words, interruptible=False)))
    assert assistant_words(stage) == [words]
    assert stage.models.tts_model.said == ["the following, which is rather important."]


def test_a_model_that_never_hears_anybody_is_taken_for_broken() -> None:
    party = Party(says=(Words(noise(2.0, 8000), after=3.0), Words(noise(2.0, 8000), after=16.0)), hangs_up_after=40.0)
    stage = world(party, Talking(deaf=True))
    run(stage, duplex_plan(silence_timeout_seconds=600))
    ended = stage.journal.ended()
    assert ended.reason is EndReason.PROVIDER_ERROR
    assert ended.error is not None
    assert "does not hear the party" in ended.error


# --- ends


@pytest.mark.parametrize("after", [0.05, 0.11, 0.13, 0.3, 1.0, 2.9, 3.3, 3.6, 3.9, 4.2, 5.0, 7.0])
@pytest.mark.parametrize("says", [False, True])
def test_whoever_leaves_whenever_nothing_is_left(after: float, says: bool) -> None:
    call = ToolCall("t1", "look_up", {})
    script = Talking(("Tell me.",), (("Let me look that up for you.", call), "It is noon."), says=says)
    stage = world(Party(says=ASKS.says, hangs_up_after=after), script)
    run(stage, duplex_plan(llm={"tools": [LOOK_UP]}))
    assert stage.journal.ended().reason is EndReason.USER_HANGUP


@pytest.mark.parametrize("after", [0.02, 1.0, 4.0, 6.0])
def test_a_call_that_is_cancelled_leaves_nothing(after: float) -> None:
    stage = world(Party(says=ASKS.says), Talking(("Tell me.",), ("A rather long story is what I tell you now.",)))

    async def cancelled() -> None:
        async with stage.supervisor() as supervisor:
            task = asyncio.create_task(supervisor.run(duplex_plan()))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.wait([task])
        check_closed(stage)

    run_virtual(cancelled())
    assert stage.journal.ended().reason is not None
    assert isinstance(stage.models, RealtimeModels)
