"""``python -m bench.conversation.offline``: wrong cut-ins against delay for the rules of turn taking, without calls.

The labelled set's turns go through the real voice activity, recogniser and end-of-turn model in virtual time; what these
found is kept, so that a second run with other rules takes seconds. The line is perfect and the machine idle.
"""

import argparse
import heapq
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bench.conversation.cases import case
from bench.conversation.ears import Ears, Heard, HeardEvent
from bench.conversation.replies import SHORT
from bench.conversation.script import Case, Kind
from bench.rtp_peer import percentile
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan
from trunkline.engine.effects import CancelTimer, JudgeTurn, SetTimer
from trunkline.engine.events import SpeechEnded, SpeechStarted, TurnJudged, WordsFinal, WordsPartial
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.ear import Ear, Said

TURNS = ("plain", "short_pauses", "long_pauses", "slow", "digits", "barge_in_middle", "talk_over", "noises")
VERDICT_SECONDS = 0.06
"""What the end-of-turn model takes for its verdict."""
REPLY_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Over:
    """A turn that the rules called over, ``at`` seconds before (negative) or after the real end of it."""

    text: str
    at: float
    wait: float


@dataclass(slots=True)
class Row:
    """What became of a turn."""

    category: str
    words: str
    overs: list[Over] = field(default_factory=list)
    verdicts: list[float] = field(default_factory=list)

    @property
    def cut(self) -> bool:
        """Whether we would have spoken before its end."""
        return any(one.at < 0 for one in self.overs)

    @property
    def delay(self) -> float | None:
        """From its end until it was called over, in seconds."""
        return self.overs[-1].at if self.overs and self.overs[-1].at >= 0 else None


class Listening:
    """One call's ear, fed with what was heard of each turn."""

    def __init__(self, ears: Ears, settings: dict[str, object]) -> None:
        self._ears = ears
        self._now = 0.0
        self._desk = Desk(_plan(settings), 0.0, datetime(2026, 1, 1, tzinfo=UTC))
        self._desk.stage = Stage.TALKING
        self._ear = Ear(self._desk, self._desk.plan.assistant.speech_config.turn_taking, self._over)
        self._queue: list[tuple[float, int, HeardEvent | TurnJudged]] = []
        self._order = count()
        self._timers: dict[str, float] = {}
        self._said: list[Said] = []
        self._fired: dict[str, Callable[[], None]] = {
            Timer.TURN: self._ear.waited,
            Timer.WORDS: self._ear.words_are_late,
            Timer.NOISE: self._ear.noise,
            Timer.JUDGE: self._ear.judge_again,
        }

    def turn(self, heard: Heard, row: Row, *, question: str, barging: bool) -> None:
        """Listens to one turn, and to the silence after it."""
        base = self._now + REPLY_SECONDS
        self._ear.answers(question)
        self._row, self._heard, self._base = row, heard, base
        for at, event in heard.events:
            moved = type(event)(base + event.at) if isinstance(event, (SpeechStarted, SpeechEnded)) else event
            heapq.heappush(self._queue, (base + at, next(self._order), moved))
        while self._queue or self._timers:
            name = min(self._timers, key=lambda one: self._timers[one], default=None)
            if name is not None and (not self._queue or self._timers[name] <= self._queue[0][0]):
                self._ring(name)
            else:
                self._next(barging=barging)
            self._perform()

    def _ring(self, name: str) -> None:
        self._desk.now = self._now = max(self._now, self._timers.pop(name))
        if self._desk.fired(name):
            self._fired[name]()

    def _next(self, *, barging: bool) -> None:
        at, _, event = heapq.heappop(self._queue)
        self._desk.now = self._now = max(self._now, at)
        self._hear(event)
        if barging and isinstance(event, SpeechStarted):
            self._ear.barged_in()
        self._ear.review()

    def _hear(self, event: HeardEvent | TurnJudged) -> None:
        match event:
            case SpeechStarted():
                self._ear.speech_started(event.at)
            case SpeechEnded():
                self._ear.speech_ended(event.at)
            case WordsPartial():
                self._ear.partial(event.text)
            case WordsFinal():
                self._ear.final(event)
            case TurnJudged():
                self._ear.judged(event.probability)

    def _perform(self) -> None:
        for effect in self._desk.take():
            match effect:
                case SetTimer():
                    self._timers[effect.name] = effect.at
                case CancelTimer():
                    self._timers.pop(effect.name, None)
                case JudgeTurn():
                    verdict = self._ears.finished(self._heard, self._now - self._base, effect.seconds)
                    self._row.verdicts.append(verdict)
                    at = self._now + VERDICT_SECONDS
                    started = any(isinstance(event, SpeechStarted) and told <= at for told, _, event in self._queue)
                    if not started:
                        heapq.heappush(self._queue, (at, next(self._order), TurnJudged(verdict)))

    def _over(self, said: Said) -> None:
        self._row.overs.append(Over(said.text, self._now - self._base - self._heard.ends_at, said.wait))


def _plan(settings: dict[str, object]) -> CallPlan:
    assistant = {
        "llm_config": {"provider": "local", "messages": [{"content": "Be kind."}]},
        "speech_config": {"turn_taking": settings},
    }
    return CallPlan(
        call_id="offline",
        org_id="bench",
        direction=Direction.OUTBOUND,
        destination="+31201234567",
        caller_id="+31207654321",
        number_id=None,
        number_name=None,
        trunk=None,
        assistant=TransientAssistant.model_validate(assistant),
    )


def play(one: Case, ears: Ears, settings: dict[str, object], question: str = "") -> list[Row]:
    """All turns of a call."""
    listening, rows = Listening(ears, settings), []
    for place, clip in enumerate(clip for clip in one.clips if clip.kind.real):
        row = Row(one.category, clip.words)
        asked = question or SHORT[place % len(SHORT)]
        listening.turn(ears.hear(clip), row, question=asked, barging=clip.kind is Kind.BARGE_IN)
        rows.append(row)
    return rows


def figures(category: str, rows: list[Row]) -> dict[str, object]:
    """What is printed of a category; times in milliseconds."""
    delays = [row.delay * 1000 for row in rows if row.delay is not None]
    return {
        "category": category,
        "turns": len(rows),
        "wrong_cut_ins": sum(row.cut for row in rows),
        "unanswered": sum(not row.overs for row in rows),
        "delay_ms_p50": _whole(percentile(delays, 50)),
        "delay_ms_p95": _whole(percentile(delays, 95)),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _tell(row: Row) -> None:
    verdicts = " ".join(f"{one:.2f}" for one in row.verdicts)
    print(f"{'CUT' if row.cut else '   '} {row.category} {row.words!r} [{verdicts}]")
    for one in row.overs:
        print(f"      {one.at:+.2f} s wait {one.wait:.2f} {one.text!r}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench.conversation.offline", description="Turn taking without calls.")
    parser.add_argument("--only", nargs="+", choices=TURNS, default=TURNS, help="categories")
    parser.add_argument("--rounds", type=int, default=3, help="how often, each time with other voices and pauses")
    parser.add_argument("--seed", type=int, default=1, help="the first round's seed")
    parser.add_argument("--min-delay", type=float, help="endpointing_min_delay in seconds")
    parser.add_argument("--max-delay", type=float, help="endpointing_max_delay in seconds")
    parser.add_argument("--question", default="", help="what every turn answers, instead of the bench's replies")
    parser.add_argument("--verbose", action="store_true", help="tell each turn, with the model's verdict on each pause")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "trunkline-offline",
        help="where it is kept what the ears heard",
    )
    options = parser.parse_args()
    given = {"endpointing_min_delay": options.min_delay, "endpointing_max_delay": options.max_delay}
    settings: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    ears, everything = Ears(options.folder), []
    for category in options.only:
        rows: list[Row] = []
        for seed in range(options.seed, options.seed + options.rounds):
            rows += play(case(category, "clean", seed), ears, settings, options.question)
        for row in rows if options.verbose else ():
            _tell(row)
        print(json.dumps(figures(category, rows)), flush=True)
        everything += rows
    print(json.dumps(figures("all", everything)))


if __name__ == "__main__":
    main()
