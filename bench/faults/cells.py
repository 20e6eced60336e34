"""The cells of the matrix: which vendor fails how, when, for how long, and who stands by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from trunkline.ports.models import Stage
from trunkline.providers import makers, offers
from trunkline.testing.emulators.house import Fault, Moment

Tried = Stage | Literal["realtime"]
"""What fails: a stage, or one model that does what all stages do."""

_FAULTS: Sequence[tuple[Fault, Moment]] = (
    (Fault.UNAUTHORISED, Moment.CONNECT),
    (Fault.RATE_LIMITED, Moment.CONNECT),
    (Fault.OVERLOADED, Moment.CONNECT),
    (Fault.DROP, Moment.CONNECT),
    (Fault.SILENCE, Moment.CONNECT),
    (Fault.ERROR, Moment.FIRST),
    (Fault.DROP, Moment.FIRST),
    (Fault.SILENCE, Moment.FIRST),
    (Fault.HALF_OPEN, Moment.FIRST),
    (Fault.GARBAGE, Moment.FIRST),
    (Fault.SLOW, Moment.FIRST),
    (Fault.ODD_CHUNKS, Moment.FIRST),
    (Fault.ERROR, Moment.MIDDLE),
    (Fault.DROP, Moment.MIDDLE),
    (Fault.SILENCE, Moment.MIDDLE),
    (Fault.HALF_OPEN, Moment.MIDDLE),
)
_SPOKEN_FAULTS: Sequence[tuple[Fault, Moment]] = (
    *_FAULTS,
    (Fault.ERROR, Moment.CONNECT),
    (Fault.HALF_OPEN, Moment.CONNECT),
    (Fault.GARBAGE, Moment.CONNECT),
    (Fault.UNAUTHORISED, Moment.FIRST),
    (Fault.RATE_LIMITED, Moment.FIRST),
    (Fault.OVERLOADED, Moment.FIRST),
    (Fault.RATE_LIMITED, Moment.MIDDLE),
    (Fault.OVERLOADED, Moment.MIDDLE),
    (Fault.GARBAGE, Moment.MIDDLE),
    (Fault.SLOW, Moment.MIDDLE),
    (Fault.ODD_CHUNKS, Moment.MIDDLE),
)
FAULTS: Mapping[Tried, Sequence[tuple[Fault, Moment]]] = {
    "stt": _FAULTS,
    "llm": _FAULTS,
    "tts": _FAULTS,
    "realtime": sorted(_SPOKEN_FAULTS, key=lambda one: list(Moment).index(one[1])),
}
"""What goes wrong when, in the order of the tables."""
HARMLESS = frozenset({Fault.SLOW, Fault.ODD_CHUNKS})
STANDS_BY: Mapping[Tried, tuple[str, str]] = {
    "stt": ("deepgram", "elevenlabs"),
    "llm": ("openai", "anthropic"),
    "tts": ("deepgram", "elevenlabs"),
    "realtime": ("openai_realtime", "xai_realtime"),
}
"""Who is the fallback; the second one where the first is the one that fails."""


class Course(StrEnum):
    """How long it fails, and who is there then."""

    ONCE = "once"
    """One time, without a fallback."""
    ALONE = "alone"
    """From the beginning to the end of the call, without a fallback."""
    FALLBACK = "fallback"
    """From the beginning to the end of the call, with another vendor as fallback."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One call."""

    stage: Tried
    provider: str
    fault: Fault
    moment: Moment
    course: Course

    @property
    def vendor(self) -> str:
        """Whose emulator misbehaves, as errors name it."""
        return offers.vendor_of(self.provider)

    @property
    def booked_as(self) -> Stage:
        """The stage under which the usage of a call counts it."""
        return "llm" if self.stage == "realtime" else self.stage

    @property
    def fallback(self) -> str | None:
        """Who stands by."""
        if self.course is not Course.FALLBACK:
            return None
        first, second = STANDS_BY[self.stage]
        return second if first == self.provider else first

    def __str__(self) -> str:
        return f"{self.stage} {self.provider} {self.fault} {self.moment} {self.course}"


def cell_of(text: str) -> Cell:
    """The cell whose name this is."""
    stage, provider, fault, moment, course = text.split()
    known: dict[str, Tried] = {one: one for one in STANDS_BY}
    return Cell(known[stage], provider, Fault(fault), Moment(moment), Course(course))


def providers() -> dict[Tried, list[str]]:
    """Whom the platform knows over the network, by stage."""
    return {
        "stt": sorted(makers.STT),
        "llm": sorted(makers.LLM),
        "tts": sorted(makers.TTS),
        "realtime": sorted(makers.REALTIME),
    }


def cells(only: Sequence[str] = (), courses: Sequence[Course] = tuple(Course)) -> Iterator[Cell]:
    """All cells; ``only`` are words that each must have among its stage, provider, fault and moment."""
    for stage, names in providers().items():
        for name in names:
            for fault, moment in FAULTS[stage]:
                if all(word in (stage, name, fault.value, moment.value) for word in only):
                    yield from (Cell(stage, name, fault, moment, course) for course in courses)
