"""A recogniser on a websocket, whichever vendor's: sound out in even messages, words in, watched, ended promptly."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Protocol

import aiohttp
from pydantic import SecretStr

from trunkline.audio.frame import SAMPLE_BYTES, silence
from trunkline.audio.resample import Resampler
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.ports.models import Heard
from trunkline.providers.stt.sockets import next_message, shut, unreadable
from trunkline.providers.stt.utterances import Told, Unanswered, Utterances
from trunkline.providers.vendor import Vendor

MOST_WAITING = 1_000
"""So many messages may wait for a socket that does not take them: more than the longest speech that is heard again makes at
once, and about a minute as it is spoken."""
CHUNK_SECONDS = 0.06
BEFORE_SPEECH_SECONDS = 0.4
"""What a vendor that hears only speech is given from before it was noticed."""
_LOOK_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 0.1

Message = str | bytes


class Dialect(Protocol):
    """How one vendor's recogniser is spoken to in one call."""

    rate_hz: int
    """The rate of the sound that it is given."""
    speech_only: bool
    """It is given only what lies between the beginning and the end of speech."""
    keep_alive_seconds: float
    """So long it may go without sound."""

    def sound(self, pcm: bytes) -> Message:
        """A message with the next sound."""

    def finalise(self, until: float) -> Iterable[Message]:
        """The messages that ask for all words of the utterance that ends here."""

    def padding_seconds(self, seconds: float) -> float:
        """How much silence must follow an utterance, of which ``seconds`` of sound were sent, before ``finalise``."""

    def keep_alive(self) -> Message | None:
        """What is sent in place of sound, so that the vendor does not hang up; None where that must be silence."""

    def farewell(self) -> Iterable[Message]:
        """What is sent before the socket is closed."""

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        """What a message of the vendor tells. Raises Upstream where it tells of a failure; LookupError, TypeError,
        ValueError or AttributeError where it cannot be read."""


class SocketStream:
    """ports.models.SttStream and CountsSeconds over an open websocket. ``push`` only collects; one task
    writes and one reads."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, vendor: Vendor, key: SecretStr, dialect: Dialect, rate_hz: int
    ) -> None:
        self._socket = socket
        self._vendor = vendor
        self._key = key
        self._dialect = dialect
        self._utterances = Utterances()
        self._resampler = Resampler(rate_hz, dialect.rate_hz)
        self._pcm = bytearray()
        self._outbox: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._speaking = False
        self._results: asyncio.Queue[Heard | Upstream | None] = asyncio.Queue()
        self._due: asyncio.TimerHandle | None = None
        self._sent_at = self._now()
        self._fresh_seconds = 0.0
        self._over = False
        self._crew = Crew(vendor.name, on_failure=self._broke)
        self._crew.start(self._read(), "reader")
        self._crew.start(self._write(), "writer")
        self._crew.start(self._keep(), "keeper")

    # --- what the call says

    def push(self, pcm: bytes) -> None:
        if self._over:
            return
        self._pcm += self._resampler.push(pcm)
        if self._dialect.speech_only and not self._speaking:
            del self._pcm[: -self._bytes(BEFORE_SPEECH_SECONDS)]
        elif len(self._pcm) >= self._bytes(CHUNK_SECONDS):
            self._post()

    def speech_started(self) -> None:
        if not self._over:
            self._speaking = True
            self._utterances.started()

    def speech_ended(self) -> None:
        if self._over or not self._speaking:
            return
        self._post()
        self._speaking = False
        if not self._utterances.ended(self._now()):
            return
        if padding := self._dialect.padding_seconds(self._fresh_seconds):
            self._pcm += silence(padding, self._dialect.rate_hz)
            self._post()
        self._fresh_seconds = 0.0
        self._outbox.extend(self._dialect.finalise(self._utterances.position))
        self._wake.set()
        self._arm()

    async def results(self) -> AsyncIterator[Heard]:
        while (heard := await self._results.get()) is not None:
            if isinstance(heard, Upstream):
                raise heard
            yield heard

    def settle(self) -> float:
        """As ports.models.CountsSeconds."""
        return self._utterances.settle()

    async def aclose(self) -> None:
        over, self._over = self._over, True
        self._disarm()
        try:
            await self._crew.aclose()
            if not over:
                await self._part()
        finally:
            self._results.put_nowait(None)
            await shut(self._socket)

    async def _part(self) -> None:
        """Tells the vendor that nothing more comes, unless its socket does not take it at once."""
        try:
            async with asyncio.timeout(0.5):
                for message in self._dialect.farewell():
                    await self._send(message)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return

    # --- the writer

    def _post(self) -> None:
        """What was collected goes out, in messages of at most a few chunks."""
        largest = self._bytes(5 * CHUNK_SECONDS)
        for at in range(0, len(self._pcm), largest):
            piece = bytes(self._pcm[at : at + largest])
            seconds = len(piece) / (SAMPLE_BYTES * self._dialect.rate_hz)
            self._utterances.position += seconds
            self._fresh_seconds += seconds
            self._outbox.append(self._dialect.sound(piece))
        self._pcm.clear()
        self._wake.set()
        if len(self._outbox) > MOST_WAITING:
            name = self._vendor.name
            self._fail(self._vendor.failure(f"{name} takes the sound more slowly than it is spoken", retryable=True))

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox:
                try:
                    await self._send(self._outbox.popleft())
                except (aiohttp.ClientError, OSError):
                    return

    async def _send(self, message: Message) -> None:
        self._sent_at = self._now()
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._now() - self._sent_at >= self._dialect.keep_alive_seconds:
                self._stay()

    def _stay(self) -> None:
        if (message := self._dialect.keep_alive()) is None:
            self._pcm += silence(_KEEP_ALIVE_SECONDS, self._dialect.rate_hz)
            self._post()
        else:
            self._outbox.append(message)
            self._wake.set()

    # --- the reader

    async def _read(self) -> None:
        try:
            while True:
                self._heed(await next_message(self._socket, self._vendor, self._key))
        except Upstream as error:
            self._fail(error)

    def _heed(self, message: dict[str, Any]) -> None:
        now = self._now()
        try:
            for told in self._dialect.read(message):
                for heard in self._utterances.take(told, now):
                    self._results.put_nowait(heard)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise unreadable(self._vendor) from None
        self._arm()

    def _arm(self) -> None:
        """Sees that an utterance that stays unanswered is noticed."""
        due = self._utterances.due
        if self._due is not None and (due is None or due != self._due.when()):
            self._disarm()
        if due is not None and self._due is None and not self._over:
            self._due = asyncio.get_running_loop().call_at(due, self._expire)

    def _disarm(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _expire(self) -> None:
        self._due = None
        try:
            for heard in self._utterances.expire(self._now()):
                self._results.put_nowait(heard)
        except Unanswered:
            self._fail(self._vendor.failure(f"{self._vendor.name} gave no words", retryable=True))
        self._arm()

    def _fail(self, error: Upstream) -> None:
        if not self._over:
            self._over = True
            self._outbox.clear()
            self._disarm()
            self._results.put_nowait(error)

    def _broke(self, error: BaseException) -> None:
        self._fail(self._vendor.failure("the recogniser's stream broke", retryable=True, vendor_message=repr(error)))

    def _bytes(self, seconds: float) -> int:
        return round(seconds * self._dialect.rate_hz) * SAMPLE_BYTES

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
