"""The control commands that are under way: each is answered exactly once, at the latest when the call ends."""

from trunkline.domain.commands import COMMAND_NAMES, Command
from trunkline.engine.talk.desk import Desk


class Orders:
    """Remembers who waits for an answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[str, str] = {}

    def take(self, command_id: str, command: Command) -> bool:
        """Opens a command; False for one that is open already."""
        if command_id in self._open:
            return False
        self._open[command_id] = COMMAND_NAMES[type(command)]
        return True

    def done(self, command_id: str | None, detail: str | None = None) -> None:
        """It was carried out."""
        name = self._open.pop(command_id, None) if command_id is not None else None
        if command_id is not None and name is not None:
            self._desk.command(command_id, name, detail=detail)

    def failed(self, command_id: str | None, why: str) -> None:
        """It could not be carried out."""
        name = self._open.pop(command_id, None) if command_id is not None else None
        if command_id is not None and name is not None:
            self._desk.command(command_id, name, failure=why)

    def all_failed(self, why: str) -> None:
        """The call is over: what is still open cannot be carried out any more."""
        for command_id in tuple(self._open):
            self.failed(command_id, why)

    def ended(self) -> None:
        """The call is being ended: whoever ordered that has what they wanted."""
        for command_id, name in tuple(self._open.items()):
            if name == "end-call":
                self.done(command_id)
