"""What the party says to an emulated realtime model, from its first sound to its words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.testing.emulators.realtime_items import Item

_PATIENCE_SECONDS = 3.0


@dataclass(slots=True)
class Utterance:
    """One turn of the party. ``committed`` is its item, once it is over."""

    item: str
    start_seconds: float
    committed: Item | None = None
    _text: str = ""
    _known: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def known(self) -> bool:
        """Whether its words are known, or there are none."""
        return self._known.is_set()

    def understood(self, text: str) -> None:
        """Its words are known."""
        self._text = text
        self._known.set()
        if self.committed is not None:
            self.committed.text = text

    async def words(self) -> str:
        """Its words; empty where none are found in it."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._known.wait()
        except TimeoutError:
            self._known.set()
        if self.committed is not None:
            self.committed.text = self._text
        return self._text


def not_understood(utterances: Sequence[Utterance]) -> Utterance | None:
    """The newest turn that is over and whose words are not known yet."""
    return next((one for one in reversed(utterances) if one.committed is not None and not one.known), None)
