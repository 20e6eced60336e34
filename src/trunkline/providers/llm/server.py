"""The way from a call to its model server: a connection that is kept warm, requests, and streams of events."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress

import aiohttp

from trunkline.base.logs import logger
from trunkline.base.sse import SseEvent, SseParser, SseTooLong
from trunkline.base.tasks import Crew
from trunkline.providers.llm.failing import Failing, error_of
from trunkline.providers.llm.warmth import Warmth
from trunkline.providers.vendor import Vendor, request_id

LARGEST_REPLY_BYTES = 1 << 20
_LOOK_SECONDS = 1.0
"""A call looks this often whether a connection is still open: what is known of the server may have changed."""
_END_SECONDS = 0.1
"""A stream that has not ended so long after its last event is cut off."""
_REFUSES_PARAMETERS = (400, 422)

_log = logger("providers")


class ModelServer:
    """One address, and what all calls to it have learned: when its connections close, and which parameters it refuses."""

    def __init__(self, url: str, http: Callable[[], aiohttp.ClientSession]) -> None:
        self.url = url
        self.warmth = Warmth()
        self._http = http
        self._unknown: dict[str | None, set[str]] = {}

    @property
    def http(self) -> aiohttp.ClientSession:
        """Its connections."""
        return self._http()

    def unknown(self, model: str | None) -> set[str]:
        """The parameters that it does not take with a model."""
        return self._unknown.setdefault(model, set())


def server_of(vendor: Vendor) -> ModelServer:
    """The vendor's one model server. Its connections are its own: what else is asked of the vendor would make it seem that
    they were closed."""
    return vendor.shared(ModelServer, lambda: ModelServer(vendor.url, lambda: vendor.connections("llm")))


class ServerLine:
    """One call's line to a model server. ``knock`` is the path of something that costs nothing to ask for. Raises Upstream
    for a key that cannot be sent."""

    def __init__(self, server: ModelServer, headers: Mapping[str, str], failing: Failing, knock: str) -> None:
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise failing("The key cannot be sent to {it}: it has to be plain text on one line.", retryable=False)
        self.server = server
        self.failing = failing
        self._headers = headers
        self._knock_path = knock
        self._crew = Crew(type(self).__name__)

    def warm(self) -> None:
        """Opens a connection while the phone rings, and sees that one stays open while the call lasts; whether that works
        is seen when it is needed."""
        self._crew.start(self._stay_warm(), "warm")

    async def _stay_warm(self) -> None:
        now, warmth = asyncio.get_running_loop().time, self.server.warmth
        await self._knock()
        while warmth.kept:
            await asyncio.sleep(min(_LOOK_SECONDS, max(0.1, warmth.due_in(now()))))
            if warmth.due_in(now()) <= 0:
                await self._knock()

    async def _knock(self) -> None:
        try:
            async with (
                self._used(),
                self.server.http.get(
                    self.server.url + self._knock_path,
                    headers=self._headers,
                    allow_redirects=False,
                    trace_request_ctx=self.server.warmth,
                ) as answer,
            ):
                self.server.warmth.told(answer.headers)
                await answer.content.read(LARGEST_REPLY_BYTES)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[None]:
        """A connection is in use."""
        now = asyncio.get_running_loop().time
        self.server.warmth.begin(now())
        try:
            yield
        finally:
            self.server.warmth.end(now())

    @asynccontextmanager
    async def posted(self, path: str, body: bytes) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request; leaving it unfinished closes the connection at once. Raises Upstream."""
        try:
            async with (
                self._used(),
                self.server.http.post(
                    self.server.url + path,
                    data=body,
                    headers=self._headers,
                    allow_redirects=False,
                    trace_request_ctx=self.server.warmth,
                ) as answer,
            ):
                try:
                    yield answer
                    await _finish(answer)
                finally:
                    if not answer.content.at_eof():
                        answer.close()
        except (aiohttp.ClientError, OSError) as error:
            raise self.failing.unreachable(error) from None  # the error itself holds the headers of the request

    @asynccontextmanager
    async def accepted(
        self,
        path: str,
        model: str | None,
        dispensable: Mapping[str, Collection[str]],
        write: Callable[[Collection[str]], bytes],
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request that the server takes. ``write`` makes it without the parameters that were refused.

        ``dispensable`` has the parameters that can be done without, each with other words that mean it: refused by name,
        one is left out from then on, and the request sent again. Raises Upstream.
        """
        unknown, left = self.server.unknown(model), set[str]()
        for _ in range(len(dispensable) + 1):
            async with self.posted(path, write(unknown | left)) as answer:
                refused = await self._refused(answer, unknown | left, dispensable)
                if refused is None:
                    self._learn(model, left)
                    yield answer
                    return
                left.add(refused)
        raise self.failing("{it} refused the request again and again.", retryable=False)

    async def _refused(
        self, answer: aiohttp.ClientResponse, left: Collection[str], dispensable: Mapping[str, Collection[str]]
    ) -> str | None:
        """The parameter that the server refused, if it can be done without; None where it took the request. Raises Upstream
        for any other refusal."""
        if answer.status == 200:
            return None
        message, param, final = await error_of(answer)
        for name, words in dispensable.items() if answer.status in _REFUSES_PARAMETERS else ():
            if name not in left and (param in (name, *words) or _names(message, (name, *words))):
                return name
        raise self.failing.refused(answer, message, final=final)

    def _learn(self, model: str | None, left: Collection[str]) -> None:
        """Only what helped is remembered: a server may repeat words of the request when it refuses it for something else."""
        for name in left:
            _log.warning("the model does not take a parameter", model=model, parameter=name)
        self.server.unknown(model).update(left)

    async def events(
        self, answer: aiohttp.ClientResponse, complete: Callable[[], bool]
    ) -> AsyncGenerator[SseEvent, None]:
        """The events of a stream. That it breaks off does not matter once ``complete`` says that all has come."""
        if answer.content_type != "text/event-stream":
            raise self.failing(
                f"{{it}} answered with {answer.content_type}, not with a stream of events.",
                retryable=False,
                status=answer.status,
                request_id=request_id(answer.headers),
            )
        parser = SseParser()
        try:
            async for chunk in answer.content.iter_any():
                for event in parser.feed(chunk):
                    yield event
        except SseTooLong as error:
            raise self.failing(f"{{it}} sent a stream that cannot be read: {error}.", retryable=False) from error
        except aiohttp.ClientPayloadError:
            if not complete():
                raise

    async def aclose(self) -> None:
        """Ends what is still under way."""
        await self._crew.aclose()


async def _finish(answer: aiohttp.ClientResponse) -> None:
    """Reads what still follows the last that mattered, so that the connection can serve the next request."""
    with suppress(TimeoutError, aiohttp.ClientPayloadError):
        async with asyncio.timeout(_END_SECONDS):
            while not answer.content.at_eof():
                await answer.content.readany()


def _names(message: str, words: Collection[str]) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", message) for word in words)
