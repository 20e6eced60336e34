"""Ears of the calls whose recogniser is not what is tried: they hear what the party says, however it is cut."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final, Heard


class ToldEars:
    """ports.models.Stt: is told what is ``said`` and gives it when speech ended; nothing where nothing new was said."""

    def __init__(self) -> None:
        self.said: deque[str] = deque()

    async def open(self, config: SttConfig, sample_rate_hz: int) -> "_Stream":
        return _Stream(self.said)


class _Stream:
    def __init__(self, said: deque[str]) -> None:
        self._said = said
        self._results: asyncio.Queue[Heard | None] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        """The sound is not listened to."""

    def speech_started(self) -> None:
        """Nothing is known yet."""

    def speech_ended(self) -> None:
        self._results.put_nowait(Final(self._said.popleft() if self._said else "", audio_seconds=1.0))

    async def results(self) -> AsyncIterator[Heard]:
        while (heard := await self._results.get()) is not None:
            yield heard

    async def aclose(self) -> None:
        self._results.put_nowait(None)
