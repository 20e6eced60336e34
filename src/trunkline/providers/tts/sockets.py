"""Voices that speak over a websocket, opened ahead, used for text after text, and replaced when it ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Protocol
from urllib.parse import urlencode

from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.providers.tts.channel import Channel
from trunkline.providers.tts.sound import Decoder
from trunkline.providers.tts.wording import sayable
from trunkline.providers.vendor import Vendor

_STOP_SECONDS = 2.0
_SHORTEST_LIFE_SECONDS = 5.0
"""A connection that ended sooner is not replaced until one is wanted."""


class Utterance(Protocol):
    """One text in a vendor's protocol: what to send, and what the answers mean. Does no input or output."""

    def ask(self) -> Sequence[str]:
        """The messages that have it spoken."""

    def heard(self, message: str | bytes) -> bytes | None:
        """The sound in a message (maybe none); None at the end. Raises Upstream."""

    def stop(self) -> Sequence[str] | None:
        """The messages that stop it; None where only the end of the connection does."""

    def stopped(self, message: str | bytes) -> bool:
        """Whether this message is the last that belongs to it, after it was stopped."""

    def billed(self) -> int | None:
        """How many characters the vendor counted; None where it does not tell."""


class KeptSocket:
    """The connection of one session: at most one spare, open ahead."""

    def __init__(self, vendor: Vendor, key: SecretStr, url: str, headers: Mapping[str, str]) -> None:
        self._vendor = vendor
        self._key = key
        self._url = url
        self._headers = headers
        self._crew = Crew("tts")
        self._all: set[Channel] = set()
        self._spare: Channel | None = None
        self._spare_since = 0.0
        self._warming: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Opens it ahead. Raises Upstream."""
        self.give(await self._connect())

    async def take(self) -> tuple[Channel, bool]:
        """A connection, and whether it is a new one. Raises Upstream."""
        if self._spare is None and self._warming is not None:
            await asyncio.wait([self._warming])
        spare, self._spare = self._spare, None
        if spare is not None and spare.open:
            return spare, False
        return await self._connect(), True

    def give(self, channel: Channel) -> None:
        """Puts one back for the next text."""
        if self._closed or not channel.open or self._spare is not None:
            self._crew.start(channel.aclose(), "close")
            return
        self._spare, self._spare_since = channel, asyncio.get_running_loop().time()

    def drop(self, channel: Channel) -> None:
        """Closes one, and opens another in its place, behind the scenes."""
        if not self._closed:
            self._crew.start(channel.aclose(), "close")
            self._warm()

    def stop(self, channel: Channel, utterance: Utterance) -> None:
        """Stops a text, and puts its connection back when the vendor is done with it, behind the scenes."""
        messages = utterance.stop()
        if messages is None or self._closed:
            self.drop(channel)
        else:
            self._crew.start(self._stopping(channel, utterance, messages), "stop")

    async def aclose(self) -> None:
        """Closes all."""
        self._closed, self._spare = True, None
        await self._crew.aclose()
        await asyncio.gather(*(channel.aclose() for channel in list(self._all)))

    async def _stopping(self, channel: Channel, utterance: Utterance, messages: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await channel.send(*messages)
                while not utterance.stopped(await channel.message()):
                    pass
        except (Upstream, TimeoutError, ValueError, AttributeError):
            self.drop(channel)
            return
        self.give(channel)

    async def _connect(self) -> Channel:
        socket = await self._vendor.connect(self._url, self._headers, self._key)
        channel = Channel(self._vendor, self._key, socket, self._ended)
        self._all.add(channel)
        return channel

    def _ended(self, channel: Channel) -> None:
        self._all.discard(channel)
        if channel is not self._spare:
            return
        self._spare = None
        if asyncio.get_running_loop().time() - self._spare_since >= _SHORTEST_LIFE_SECONDS:
            self._warm()

    def _warm(self) -> None:
        if not self._closed and self._spare is None and self._warming is None:
            self._warming = self._crew.start(self._replace(), "open")

    async def _replace(self) -> None:
        try:
            with suppress(Upstream):
                self.give(await self._connect())
        finally:
            self._warming = None


class SocketSession:
    """ports.models.TtsSession and CountsCharacters over a KeptSocket. ``new`` makes a text's Utterance, ``decoder`` what
    its sound goes through."""

    def __init__(self, kept: KeptSocket, new: Callable[[str], Utterance], decoder: Callable[[], Decoder]) -> None:
        self._kept = kept
        self._new = new
        self._decoder = decoder
        self._billed = 0

    @property
    def billed_characters(self) -> int:
        return self._billed

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        if not sayable(text):
            return
        decoder = self._decoder()
        async with aclosing(self._spoken(text)) as spoken:
            async for data in spoken:
                if pcm := decoder.push(data):
                    yield pcm
        if pcm := decoder.flush():
            yield pcm

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._kept.aclose()

    async def _spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        """The sound as the vendor gives it. A connection that turns out to have ended while nobody spoke is replaced."""
        for again in (False, True):
            channel, new = await self._kept.take()
            began = False
            try:
                async with aclosing(self._said(channel, text)) as sound:
                    async for data in sound:
                        began = True
                        yield data
                return
            except Upstream as error:
                if again or new or began or not (error.retryable and channel.broken_by(error)):
                    raise

    async def _said(self, channel: Channel, text: str) -> AsyncGenerator[bytes, None]:
        utterance = self._new(text)
        began = done = failed = False
        try:
            await channel.send(*utterance.ask())
            while (data := utterance.heard(await channel.message())) is not None:
                if data:
                    began = True
                    yield data
            done = True
        except Upstream:
            failed = True
            raise
        finally:
            counted = utterance.billed()
            self._billed += (len(text) if began else 0) if counted is None else counted
            if done:
                self._kept.give(channel)
            elif failed:
                self._kept.drop(channel)
            else:
                self._kept.stop(channel, utterance)


async def spoken_over(
    vendor: Vendor,
    key: SecretStr,
    new: Callable[[Vendor, SecretStr, str], Utterance],
    sample_rate_hz: int,
    *,
    path: str,
    query: Mapping[str, str],
    scheme: str,
) -> SocketSession:
    """A session over a socket that is open, and gives PCM at the line's rate; the key is sent with ``scheme``. Raises
    Upstream."""
    headers = {"Authorization": f"{scheme} {key.get_secret_value()}"}
    kept = KeptSocket(vendor, key, f"{vendor.socket_url}{path}?{urlencode(query)}", headers)
    await kept.open()
    return SocketSession(
        kept, lambda text: new(vendor, key, text), lambda: Decoder("pcm", sample_rate_hz, sample_rate_hz)
    )


def paced(speed: float, slowest: float, fastest: float) -> dict[str, str]:
    """The parameter of a voice that is to speak at another speed than its own."""
    return {} if speed == 1 else {"speed": str(min(max(speed, slowest), fastest))}
