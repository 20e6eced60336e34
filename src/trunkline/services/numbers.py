"""Phone numbers: registered, attached to assistants and trunks, and detached."""

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.number import Number
from trunkline.services import destinations
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage.unit import Unit


class NumberSettings(BaseModel):
    """A number as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_number: str = Field(description="E.164; registered once in the whole installation.", max_length=32)
    name: str | None = Field(None, max_length=200, description="Its name.")
    assistant_id: str | None = Field(None, description="The assistant it belongs to; null detaches.")
    trunk_id: str | None = Field(
        None, description="The trunk that its calls go out and come in through; null detaches."
    )
    transfer_trunk_id: str | None = Field(
        None, description="The trunk that calls are handed over through; null: `trunk_id`."
    )
    is_active: bool = Field(True, description="Inactive numbers place no calls and take none.")
    max_concurrent_calls: int | None = Field(
        None, ge=1, le=100_000, description="The most calls at once; null: no limit."
    )


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[Number]:
    """The organisation's numbers, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.numbers.list_(limit, offset))


async def get(rooms: Rooms, caller: Caller, number_id: str) -> Number:
    """One number. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.numbers.get(number_id)


async def create(rooms: Rooms, caller: Caller, settings: NumberSettings) -> Number:
    """Registers a number. Raises Invalid, and Conflict (``number_taken``) whoever has it."""
    now = rooms.clock.now()
    _check_number(settings)
    number = Number(id=new_id(), org_id=caller.org_id, created_at=now, updated_at=now, **settings.model_dump())
    async with rooms.unit(caller) as unit:
        await _check_attached(unit, number)
        await unit.numbers.add(number)
        return await unit.numbers.get(number.id)


async def update(rooms: Rooms, caller: Caller, number_id: str, changes: dict[str, Any]) -> Number:
    """Changes what is given; null detaches. Raises Invalid, NotFound, Conflict (``number_taken``)."""
    async with rooms.unit(caller) as unit:
        before = await unit.numbers.get(number_id, lock=True)
        now = {name: getattr(before, name) for name in NumberSettings.model_fields}
        settings = checked(NumberSettings, {**now, **changes})
        _check_number(settings)
        after = replace(before, updated_at=rooms.clock.now(), **settings.model_dump())
        await _check_attached(unit, after)
        await unit.numbers.save(after)
        return await unit.numbers.get(number_id)


async def delete(rooms: Rooms, caller: Caller, number_id: str) -> None:
    """Removes a number; calls that are going on go on. Raises NotFound."""
    async with rooms.unit(caller) as unit:
        await unit.numbers.delete(number_id)


def _check_number(settings: NumberSettings) -> None:
    destinations.check(settings.phone_number, field="phone_number", sip_uri_allowed=False)


async def _check_attached(unit: Unit, number: Number) -> None:
    problems = []
    if number.assistant_id is not None and await unit.assistants.find(number.assistant_id) is None:
        problems.append("assistant_id: there is no assistant with this id")
    if number.trunk_id is not None and await unit.trunks.find(number.trunk_id) is None:
        problems.append("trunk_id: there is no SIP trunk with this id")
    if number.transfer_trunk_id is not None and await unit.trunks.find(number.transfer_trunk_id) is None:
        problems.append("transfer_trunk_id: there is no SIP trunk with this id")
    if problems:
        raise invalid(problems)
