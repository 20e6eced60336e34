"""The mouth of a call with a realtime model: its replies are played as they come, fixed words are given to it or to us."""

from collections.abc import Sequence

from trunkline.domain.transcript import Message, Role
from trunkline.engine.effects import Play, Say, SpeakEnd, StopSpeaking
from trunkline.engine.talk.desk import Slot, Stage
from trunkline.engine.talk.mouth import Mouth, Utterance, Voice

_BY_US = (Stage.CALLING, Stage.CONSENT)


class DuplexMouth(Mouth):
    """Says one thing after the other. What the party stops is stopped for good: the model has given it up as well."""

    _slot: Slot | None = None

    @property
    def next_is_fixed(self) -> bool:
        """Whether fixed words are next: they wait until the model has made the reply that it is at."""
        return bool(self._queue) and self._queue[0].reply is None

    @property
    def waiting(self) -> Sequence[Utterance]:
        """What is to be said after what is being said."""
        return tuple(self._queue)

    def play(self, reply: int) -> Utterance:
        """Queues a reply of the model's, whose words are still to come."""
        return self._queued(Utterance(self._history.add("assistant", ""), complete=False, reply=reply))

    def cut(self) -> None:
        live = self.live
        if live is not None and live.voice in (Voice.SENT, Voice.AUDIBLE):
            live.voice = Voice.CUTTING
            self._desk.do(StopSpeaking(live.number))

    def stop(self) -> None:
        self.cut()

    def started(self, number: int, at: float) -> None:
        super().started(number, at)
        live = self.live
        if live is not None and live.number == number and live.started_at is not None and self._slot is None:
            self._slot = self._desk.reserve(live.started_at)

    def _queued(self, utterance: Utterance) -> Utterance:
        self._queue.append(utterance)
        return utterance

    def _begin(self, utterance: Utterance) -> None:
        if utterance.reply is None:
            by_us = self._desk.stage in _BY_US
            self._desk.do(Say(utterance.number, utterance.whole, firm=not utterance.interruptible, own=by_us))
        else:
            self._desk.do(Play(utterance.number, utterance.reply))
            if utterance.complete:
                self._desk.do(SpeakEnd(utterance.number))
        self._send(utterance)

    def _give(self, utterance: Utterance, piece: str) -> None:
        """The words of a reply come with its sound, fixed ones were given whole."""

    def _report(self, utterance: Utterance, at: float, *, cut: bool) -> None:
        slot, self._slot = self._slot, None
        if slot is None:
            super()._report(utterance, at, cut=cut)
            return
        heard = utterance.entry.content
        times = self._desk.at(slot.started_at), self._desk.at(at)
        self._desk.fill(slot, Message(Role.ASSISTANT, heard, *times, cut) if heard else None)
