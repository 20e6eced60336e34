"""Whole calls with a realtime model over a scripted line, in virtual time."""

import numpy as np
import pytest

from tests.engine_media.duplex_world import SENTENCE, duplex_plan, run, session, vendor, world
from trunkline.domain.call import EndReason
from trunkline.domain.events import MessageSpoken, TurnMeasured
from trunkline.testing.line import Party, Words
from trunkline.testing.models import noise
from trunkline.testing.realtime import Talking

pytestmark = pytest.mark.call

TALKER = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, quiet=0.5)), hangs_up_when_quiet=1.0)
TALK = Talking(("Yes, that is fine.", "Goodbye."), ("All right, see you then.", "Bye now."))


@pytest.mark.parametrize("says", [False, True])
def test_a_call_is_talked_through_and_the_party_ends_it(says: bool) -> None:
    script = Talking(TALK.hears, TALK.replies, says=says)
    stage = world(TALKER, script)
    run(stage, duplex_plan())
    assert stage.journal.said() == [
        ("assistant", "Hello, this is Ada."),
        ("user", "Yes, that is fine."),
        ("assistant", "All right, see you then."),
        ("user", "Goodbye."),
        ("assistant", "Bye now."),
    ]
    assert stage.journal.ended().reason is EndReason.USER_HANGUP
    spoken = stage.models.tts_model.said
    assert spoken == ([] if says else ["Hello, this is Ada."])
    assert session(stage).turns == ([] if says else [("assistant", "Hello, this is Ada.")])
    assert session(stage).of("say") == (["Hello, this is Ada."] if says else [])
    assert session(stage).instructions == "Be kind."


def test_what_was_said_is_in_the_order_of_its_beginning_and_measured() -> None:
    stage = world(TALKER, TALK)
    run(stage, duplex_plan())
    messages = [fact.message for fact in stage.journal.facts() if isinstance(fact, MessageSpoken)]
    begun = [message.started_at for message in messages]
    assert begun == sorted(begun)
    assert not any(message.interrupted for message in messages)
    measured = [fact for fact in stage.journal.facts() if isinstance(fact, TurnMeasured)]
    assert [fact.turn for fact in measured] == [1, 2]
    for fact in measured:
        assert fact.llm_first_token is None
        assert fact.tts_first_audio is None
        assert fact.heard is not None
        assert 450 <= fact.heard <= 700
        assert fact.end_of_turn is not None
        assert 200 <= fact.end_of_turn <= 450
        assert fact.added is not None
        assert fact.added <= 20


def test_the_usage_is_the_vendors_and_how_long_the_session_was_open() -> None:
    stage = world(TALKER, TALK)
    run(stage, duplex_plan())
    usage = stage.journal.ended().usage
    (model,) = [stage for stage in usage.stages if stage.stage == "llm"]
    assert model.provider == "openai_realtime"
    assert (model.prompt_tokens, model.completion_tokens) == (40, 20)
    assert (model.cached_tokens, model.audio_prompt_tokens, model.audio_completion_tokens) == (8, 24, 16)
    assert model.cached_audio_tokens == 6
    assert model.seconds == pytest.approx(session(stage).pushed_bytes / 16_000, abs=0.15), "it was opened when it rang"
    (voice,) = [stage for stage in usage.stages if stage.stage == "tts"]
    assert (voice.provider, voice.characters) == ("local", len("Hello, this is Ada."))
    assert usage.stt_seconds == 0


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("says", [False, True])
def test_who_breaks_in_is_heard_at_once_and_the_model_knows_what_was_heard(rate: int, says: bool) -> None:
    words = "Of course, I can tell you all about it. There is a lot to say about that, believe me. It began long ago."
    party = Party(
        says=(Words(noise(1.0, rate), quiet=0.5), Words(noise(2.0, rate), after=7.0)),
        hangs_up_after=13.0,
        sample_rate_hz=rate,
    )
    stage = world(party, Talking(("Tell me.", "Stop, please stop."), (words, "Sorry."), says=says))
    run(stage, duplex_plan())
    messages = [fact.message for fact in stage.journal.facts() if isinstance(fact, MessageSpoken)]
    assert [(message.role.value, message.interrupted) for message in messages] == [
        ("assistant", False),
        ("user", False),
        ("assistant", True),
        ("user", False),
        ("assistant", False),
    ]
    heard = messages[2].content
    assert words.startswith(heard)
    samples = np.flatnonzero(np.frombuffer(stage.carrier.lines[0].played, "<i2"))
    reply = samples[samples > 2.5 * rate]
    stopped = reply[np.flatnonzero(np.diff(reply) > rate // 2)[0]] / rate
    assert 7.0 < stopped < 7.0 + 0.08 + 0.2
    assert len(heard) * 0.06 == pytest.approx(stopped - reply[0] / rate, abs=0.35)
    ((_, played, told),) = session(stage).of("truncate")
    assert told == heard
    assert played == pytest.approx(stopped - reply[0] / rate, abs=0.03)
    assert session(stage).sample_rate_hz == rate
    assert vendor(stage).open_sessions == 0


def test_who_leaves_in_mid_word_is_told_no_more_than_they_heard() -> None:
    words = "Of course, I can tell you all about it. There is a lot to say about that, believe me."
    party = Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=6.0)
    stage = world(party, Talking(("Tell me.",), (words,)))
    run(stage, duplex_plan())
    role, heard = stage.journal.said()[-1]
    assert role == "assistant"
    assert words.startswith(heard)
    assert 0 < len(heard) < len(words)
    assert stage.journal.ended().reason is EndReason.USER_HANGUP
