"""The way to calls that are going on: orders in, events out, and the wake-up for calls that wait."""

from collections.abc import AsyncIterator
from typing import Protocol

from trunkline.domain.commands import Command
from trunkline.domain.events import LiveEvent, Usage


class Live(Protocol):
    """In process now; over a message server when there are several processes."""

    async def wake(self, call_id: str) -> bool:
        """Tells a worker with room that a queued call waits. False when no worker took it."""

    async def send(self, call_id: str, command_id: str, command: Command) -> bool:
        """Hands a command to the call's session. False when no live session has this call."""

    def used(self, call_id: str) -> Usage | None:
        """What a live call used so far, of which providers. None when no session here has this call."""

    def publish(self, event: LiveEvent) -> None:
        """Gives an event to whoever follows the call; never blocks."""

    def follow(self, call_id: str) -> AsyncIterator[LiveEvent]:
        """Events of a call from now on; subscribed when this returns, not at the first step; ends after ``final``."""

    def room(self) -> int:
        """How many more calls the workers could take now."""
