"""Where the facts of a call go."""

from typing import Protocol

from trunkline.domain.events import Fact


class Journal(Protocol):
    """Keeps facts: state, transcript, usage and outbox row in one transaction, then tells the live subscribers."""

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps one fact of a call. Facts of one call are given one after the other, in order. A second ``CallEnded``
        and anything after the first is ignored. Raises when the database is away: the caller keeps it and tries again."""
