"""The hand-over of the party to somebody else: announced, then by REFER, and back again when it is refused."""

from trunkline.domain.call import CallStatus
from trunkline.domain.events import StatusChanged
from trunkline.engine.effects import HandOver, Listen
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.keys import Origin
from trunkline.engine.talk.mind import Mind
from trunkline.engine.talk.mouth import Mouth


class Transfer:
    """One hand-over at a time; the party cannot stop it by talking."""

    def __init__(self, desk: Desk, mind: Mind, mouth: Mouth) -> None:
        self._desk = desk
        self._mind = mind
        self._mouth = mouth
        self._destination = ""
        self._origin = Origin()

    def begin(self, destination: str, message: str | None, origin: Origin) -> str | None:
        """Announces it; gives the reason when it cannot be."""
        if self._desk.stage is not Stage.TALKING:
            return "the call is ending, or is being handed over already"
        self._destination, self._origin = destination, origin
        self._desk.stage = Stage.ANNOUNCING
        if self._mouth.yielding:
            self._mouth.cut()
        self._mind.cancel()
        self._mind.owed = False
        self._desk.forget(Timer.BARGE_IN, Timer.RESUME)
        if message:
            self._mouth.say(message, interruptible=False)
        return None

    def proceed(self) -> bool:
        """Hands over once everything was played; says whether it did."""
        if self._desk.stage is not Stage.ANNOUNCING or self._mouth.busy:
            return False
        self._desk.do(Listen(False))
        self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.TRANSFERRING))
        self._desk.do(HandOver(self._destination))
        self._desk.stage = Stage.TRANSFERRING
        return True

    @property
    def origin(self) -> Origin:
        """Who wanted it."""
        return self._origin

    def refused(self, *, muted: bool) -> None:
        """The party is still here: the talk goes on."""
        self._desk.stage = Stage.TALKING
        self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.IN_PROGRESS))
        if not muted:
            self._desk.do(Listen(True))
