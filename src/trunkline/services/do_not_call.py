"""Do-not-call lists: kept, read, and asked before anybody is called."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from trunkline.base.errors import Forbidden, Invalid
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.do_not_call import DoNotCallEntry
from trunkline.services import destinations
from trunkline.services.rooms import Page, Rooms
from trunkline.services.spelling import ENDING_DIGITS
from trunkline.services.validation import invalid
from trunkline.storage import do_not_call
from trunkline.storage.steps import Steps

MOST_AT_ONCE = 1000
LISTED = "the destination is on the do-not-call list"
_PROBLEM = "must be a phone number in E.164, as +31612345678, or a SIP URI"


class NewEntries(BaseModel):
    """Whom not to call: one party, or many at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_number: str | None = Field(
        None, max_length=320, description="E.164, or a SIP URI; kept in its shortest spelling. Or give `phone_numbers`."
    )
    phone_numbers: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="Many at once, up to 1000; none is kept when one of them is no number.",
    )
    reason: str | None = Field(None, max_length=500, description="Why; a note for people.")


async def list_(
    rooms: Rooms, caller: Caller, limit: int, offset: int, phone_number: str | None = None
) -> Page[DoNotCallEntry]:
    """The organisation's list, newest first; with ``phone_number`` the entry of that party alone. Raises Invalid."""
    wanted = None if phone_number is None else _spelled("phone_number", phone_number)
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.do_not_call.page(wanted, limit, offset))


async def add(rooms: Rooms, caller: Caller, given: NewEntries) -> list[DoNotCallEntry]:
    """The entries of these parties, in their order. One that stands in the list already keeps its entry, with the reason
    where one is given. Raises Invalid."""
    wanted = _wanted(given)
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        await unit.organisations.get(caller.org_id, lock=True)  # of two that add the same at once one finds it
        there = await unit.do_not_call.of_numbers(wanted)
        new = {
            number: DoNotCallEntry(new_id(), caller.org_id, number, now, given.reason)
            for number in wanted
            if number not in there
        }
        await unit.do_not_call.add_all(list(new.values()))
        for number, entry in there.items():
            if given.reason not in (None, entry.reason):
                there[number] = replace(entry, reason=given.reason)
                await unit.do_not_call.save(there[number])
    return [(there | new)[number] for number in wanted]


async def remove(rooms: Rooms, caller: Caller, entry_id: str) -> None:
    """Takes a party from the list. Raises NotFound."""
    async with rooms.unit(caller) as unit:
        await unit.do_not_call.delete(entry_id)


async def check(rooms: Rooms, caller: Caller, destination: str) -> None:
    """Raises Forbidden (``do_not_call``) for a destination that is listed."""
    await rooms.database.brief(checking(caller.org_id, destination), write=False)


def checking(org_id: str, destination: str) -> Steps[None]:
    """Raises Forbidden (``do_not_call``) for a destination that is listed, by the organisation or by its parent."""
    if (yield from is_listed(org_id, destination)):
        raise Forbidden(f"{LISTED}; it must not be called", code="do_not_call", title="Do not call")


def is_listed(org_id: str, destination: str) -> Steps[bool]:
    """Whether a destination, however it is spelled, is listed by the organisation or by its parent. Digits that a SIP URI
    has its host dial are those of a listed number when they end with it: of which country they are, only the host knows."""
    if (yield from do_not_call.listed(org_id, destinations.canonical(destination))):
        return True
    for digits in destinations.dialled(destination):
        numbers = yield from do_not_call.listed_ending(org_id, digits[-ENDING_DIGITS:])
        if any(destinations.ends_with(digits, number) for number in numbers):
            return True
    return False


def _wanted(given: NewEntries) -> list[str]:
    if (given.phone_number is None) == (given.phone_numbers is None):
        raise Invalid("Give either phone_number or phone_numbers.", details=["phone_number: is required"])
    if given.phone_number is not None:
        return [_spelled("phone_number", given.phone_number)]
    found = [destinations.canonical(number) for number in given.phone_numbers or ()]
    if problems := [f"phone_numbers.{place}: {_PROBLEM}" for place, text in enumerate(found) if not _is_party(text)]:
        raise invalid(problems)
    return list(dict.fromkeys(found))


def _spelled(field: str, number: str) -> str:
    text = destinations.canonical(number)
    if not _is_party(text):
        raise invalid([f"{field}: {_PROBLEM}"])
    return text


def _is_party(text: str) -> bool:
    return destinations.is_e164(text) or destinations.is_sip_uri(text)
