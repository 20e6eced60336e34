"""The rules of OpenAI's realtime protocol without a socket: which reply is the one that was asked for."""

from typing import Any

import pytest

from trunkline.base.errors import Upstream
from trunkline.ports.realtime import PartyStarted, RealtimeEvent, ReplyDone, ReplySound, ReplyStarted, ReplyWords
from trunkline.providers.realtime.conversation import Conversation
from trunkline.providers.realtime.dialect import SoundFormat
from trunkline.providers.realtime.xai import DIALECT

pytestmark = pytest.mark.unit

GIVEN = "Please hold the line."


def _failure(error: object) -> Upstream:
    return Upstream("failed", provider="xai", retryable=True)


class Talk:
    """A conversation, and what it sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        sound = SoundFormat(8_000, mulaw=True)
        self.conversation = Conversation(DIALECT, sound, 8_000, self.sent.append, _failure)

    def take(self, kind: str, **fields: Any) -> list[RealtimeEvent]:
        return list(self.conversation.take({"type": kind, **fields}))

    def created(self, id: str) -> list[RealtimeEvent]:
        return self.take("response.created", response={"id": id})

    def words(self, id: str, text: str) -> list[RealtimeEvent]:
        return self.take("response.output_audio_transcript.delta", response_id=id, delta=text)

    def sound(self, id: str) -> list[RealtimeEvent]:
        return self.take("response.output_audio.delta", response_id=id, item_id="i", delta="//8=")

    def done(self, id: str) -> list[RealtimeEvent]:
        return self.take("response.done", response={"id": id, "status": "completed"})

    def asked_while_an_answer_is_due(self) -> None:
        self.take("input_audio_buffer.speech_started")
        self.take("input_audio_buffer.speech_stopped")
        self.conversation.ask(GIVEN)


def test_given_words_that_nothing_else_competes_with_begin_at_once() -> None:
    talk = Talk()
    talk.conversation.ask(GIVEN)
    assert talk.created("r1") == [ReplyStarted("r1", forced=True)]


def test_an_answer_to_the_party_is_not_taken_for_the_given_words() -> None:
    talk = Talk()
    talk.asked_while_an_answer_is_due()
    assert talk.created("r1") == []
    assert talk.words("r1", "It is") == []
    assert talk.sound("r1") == []
    first, *rest = talk.words("r1", " noon.")
    assert first == ReplyStarted("r1", forced=False)
    assert [type(event) for event in rest] == [ReplyWords, ReplySound, ReplyWords]
    assert ReplyDone("r1", "completed") in talk.done("r1")
    assert talk.created("r2") == [ReplyStarted("r2", forced=True)]


def test_given_words_may_come_before_the_answer() -> None:
    talk = Talk()
    talk.asked_while_an_answer_is_due()
    assert talk.created("r1") == []
    assert talk.words("r1", "please  hold")[0] == ReplyStarted("r1", forced=True)
    talk.done("r1")
    assert talk.created("r2") == [ReplyStarted("r2", forced=False)]


def test_a_reply_without_words_is_not_the_given_one() -> None:
    talk = Talk()
    talk.asked_while_an_answer_is_due()
    talk.created("r1")
    assert [type(event) for event in talk.done("r1")] == [ReplyStarted, ReplyDone]
    assert talk.created("r2") == [ReplyStarted("r2", forced=True)]


def test_who_speaks_meanwhile_ends_what_is_undecided() -> None:
    talk = Talk()
    talk.asked_while_an_answer_is_due()
    talk.created("r1")
    talk.words("r1", "It")
    told = talk.take("input_audio_buffer.speech_started")
    assert told == [ReplyStarted("r1", forced=False), ReplyWords("r1", "It"), PartyStarted()]
    assert talk.sent[-1] == {"type": "response.cancel"}
