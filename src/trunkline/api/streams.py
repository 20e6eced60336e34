"""Replies that flow: the events of a call, and the bytes of a recording. Each closes what it reads from, always."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trunkline.base.errors import TrunklineError
from trunkline.base.logs import logger
from trunkline.domain.events import LiveEvent

_log = logger("api")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class EventStream(Response):
    """Server-sent events; ends after the final one, when the client goes, and when ``closing`` is set."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[LiveEvent], heartbeat_seconds: float, closing: asyncio.Event) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._heartbeat_seconds = heartbeat_seconds
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writing = asyncio.ensure_future(self._write(send))
        tasks = {
            writing,
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(self._closing.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            _log.error("event stream crashed", exc_info=error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> None:
        step: asyncio.Future[LiveEvent | None] | None = None
        try:
            while True:
                step = step or asyncio.ensure_future(_next(self._events))
                await asyncio.wait({step}, timeout=self._heartbeat_seconds)
                if not step.done():
                    await _chunk(send, b": still here\n\n")
                    continue
                event, step = step.result(), None
                if event is None:
                    return
                await _chunk(send, as_text(event))
                if event.final:
                    return
        except TrunklineError as error:
            _log.warning("event stream broke off", code=error.code)
        finally:
            if step is not None:
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)
            if isinstance(self._events, AsyncGenerator):
                await self._events.aclose()


class ByteStream(Response):
    """Bytes of a known length."""

    def __init__(self, chunks: AsyncIterator[bytes], length: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(status_code=status, headers=headers)
        self.headers["content-length"] = str(length)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the bytes."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for chunk in self._chunks:
                await _chunk(send, chunk)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if isinstance(self._chunks, AsyncGenerator):
                await self._chunks.aclose()


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes [start, end) of a file."""

    start: int
    end: int


def as_text(event: LiveEvent) -> bytes:
    """An event on the wire; only what is kept has an id, because only that can be resumed from."""
    head = f"id: {event.seq}\n" if event.seq > 0 else ""
    return f"{head}event: {event.event}\ndata: ".encode() + orjson.dumps(event.data) + b"\n\n"


def span(header: str | None, size: int) -> Span | None:
    """What a Range header asks of a file of ``size`` bytes (RFC 9110, 14.1); None: all of it, also for a header of
    another form, which may be ignored. Raises TrunklineError (``range_not_satisfiable``)."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        length = int(found[2])
        start, end = max(0, size - length), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= end:
        raise TrunklineError(
            f"The recording has {size} bytes; ask for some of these.",
            code="range_not_satisfiable",
            title="Range not satisfiable",
        )
    return Span(start, end)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(events: AsyncIterator[LiveEvent]) -> LiveEvent | None:
    return await anext(events, None)


async def _chunk(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
