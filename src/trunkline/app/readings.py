"""Figures that are looked up when they are asked for: calls and queues in the database, the engine, the phone line."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from trunkline.base.errors import TrunklineError
from trunkline.base.meters import LATENESS_SECONDS
from trunkline.domain.call import LIVE_STATES, Direction
from trunkline.engine.breaker import State
from trunkline.engine.supervisor import Supervisor
from trunkline.services.rooms import Rooms
from trunkline.storage.backlog import Backlog, backlog

PATIENCE_SECONDS = 3.0


class Workflows(Protocol):
    """The durable workflows that are under way."""

    async def under_way(self) -> Mapping[str, int]:
        """How many, by status."""


@dataclass(slots=True)
class _Lateness:
    """The distribution of all passes so far, fed from what the engine remembers of the last two minutes."""

    passes: int
    counts: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    total: float = 0.0

    def take(self, passes: int, late: Sequence[float]) -> None:
        self.passes = passes
        edges = [-np.inf, *LATENESS_SECONDS.buckets, np.inf]
        self.counts += np.histogram(late, edges)[0]
        self.total += float(np.sum(late))


class Readings:
    """Looks them up. A database that is away costs its figures, not the others."""

    def __init__(self, rooms: Rooms, supervisor: Supervisor, workflows: Workflows) -> None:
        self._rooms = rooms
        self._supervisor = supervisor
        self._workflows = workflows
        self._lateness = _Lateness(0, np.zeros(len(LATENESS_SECONDS.buckets) + 1, np.int64))

    async def families(self) -> list[Metric]:
        """All of them."""
        return [*self._engine(), *self._providers(), *self._line(), self._late(), *(await self._stored())]

    def _engine(self) -> Iterator[Metric]:
        yield _gauge("trunkline_worker_calls", "Calls that this worker runs.", self._supervisor.live_calls())
        yield _gauge("trunkline_worker_calls_limit", "As many it may run at once.", self._rooms.limits.max_calls)
        yield _gauge("trunkline_worker_room", "How many more calls the worker takes now.", self._rooms.live.room())

    def _providers(self) -> Iterator[Metric]:
        asked = CounterMetricFamily(
            "trunkline_provider_requests",
            "Results of providers' models, by what came of them.",
            labels=("stage", "provider", "outcome"),
        )
        for (stage, provider, outcome), count in self._supervisor.provider_results().items():
            asked.add_metric((stage, provider, outcome), count)
        yield asked
        circuits = GaugeMetricFamily(
            "trunkline_provider_breakers",
            "Circuits to providers (one for each model and key), by how they stand.",
            labels=("stage", "provider", "state"),
        )
        facts = self._supervisor.breakers()
        known = {(one.stage, one.provider) for one in facts}
        standing = Counter((one.stage, one.provider, one.state) for one in facts)
        for stage, provider in sorted(known):
            for state in State:
                circuits.add_metric((stage, provider, state.value), standing[stage, provider, state])
        yield circuits

    def _line(self) -> Iterator[Metric]:
        health = self._rooms.carrier.health()
        yield _gauge("trunkline_sip_up", "1 while the SIP stack works.", int(health.get("status") == "ok"))
        yield _gauge("trunkline_sip_legs", "SIP legs that are up or being set up.", _number(health.get("live_legs")))
        yield _gauge(
            "trunkline_sip_user_agents",
            "User agents made since the start, one for each number and revision of its trunk; they are never freed.",
            _number(health.get("agents")),
        )

    def _late(self) -> Metric:
        lateness = self._lateness
        lateness.take(*self._supervisor.lateness_since(lateness.passes))
        upper = [*(f"{edge:g}" for edge in LATENESS_SECONDS.buckets), "+Inf"]
        buckets = list(zip(upper, np.cumsum(lateness.counts).tolist(), strict=True))
        family = HistogramMetricFamily(LATENESS_SECONDS.name, LATENESS_SECONDS.help)
        family.add_metric((), buckets, lateness.total)
        return family

    async def _stored(self) -> list[Metric]:
        database = self._rooms.database
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await database.brief(backlog(), write=False)
                under_way = await self._workflows.under_way()
        except (TrunklineError, TimeoutError):
            return [_gauge("trunkline_database_up", "1 while the database answers.", 0)]
        return [
            _gauge("trunkline_database_up", "1 while the database answers.", 1),
            _labelled("trunkline_database_connections", "Connections of the pool.", "state", database.pool()),
            *_backlog(found),
            _labelled("trunkline_workflows", "Durable workflows that are not over.", "status", under_way),
        ]


def _backlog(found: Backlog) -> Iterator[Metric]:
    live = GaugeMetricFamily(
        "trunkline_calls_live", "Calls that are not over, without those that wait.", labels=("status", "direction")
    )
    for status in sorted(LIVE_STATES):
        for direction in Direction:
            count = sum(found.live.get((status, direction, campaign), 0) for campaign in (False, True))
            live.add_metric((status.value, direction.value), count)
    yield live
    of_campaigns = sum(count for (_, _, campaign), count in found.live.items() if campaign)
    yield _gauge("trunkline_campaign_calls_live", "Calls of campaigns that are not over.", of_campaigns)
    yield _gauge("trunkline_calls_scheduled", "Calls that wait for their time.", found.scheduled)
    yield _labelled("trunkline_campaigns", "Campaigns, by how they stand.", "status", found.campaigns)
    yield _labelled("trunkline_campaign_leads", "Leads of running campaigns.", "status", found.leads)
    yield _gauge("trunkline_outbox_backlog", "Rows of the outbox that nobody took yet.", found.outbox)
    yield _gauge("trunkline_webhook_backlog", "Webhook deliveries that are still to be made.", found.deliveries)


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)


def _labelled(name: str, help: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=(label,))
    for value, count in sorted(values.items()):
        family.add_metric((value,), count)
    return family


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
