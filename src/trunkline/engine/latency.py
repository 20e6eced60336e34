"""The latency of each turn, read off the events and effects that pass by."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.domain.events import TurnMeasured
from trunkline.engine.effects import Effect, Play, Speak, Think
from trunkline.engine.events import Event, ReplyText, SpeakingStarted
from trunkline.engine.talk.desk import Desk
from trunkline.engine.talk.ear import Said


@dataclass(slots=True)
class _Reply:
    number: int
    asked_at: float
    first_at: float | None = None
    seconds: float | None = None


class Meter:
    """Measures from the end of the party's turn to our first sample."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns = 0
        self._said: Said | None = None
        self._decided_at = 0.0
        self._reply: _Reply | None = None
        self._spoke_at: float | None = None

    def turn_over(self, said: Said) -> None:
        """A turn that is to be answered is over, decided now."""
        self._said, self._decided_at, self._spoke_at = said, self._desk.now, None

    def watch(self, event: Event | None, effects: Sequence[Effect]) -> None:
        """Takes the marks from one event and what it led to; notes the turn once it is heard."""
        if isinstance(event, ReplyText):
            self._first_words(event)
        for effect in effects:
            if isinstance(effect, Think):
                self._reply = _Reply(effect.reply, self._desk.now)
            elif isinstance(effect, Speak) and self._spoke_at is None:
                self._spoke_at = self._desk.now
        if isinstance(event, SpeakingStarted) and self._said is not None and self._spoke_at is not None:
            self._measured(event, self._said, self._spoke_at)

    def _first_words(self, event: ReplyText) -> None:
        reply = self._reply
        if reply is not None and reply.number == event.reply and reply.first_at is None:
            reply.first_at, reply.seconds = self._desk.now, event.first_token_seconds

    def _measured(self, event: SpeakingStarted, said: Said, spoke_at: float) -> None:
        self._turns += 1
        self._said = None
        heard = event.at - said.ended_at
        stt = max(0.0, said.final_at - said.ended_at)
        # The providers' share of what the party waited for, after the wait that was configured: what ran meanwhile
        # (a reply thought ahead, words prepared) cost nothing.
        waited = max(said.wait, stt)
        thinking = self._thinking(max(self._decided_at, said.ended_at + waited))
        speaking = event.first_audio_seconds or 0.0
        self._desk.note(
            TurnMeasured(
                at=self._desk.at(self._desk.now),
                turn=self._turns,
                end_of_turn=_ms(self._decided_at - said.ended_at),
                stt=_ms(stt),
                llm_first_token=_ms(self._first_token()),
                tts_first_audio=_ms(
                    event.at - spoke_at if event.first_audio_seconds is None else event.first_audio_seconds
                ),
                heard=_ms(heard),
                added=_ms(max(0.0, heard - waited - thinking - speaking)),
            )
        )

    def _first_token(self) -> float | None:
        reply = self._reply
        if reply is None or reply.first_at is None:
            return None
        return reply.first_at - reply.asked_at if reply.seconds is None else reply.seconds

    def _thinking(self, since: float) -> float:
        """The part of the model's time, up to its first clause, that fell after ``since``."""
        reply = self._reply
        if reply is None or reply.first_at is None:
            return 0.0
        return max(0.0, reply.first_at - max(since, reply.asked_at))


class DuplexMeter:
    """Measures where a realtime model hears, thinks and speaks: what it is made of, only its vendor knows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns = 0
        self._said: Said | None = None
        self._asked_at = 0.0

    def turn_over(self, said: Said) -> None:
        """A turn that is being answered is over; ``said.final_at`` is when the model took it for that."""
        self._said, self._asked_at = said, self._desk.now

    def watch(self, event: Event | None, effects: Sequence[Effect]) -> None:
        """Takes the marks from one event and what it led to; notes the turn once it is heard."""
        if any(isinstance(effect, Play) for effect in effects):
            self._asked_at = self._desk.now
        said = self._said
        if not isinstance(event, SpeakingStarted) or said is None:
            return
        self._turns += 1
        self._said = None
        sound_at = self._asked_at + (event.first_audio_seconds or 0.0)
        self._desk.note(
            TurnMeasured(
                at=self._desk.at(self._desk.now),
                turn=self._turns,
                end_of_turn=_ms(max(0.0, said.final_at - said.ended_at)),
                heard=_ms(event.at - said.ended_at),
                added=_ms(max(0.0, event.at - sound_at)),
            )
        )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
