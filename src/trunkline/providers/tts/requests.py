"""Voices that speak over HTTP: one request for each text or sentence, on connections that are kept warm."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.providers.tts.sound import Decoder
from trunkline.providers.tts.wording import sayable
from trunkline.providers.vendor import Vendor

REST_SECONDS = 40.0
"""A connection that was not used for so long is used again, so that it stays open."""
JSON = "application/json"
_WORDS = frozenset({"text/html", "text/plain", JSON})


class RequestSession:
    """ports.models.TtsSession and CountsCharacters; ``spoken`` gives the sound of a text as the vendor gives it."""

    def __init__(self, vendor: Vendor, key: SecretStr, decoder: Callable[[], Decoder]) -> None:
        self.vendor = vendor
        self.key = key
        self._decoder = decoder
        self._crew = Crew("tts")
        self._used_at = 0.0
        self._speaking = 0
        self._told = 0
        self._billed = 0

    @property
    def billed_characters(self) -> int:
        return self._billed

    async def open(self) -> None:
        """Opens a connection ahead. Raises Upstream where there is nobody."""
        await self._touch()
        self._crew.start(self._keep_warm(), "warm")

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        if not sayable(text):
            return
        decoder, began = self._decoder(), False
        self._speaking, self._told = self._speaking + 1, 0
        try:
            async with aclosing(self.spoken(text)) as spoken:
                async for data in spoken:
                    began = True
                    if pcm := decoder.push(data):
                        yield pcm
            if pcm := decoder.flush():
                yield pcm
        finally:
            self._speaking -= 1
            self._used_at = asyncio.get_running_loop().time()
            self._billed += self._told or (len(text) if began else 0)

    def spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        """The sound of ``text``, which has words, as it comes. Raises Upstream."""
        raise TypeError(f"{type(self).__name__} asks nobody for {len(text)} characters")

    def told(self, headers: Mapping[str, str]) -> None:
        """What the vendor says in an answer's headers: the characters that it bills, where it does."""
        cost = headers.get("character-cost", "")
        self._told += int(cost) if cost.isascii() and cost.isdigit() else 0

    async def aclose(self) -> None:
        """Ends what keeps connections warm; these are the vendor's, and stay for other calls."""
        await self._crew.aclose()

    async def _keep_warm(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._used_at + REST_SECONDS - loop.time()) or REST_SECONDS)
            if not self._speaking and loop.time() - self._used_at >= REST_SECONDS:
                with suppress(Upstream):
                    await self._touch()

    async def _touch(self) -> None:
        async with self.vendor.requested(self.key), self.vendor.http.head(self.vendor.url) as answer:
            await answer.read()
        self._used_at = asyncio.get_running_loop().time()


async def streamed(
    vendor: Vendor,
    key: SecretStr,
    url: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str],
    told: Callable[[Mapping[str, str]], None],
) -> AsyncGenerator[bytes, None]:
    """Posts ``body``; the bytes of the answer as they come. Raises Upstream, also where the answer is no sound."""
    async with vendor.requested(key), _posted(vendor, url, body, headers) as answer:
        await accepted(vendor, key, answer, sound=True)
        told(answer.headers)
        async for data in answer.content.iter_any():
            yield data


async def answered(
    vendor: Vendor, key: SecretStr, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Any:
    """Posts ``body``; the answer's JSON, whole. Raises Upstream."""
    async with vendor.requested(key), _posted(vendor, url, body, headers) as answer:
        await accepted(vendor, key, answer)
        try:
            return orjson.loads(await answer.read())
        except ValueError as error:
            raise unreadable(vendor, error) from None


async def accepted(vendor: Vendor, key: SecretStr, answer: aiohttp.ClientResponse, *, sound: bool = False) -> None:
    """Raises Upstream unless the request was taken (and, with ``sound``, is not answered with text)."""
    if answer.status != 200:
        raise await vendor.refusal(answer, key)
    if sound and answer.content_type in _WORDS:
        refused = await vendor.refusal(answer, key)
        raise vendor.failure(
            f"{vendor.name} answered with {answer.content_type} in place of sound",
            retryable=True,
            key=key,
            vendor_message=refused.vendor_message,
            request_id=refused.request_id,
        )


def unreadable(vendor: Vendor, error: Exception) -> Upstream:
    """What came cannot be read."""
    return vendor.failure(
        f"{vendor.name} gave an answer that cannot be read", retryable=True, vendor_message=type(error).__name__
    )


@asynccontextmanager
async def _posted(
    vendor: Vendor, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer. A connection that the vendor closed while it was unused shows only now: it is replaced once."""
    data, headers = orjson.dumps(body), {"Content-Type": JSON, **headers}
    try:
        answer = await vendor.http.post(url, data=data, headers=headers)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError):
        answer = await vendor.http.post(url, data=data, headers=headers)
    async with answer:
        yield answer
