"""A collector of traces on loopback: takes OTLP over HTTP as the protocol has it, and keeps the spans."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class SpanSeen:
    """One span as it arrived; times in nanoseconds since 1970."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    start: int
    end: int
    attributes: dict[str, Any]
    failed: bool


@dataclass(slots=True)
class Collector:
    """What came so far; ``raw`` is every body as text."""

    port: int = 0
    spans: list[SpanSeen] = field(default_factory=list)
    raw: bytes = b""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def take(self, request: web.Request) -> web.Response:
        """One export."""
        body = await request.read()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.raw += body
        export = ExportTraceServiceRequest.FromString(body)
        for resource in export.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [_seen(span) for span in scope.spans]
        self.arrived.set()
        return web.Response(body=b"", content_type="application/x-protobuf")

    async def until(self, so: Callable[[list[SpanSeen]], bool], seconds: float = 15) -> list[SpanSeen]:
        """The spans as soon as ``so`` is true of them."""
        async with asyncio.timeout(seconds):
            while not so(self.spans):
                self.arrived.clear()
                await self.arrived.wait()
        return self.spans


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector at a free port."""
    collector = Collector()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.port = runner.addresses[0][1]
    try:
        yield collector
    finally:
        await runner.cleanup()


def _seen(span: Any) -> SpanSeen:
    attributes = {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}
    return SpanSeen(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes,
        span.status.code == span.status.STATUS_CODE_ERROR,
    )
