"""What the other parts of a conversation ask of floor and mind, whoever hears and thinks: we, or a realtime model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from trunkline.domain.transcript import Role
from trunkline.engine.events import WordsFinal
from trunkline.engine.history import Entry, History
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.ear import Said
from trunkline.engine.talk.mind import Reply
from trunkline.engine.talk.mouth import Mouth
from trunkline.ports.models import ToolCall


class AnyMind(Protocol):
    """At most one reply at a time. ``owed``: there is something to answer. ``waiting``: tools are at work."""

    owed: bool
    waiting: bool

    @property
    def busy(self) -> bool:
        """Whether a reply is being made, or is not concluded."""

    def cancel(self) -> None:
        """Gives the live reply up; what was said of it stays."""

    def text(self, number: int, text: str) -> None:
        """Words of a reply."""

    def tools(self, number: int, calls: Sequence[ToolCall]) -> None:
        """Tools that a reply wants."""

    def finished(self, number: int, *, cut: bool = False, failed: bool = False) -> None:
        """A reply is complete, was given up, or failed."""

    def failed(self, number: int) -> bool:
        """A reply failed; says whether anybody waits for it."""

    def answered(self, entry: Entry) -> None:
        """The tools of a turn have their results."""

    def conclude(self) -> Reply | None:
        """The next reply whose tools are to be run."""


class AnyFloor(Protocol):
    """Whose turn it is to speak."""

    muted: bool

    @property
    def history(self) -> History:
        """What was said so far."""

    @property
    def mouth(self) -> Mouth:
        """What the assistant says."""

    @property
    def mind(self) -> AnyMind:
        """What it thinks."""

    @property
    def engaged(self) -> bool:
        """Whether the party speaks, or may go on."""

    @property
    def alarms(self) -> Mapping[Timer, Callable[[], None]]:
        """What is done when a timer of the floor's runs out."""

    def speech_started(self, at: float) -> None:
        """The party makes a sound."""

    def speech_ended(self, at: float) -> None:
        """The party pauses."""

    def partial(self, text: str) -> None:
        """Words so far."""

    def final(self, heard: WordsFinal) -> None:
        """Words for good."""

    def judged(self, probability: float) -> None:
        """The end-of-turn model spoke."""

    def deafen(self) -> None:
        """The party is not listened to from now on."""

    def break_off(self) -> None:
        """The assistant stops for good; what it had to say is open again."""

    def turn_over(self, said: Said) -> None:
        """A turn of the party's is over."""

    def tell(self, text: str, *, answer: bool) -> None:
        """Something that the model must know."""

    def settle(self) -> None:
        """Goes on with whatever there is room for now."""

    def leave(self) -> None:
        """The line is gone."""


def happened(floor: AnyFloor, desk: Desk, text: str) -> None:
    """Something that the model must know and answer, and that interrupts as words do (keys pressed)."""
    if desk.stage is Stage.TALKING:
        floor.break_off()
    floor.turn_over(Said(text, desk.now, desk.now, desk.now, role=Role.SYSTEM))
