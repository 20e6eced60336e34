"""What the admission of a call that comes in reads, as steps: the numbers that may be meant, across organisations."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from trunkline.domain.number import Number
from trunkline.domain.trunk import Trunk
from trunkline.storage import placing, tables
from trunkline.storage.steps import Query, Steps
from trunkline.storage.trunks import trunk_of
from trunkline.storage.vault import Vault

_numbers = tables.numbers
_ACTIVE = select(_numbers).where(_numbers.c.is_active, _numbers.c.trunk_id.is_not(None))
_EXACTLY = _ACTIVE.where(_numbers.c.phone_number == bindparam("of_number"))
_ENDING = _ACTIVE.where(_numbers.c.phone_number.like(bindparam("of_ending"))).order_by(_numbers.c.id).limit(50)

_trunks = tables.trunks
_REGISTERING = select(_trunks).where(_trunks.c.is_active, _trunks.c.register == bindparam("of_wish"))


@dataclass(frozen=True, slots=True)
class Entrance:
    """An active number and the active trunk of the same organisation that it is attached to."""

    number: Number
    trunk: Trunk


def registering(vault: Vault) -> Steps[list[Trunk]]:
    """The active trunks that want us to register."""
    rows = yield Query(_REGISTERING, {"of_wish": True})
    return [trunk_of(row, vault) for row in rows]


def by_number(phone_number: str, vault: Vault) -> Steps[list[Entrance]]:
    """The entrance of a number in E.164; none where there is no such."""
    rows = yield Query(_EXACTLY, {"of_number": phone_number})
    return (yield from _entrances([Number(**row) for row in rows], vault))


def by_ending(digits: str, vault: Vault) -> Steps[list[Entrance]]:
    """The entrances, at most 50, of numbers that end in these digits."""
    rows = yield Query(_ENDING, {"of_ending": f"%{digits}"})
    return (yield from _entrances([Number(**row) for row in rows], vault))


def _entrances(numbers: list[Number], vault: Vault) -> Steps[list[Entrance]]:
    found = []
    for number in numbers:
        trunk = yield from placing.trunk_maybe(number.org_id, number.trunk_id or "", vault)
        if trunk is not None and trunk.is_active:
            found.append(Entrance(number, trunk))
    return found
