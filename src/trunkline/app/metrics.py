"""The figures of the running platform for Prometheus: those that were counted, and those that are read when asked for."""

import asyncio
import platform as machine
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from trunkline import __version__
from trunkline.app.readings import Readings
from trunkline.base.meters import LATENESS_SECONDS, MEASURES, Measure

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """``base.meters.Meters`` for Prometheus. What was counted costs about a microsecond each."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made = {measure: _made(measure, self.registry) for measure in MEASURES if measure != LATENESS_SECONDS}
        self._parts: dict[tuple[Measure, tuple[str, ...]], Counter | Histogram] = {}
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = Gauge("trunkline_build_info", "What runs here.", ("version", "python"), registry=self.registry)
        build.labels(__version__, machine.python_version()).set(1)

    def count(self, measure: Measure, *labels: str, amount: float = 1.0) -> None:
        part = self._part(measure, labels)
        if isinstance(part, Counter):
            part.inc(amount)

    def observe(self, measure: Measure, value: float, *labels: str) -> None:
        part = self._part(measure, labels)
        if isinstance(part, Histogram):
            part.observe(value)

    def _part(self, measure: Measure, labels: tuple[str, ...]) -> Counter | Histogram:
        part = self._parts.get((measure, labels))
        if part is None:
            made = self._made[measure]
            part = self._parts[measure, labels] = made.labels(*labels) if labels else made
        return part


class Exposition(Collector):
    """The text that Prometheus reads. Figures that cost a look are looked up when it is asked for."""

    def __init__(self, metrics: Metrics, readings: Readings) -> None:
        self._registry = metrics.registry
        self._readings = readings
        self._read: tuple[Metric, ...] = ()
        self._one_at_a_time = asyncio.Lock()
        self._registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._read

    async def text(self) -> bytes:
        """All figures. The rendering happens in a thread: with many routes it takes longer than a media pass may."""
        async with self._one_at_a_time:
            self._read = tuple(await self._readings.families())
            return await asyncio.to_thread(generate_latest, self._registry)


def _made(measure: Measure, registry: CollectorRegistry) -> Counter | Histogram:
    if measure.buckets:
        return Histogram(measure.name, measure.help, measure.labels, buckets=measure.buckets, registry=registry)
    return Counter(measure.name, measure.help, measure.labels, registry=registry)
