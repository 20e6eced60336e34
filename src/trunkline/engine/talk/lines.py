"""The lines of a briefing: said one after the other on the second leg, with a place for a summary that may come late."""

from collections import deque
from dataclasses import dataclass

from trunkline.domain.transcript import Role
from trunkline.engine import events
from trunkline.engine.effects import Prepare, Speak, SpeakEnd, StopSpeaking, ToTarget
from trunkline.engine.talk.desk import Desk, Timer
from trunkline.engine.talk.summary import Summary

SUMMARY_SECONDS = 1.5


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    started_at: float | None = None
    stopping: bool = False


class Lines:
    """What is said to the human. What they heard of it goes into the transcript."""

    def __init__(self, desk: Desk, summary: Summary | None) -> None:
        self._desk = desk
        self._summary = summary
        self._waiting: deque[str | None] = deque()
        self._live: _Line | None = None
        self._numbers = 0

    @property
    def over(self) -> bool:
        """Whether everything was said."""
        return self._live is None and not self._waiting

    @property
    def at_the_last(self) -> bool:
        """Whether the last line is being said."""
        return self._live is not None and not self._waiting

    def prepare(self, *texts: str) -> None:
        """Has them synthesised ahead, and the talk summed up."""
        for text in texts:
            self._desk.do(ToTarget(Prepare(text)))
        if self._summary is not None:
            self._summary.ask()

    def say(self, *texts: str | None) -> None:
        """Says them; None stands for the summary."""
        self._waiting.extend(texts)
        self._go_on()

    def handle(self, event: events.Event) -> None:
        """Takes what is told of the voice."""
        live = self._live
        match event:
            case events.SpeakingStarted(number, at) if live is not None and live.number == number:
                live.started_at = at
            case events.SpeakingFinished(number, at) if live is not None and live.number == number:
                self._end(live, live.text, at, cut=False)
                self._go_on()
            case events.SpeakingStopped(number, heard, at=at) if live is not None and live.number == number:
                self._end(live, heard, at, cut=True)
            case events.SpeakingFailed(number, heard) if live is not None and live.number == number:
                self._end(live, heard, self._desk.now, cut=True)

    def waited(self) -> None:
        """The summary is late: goes on without."""
        if self._summary is not None:
            self._summary.drop()
        self.summed_up()

    def summed_up(self) -> None:
        """The summary is there, or will never be."""
        if self._live is None:
            self._go_on()

    def stop(self) -> None:
        """Falls silent; what was heard is still told."""
        self._waiting.clear()
        if self._summary is not None:
            self._summary.drop()
        if self._live is not None and not self._live.stopping:
            self._live.stopping = True
            self._desk.do(ToTarget(StopSpeaking(self._live.number)))

    def close(self) -> None:
        """The voice is gone: the line that was being said counts as begun."""
        if self._live is not None and self._live.started_at is not None:
            self._end(self._live, self._live.text, self._desk.now, cut=True)
        self._live = None

    def _go_on(self) -> None:
        while self._live is None and self._waiting:
            text = self._waiting[0]
            if text is None and self._summary is not None:
                if self._summary.pending:
                    self._desk.timer(Timer.SUMMARY, self._desk.now + SUMMARY_SECONDS)
                    return
                text = self._summary.take()
            self._desk.forget(Timer.SUMMARY)
            self._waiting.popleft()
            if text:
                self._speak(text)

    def _speak(self, text: str) -> None:
        self._numbers += 1
        self._live = _Line(self._numbers, text)
        self._desk.do(ToTarget(Speak(self._numbers, text)))
        self._desk.do(ToTarget(SpeakEnd(self._numbers)))

    def _end(self, line: _Line, heard: str, at: float, *, cut: bool) -> None:
        self._live = None
        if heard:
            started_at = at if line.started_at is None else line.started_at
            self._desk.message(Role.SYSTEM, f"Said to the agent: {heard}", started_at, at, interrupted=cut)
