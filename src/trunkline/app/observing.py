"""What watches the platform while it runs: counters, traces, and how late the event loop is."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trunkline.app.metrics import Metrics
from trunkline.app.tracing import CallTraces, OtlpSpans
from trunkline.app.watching import CallWatch
from trunkline.base.meters import LOOP_LAG_SECONDS, Meters
from trunkline.base.spans import NoSpans, Spans
from trunkline.base.tasks import Crew

LAG_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Observers:
    """What the rooms are given to tell."""

    metrics: Metrics
    spans: Spans
    watch: CallWatch


@asynccontextmanager
async def observers(otlp_endpoint: str | None, worker_name: str) -> AsyncIterator[Observers]:
    """All of them; without an endpoint no trace is made and nothing is connected to. What is left is sent at leaving."""
    metrics = Metrics()
    otlp = OtlpSpans(otlp_endpoint, worker_name) if otlp_endpoint else None
    spans: Spans = otlp or NoSpans()
    try:
        async with Crew("observers") as crew:
            crew.start(watch_the_loop(metrics), "event loop")
            yield Observers(metrics, spans, CallWatch(metrics, CallTraces(spans)))
    finally:
        if otlp is not None:
            await asyncio.to_thread(otlp.close)


async def watch_the_loop(meters: Meters) -> None:
    """Measures how late the event loop comes to a task that waits, again and again."""
    while True:
        due = time.perf_counter() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        meters.observe(LOOP_LAG_SECONDS, max(0.0, time.perf_counter() - due))
