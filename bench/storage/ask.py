"""What clients ask of the stored calls, each kind many times with other values, timed."""

import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.storage.fill import ASSISTANTS, CAMPAIGNS, NUMBERS, ORGS, REASONS, SHARES, utc_now
from trunkline.domain.access import Caller
from trunkline.services import calls
from trunkline.services.rooms import Rooms
from trunkline.storage.calls import CallFilters

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Answered:
    """How long one kind of question took, in milliseconds; ``cpu_p95`` is what this process worked for it."""

    question: str
    p50: float
    p95: float
    worst: float
    cpu_p95: float

    def as_json(self) -> dict[str, Any]:
        """One line of the report."""
        times = {name: round(getattr(self, name), 2) for name in ("p50", "p95", "worst", "cpu_p95")}
        return {"question": self.question, **{f"{name}_ms": value for name, value in times.items()}}


async def asked(question: str, asks: Iterator[Ask], times: int) -> Answered:
    """Asks one kind of question so many times."""
    took: list[float] = []
    worked: list[float] = []
    for ask, _ in zip(asks, range(times), strict=False):
        begun, worked_before = time.perf_counter(), time.process_time()
        await ask()
        took.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - worked_before) * 1000)
    cuts, own = (statistics.quantiles(times, n=20, method="inclusive") for times in (took, worked))
    return Answered(question, cuts[9], cuts[18], max(took), own[18])


async def questions(rooms: Rooms, count: int, now: datetime, seed: int = 2) -> AsyncIterator[tuple[str, Iterator[Ask]]]:
    """Each kind of question, with as many of its kind as are wanted."""
    chance = random.Random(seed)
    for name, filters in FILTERS.items():
        yield f"list by {name}", _listing(rooms, chance, filters, 100)
    yield "list, deep", _deep(rooms, chance, count, lambda org_id: CallFilters())
    yield "list by status, deep", _deep(rooms, chance, count, lambda org_id: CallFilters(status="ended"))
    yield "list of one day", _listing(rooms, chance, lambda org_id, c: _day(c, now), 100)
    yield "get", _getting(rooms, chance, await _known(rooms, count))
    yield "seconds of the month", _month(rooms, chance, now)


Picking = Callable[[str, random.Random], CallFilters]


def _filters() -> dict[str, Picking]:
    single: dict[str, Callable[[str, random.Random], dict[str, Any]]] = {
        "status": lambda org, c: {"status": c.choice(list(REASONS))[0]},
        "direction": lambda org, c: {"direction": c.choice(("outbound", "inbound", "web"))},
        "assistant_id": lambda org, c: {"assistant_id": f"{org}-assistant-{c.randrange(ASSISTANTS)}"},
        "number_id": lambda org, c: {"number_id": f"{org}-number-{c.randrange(NUMBERS)}"},
        "end_reason": lambda org, c: {"end_reason": c.choice(list(REASONS))[1]},
        "campaign_id": lambda org, c: {"campaign_id": f"{org}-campaign-{c.randrange(CAMPAIGNS)}"},
        "start_date": lambda org, c: {
            "start_date": utc_now() - timedelta(days=c.randrange(1, 365), seconds=c.randrange(9999))
        },
        "end_date": lambda org, c: {
            "end_date": utc_now() - timedelta(days=c.randrange(1, 365), seconds=c.randrange(9999))
        },
    }
    combined = {
        "nothing": (),
        **{name: (name,) for name in single},
        "status and direction": ("status", "direction"),
        "status and number_id": ("status", "number_id"),
        "direction and assistant_id": ("direction", "assistant_id"),
        "assistant_id and end_reason": ("assistant_id", "end_reason"),
        "campaign_id and status": ("campaign_id", "status"),
        "status and start_date": ("status", "start_date"),
        "all": ("status", "direction", "assistant_id", "number_id", "end_reason", "campaign_id", "start_date"),
    }

    def picking(names: tuple[str, ...]) -> Picking:
        return lambda org, c: CallFilters(**{k: v for name in names for k, v in single[name](org, c).items()})

    return {title: picking(names) for title, names in combined.items()}


FILTERS = _filters()
"""What lists are filtered by: each column alone, and several together."""


def _day(chance: random.Random, now: datetime) -> CallFilters:
    start = now - timedelta(days=chance.randrange(2, 360))
    return CallFilters(start_date=start, end_date=start + timedelta(days=1))


def _org(chance: random.Random) -> str:
    return chance.choices(ORGS, SHARES)[0]


def _listing(rooms: Rooms, chance: random.Random, pick: Picking, limit: int) -> Iterator[Ask]:
    while True:
        org = _org(chance)
        filters = pick(org, chance)
        yield lambda org=org, filters=filters: calls.list_(rooms, Caller(org), filters, limit, 0)  # type: ignore[misc]


def _deep(rooms: Rooms, chance: random.Random, count: int, pick: Callable[[str], CallFilters]) -> Iterator[Ask]:
    while True:
        place = chance.choices(range(len(ORGS)), SHARES)[0]
        offset = int(count * SHARES[place] * chance.random() * 0.5)
        filters = pick(ORGS[place])
        yield lambda org=ORGS[place], filters=filters, offset=offset: calls.list_(  # type: ignore[misc]
            rooms, Caller(org), filters, 100, offset
        )


async def _known(rooms: Rooms, count: int) -> dict[str, list[str]]:
    """Some calls of each organisation."""
    pages = {org: await calls.list_(rooms, Caller(org), CallFilters(), 1000, count // 200) for org in ORGS}
    return {org: [item["id"] for item in page.items] for org, page in pages.items()}


def _getting(rooms: Rooms, chance: random.Random, known: dict[str, list[str]]) -> Iterator[Ask]:
    while True:
        org = _org(chance)
        id = chance.choice(known[org])
        yield lambda org=org, id=id: calls.get(rooms, Caller(org), id)  # type: ignore[misc]


def _month(rooms: Rooms, chance: random.Random, now: datetime) -> Iterator[Ask]:
    async def seconds(org: str) -> int:
        async with rooms.unit(Caller(org), write=False) as unit:
            return await unit.calls.seconds_since(now - timedelta(days=30))

    while True:
        org = _org(chance)
        yield lambda org=org: seconds(org)  # type: ignore[misc]
