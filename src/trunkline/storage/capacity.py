"""How many calls may be live at once and how many are, and who pays for them, as steps of the transaction that places a
call: two statements, whatever the limits are.

Counts alone go beyond one organisation: what a parent and its children have together, and how much of the installation
is kept for those with a guarantee. Whoever places a call locks its own rows and those of all guarantees, in one order,
so that no two calls take the same place; without guarantees strangers never wait for each other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, case, func, null, or_, select

from trunkline.domain.credit import Balance
from trunkline.storage import tables
from trunkline.storage.calls import LIVE, Load
from trunkline.storage.steps import Query, Steps

_orgs, _calls = tables.organisations, tables.calls
_OF_ORG: BindParameter[str] = bindparam("of_org")
_PARENT = select(_orgs.c.parent_org_id).where(_orgs.c.id == _OF_ORG).scalar_subquery()
_STANDINGS = (
    select(
        _orgs.c.id,
        _orgs.c.parent_org_id,
        _orgs.c.minutes_balance,
        _orgs.c.credits_balance,
        _orgs.c.max_concurrent_calls,
        _orgs.c.guaranteed_concurrent_calls,
        _orgs.c.monthly_minutes_limit,
    )
    .where(or_(_orgs.c.id == _OF_ORG, _orgs.c.id == _PARENT, _orgs.c.guaranteed_concurrent_calls > 0))
    .order_by(_orgs.c.id)
    # Others may go on referring to the rows (a call's foreign key); whoever places or pays waits.
    .with_for_update(key_share=True)
)
_PAYER = func.coalesce(_orgs.c.parent_org_id, _orgs.c.id)
_CALLS = _calls.join(_orgs, _orgs.c.id == _calls.c.org_id)
_IS_MINE = _calls.c.org_id == _OF_ORG
_LIVE = (
    select(
        _PAYER.label("payer_id"),
        case((_IS_MINE, 1), else_=0).label("is_mine"),
        case((_IS_MINE, _calls.c.number_id), else_=null()).label("own_number"),
        case((_IS_MINE, _calls.c.trunk_id), else_=null()).label("own_trunk"),
        func.count().label("live"),
    )
    .select_from(_CALLS)
    .where(*LIVE)
    .group_by("payer_id", "is_mine", "own_number", "own_trunk")
)
_RUNNING = (
    select(_calls.c.org_id, _calls.c.answered_at)
    .select_from(_CALLS)
    .where(*LIVE, _calls.c.answered_at.is_not(None), bindparam("of_payer") == _PAYER)
)


_own, _payer = _orgs.alias("own"), _orgs.alias("payer")
_SPENDING = (
    select(
        _calls.c.id.label("call_id"),
        _calls.c.org_id,
        _calls.c.answered_at,
        _payer.c.id.label("payer_id"),
        _payer.c.minutes_balance,
        _payer.c.credits_balance,
        _own.c.monthly_minutes_limit,
    )
    .select_from(
        _calls.join(_own, _own.c.id == _calls.c.org_id).join(
            _payer, _payer.c.id == func.coalesce(_own.c.parent_org_id, _own.c.id)
        )
    )
    .where(
        *LIVE,
        _calls.c.answered_at.is_not(None),
        or_(
            _payer.c.minutes_balance.is_not(None),
            _payer.c.credits_balance.is_not(None),
            _own.c.monthly_minutes_limit.is_not(None),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Spending:
    """An answered call that goes on and takes something off a balance or a month's minutes."""

    call_id: str
    org_id: str
    answered_at: datetime
    payer_id: str
    minutes_balance: float | None
    credits_balance: float | None
    monthly_minutes_limit: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organisation may have and has left; balances are None where it is not metered."""

    id: str
    parent_org_id: str | None
    minutes_balance: float | None
    credits_balance: float | None
    max_concurrent_calls: int | None
    guaranteed_concurrent_calls: int | None
    monthly_minutes_limit: float | None

    @property
    def balance(self) -> Balance:
        """What is left of its credit."""
        return Balance(self.minutes_balance, self.credits_balance)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Where an organisation stands and who pays for it (itself, or its parent), its own live calls, and how many calls of
    each payer are live and are guaranteed to it."""

    own: Standing
    payer: Standing
    load: Load
    live: Mapping[str, int]
    guaranteed: Mapping[str, int]


def taken(org_id: str) -> Steps[Capacity]:
    """How much room is taken, as one organisation sees it; nobody takes more that matters to it until these steps are
    over."""
    rows = yield Query(_STANDINGS, {"of_org": org_id})
    standings = {row["id"]: Standing(**row) for row in rows}
    own = standings[org_id]
    guaranteed = {one.id: one.guaranteed_concurrent_calls or 0 for one in standings.values()}
    live: Counter[str] = Counter()
    by_number: Counter[str] = Counter()
    by_trunk: Counter[str] = Counter()
    for row in (yield Query(_LIVE, {"of_org": org_id})):
        live[row["payer_id"]] += row["live"]
        if row["is_mine"]:
            by_number[row["own_number"]] += row["live"]
            by_trunk[row["own_trunk"]] += row["live"]
    return Capacity(
        own,
        standings[own.parent_org_id or org_id],
        Load(by_number.total(), by_number, by_trunk),
        live,
        {id: calls for id, calls in guaranteed.items() if calls},
    )


def running(payer_id: str) -> Steps[Sequence[tuple[str, datetime]]]:
    """Of every answered call that somebody pays for and that goes on: whose it is, and since when."""
    rows = yield Query(_RUNNING, {"of_payer": payer_id})
    return [(row["org_id"], row["answered_at"]) for row in rows]


def spending() -> Steps[list[Spending]]:
    """All calls, of whatever organisation, that credit is being spent on now; one statement, however many they are."""
    rows = yield Query(_SPENDING, {})
    return [Spending(**row) for row in rows]
