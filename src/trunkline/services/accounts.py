"""What an operator grants an organisation: credit, limits, guarantees, local models."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.base.errors import Invalid
from trunkline.domain.organisation import Organisation
from trunkline.services.rooms import Rooms
from trunkline.storage.unit import SystemUnit

MOST = 1e9
_BALANCES = {"minutes": "minutes_balance", "credits": "credits_balance"}


async def get(rooms: Rooms, org_id: str) -> Organisation:
    """An organisation, for the operator. Raises NotFound."""
    async with rooms.database.system(write=False) as unit:
        return await unit.organisations.get(org_id)


async def add_credit(rooms: Rooms, org_id: str, **amounts: float | None) -> Organisation:
    """Adds ``minutes`` and ``credits`` (US dollars; less than 0 takes away); what was not metered is from now on. None:
    not metered.

    Raises NotFound, and Invalid for a child, which is billed to its parent.
    """
    return await _credit(rooms, org_id, amounts, add=True)


async def set_credit(rooms: Rooms, org_id: str, **amounts: float | None) -> Organisation:
    """Sets ``minutes`` and ``credits``; None: not metered. Raises NotFound and Invalid, as ``add_credit`` does."""
    return await _credit(rooms, org_id, amounts, add=False)


async def set_limits(rooms: Rooms, org_id: str, **limits: Any) -> Organisation:
    """Sets ``max_concurrent_calls`` and ``guaranteed_concurrent_calls``, whole numbers; None removes a limit.

    Raises NotFound, and Invalid where the guarantees of all would be more than the installation has, one is more than the
    organisation's own most, or a child is to get one: it has its parent's.
    """
    async with rooms.system() as unit:
        # All are looked at under lock: two guarantees that are given at once must not both find room.
        others = await unit.organisations.all_locked(org_id)
        before = await unit.organisations.get(org_id)
        after = replace(before, **limits, updated_at=rooms.clock.now())
        kept = sum(one.guaranteed_concurrent_calls or 0 for one in others if one.id != org_id)
        _check_limits(after, kept, rooms.limits.max_calls)
        await unit.organisations.save(after)
        return after


async def allow_local_models(rooms: Rooms, org_id: str, allowed: bool) -> Organisation:
    """Says whether an organisation and its children may use the local models. Raises NotFound."""
    async with rooms.system() as unit:
        family = await unit.organisations.family_locked(org_id)
        now = rooms.clock.now()
        for one in family:
            await unit.organisations.save(replace(one, has_local_models_access=allowed, updated_at=now))
        return await unit.organisations.get(org_id)


async def _credit(rooms: Rooms, org_id: str, amounts: Mapping[str, float | None], *, add: bool) -> Organisation:
    for name, amount in amounts.items():
        if amount is not None and not abs(amount) <= MOST:
            raise Invalid(f"{name} must be a number of at most {MOST:,.0f}", details=[f"{name}: is too large"])
    async with rooms.system() as unit:
        before = await _billed(unit, org_id)
        changes: dict[str, Any] = {"updated_at": rooms.clock.now()}
        for name, amount in amounts.items():
            column = _BALANCES[name]
            known = (getattr(before, column) or 0.0) if add else 0.0
            changes[column] = None if amount is None else known + amount
        after = replace(before, **changes)
        await unit.organisations.save(after)
        return after


async def _billed(unit: SystemUnit, org_id: str) -> Organisation:
    found = await unit.organisations.get(org_id, lock=True)
    if found.parent_org_id is not None:
        raise Invalid(
            f"{found.name} is billed to its parent; give credit to that: {found.parent_org_id}",
            details=["organisation: is billed to its parent"],
        )
    return found


def _check_limits(after: Organisation, kept: int, max_calls: int) -> None:
    most, sure = after.max_concurrent_calls, after.guaranteed_concurrent_calls or 0
    if min(most or 0, sure) < 0:
        raise Invalid("limits are 0 or more")
    if not sure:
        return
    if after.parent_org_id is not None:
        raise Invalid(
            f"a child has what is guaranteed to its parent; give the guarantee to that: {after.parent_org_id}",
            details=["guaranteed_concurrent_calls: is the parent's"],
        )
    if most is not None and sure > most:
        raise Invalid(
            f"{sure} guaranteed calls are more than the {most} that the organisation may have at once",
            details=["guaranteed_concurrent_calls: is more than max_concurrent_calls"],
        )
    if kept + sure > max_calls:
        raise Invalid(
            f"{kept} calls are guaranteed to others and the installation takes {max_calls} (TRUNKLINE_MAX_CALLS): "
            f"at most {max(max_calls - kept, 0)} can be guaranteed here",
            details=["guaranteed_concurrent_calls: is more than the installation has left"],
        )
