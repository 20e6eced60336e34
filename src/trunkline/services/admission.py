"""Who may call us: a call is let in by where it came from, or by what it proves, to a number of ours and no other."""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from trunkline.domain.number import Number
from trunkline.domain.plan import TrunkPlan
from trunkline.domain.trunk import Trunk
from trunkline.ports.carrier import Offer, Proof
from trunkline.services import spelling
from trunkline.services.rooms import Rooms
from trunkline.storage import admitting
from trunkline.storage.admitting import Entrance
from trunkline.storage.steps import Steps
from trunkline.storage.vault import Vault

FORBIDDEN, NOT_FOUND = 403, 404
_SEVERAL = "several numbers of ours are dialled so; let the trunk send numbers with their country"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Awaitable[frozenset[Address]]]
"""Gives the addresses of a host name now; none where it has none."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call to a number of ours, over the trunk of that number; ``by`` says how it was let in: address or digest."""

    number: Number
    trunk: Trunk
    by: str


@dataclass(frozen=True, slots=True)
class Turned:
    """A call that is not let in: the SIP status, and why, without anything that the caller wrote."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose caller must prove who it is first; ``stale``: it did, with a challenge that is out of date."""

    stale: bool


async def admit(rooms: Rooms, offer: Offer, resolve: Resolve) -> Admitted | Turned | Asked:
    """Whether a call may come in.

    The number that was called (Request-URI, else To) must be registered, active, and attached to an active trunk of its
    organisation; it may be spelled as in E.164, with 00 or nothing in place of +, or as it is dialled in its own country.
    The call must have come from one of that trunk's ``inbound_addresses`` (of a trunk that registers, also from its
    registrar), or prove the trunk's credentials. Where numbers of several organisations are dialled alike, only credentials
    tell them apart: anybody may register a number that ends so. Ports do not matter. Raises Unavailable while the
    database is away.
    """
    source = address_of(offer.source)
    if source is None:
        return Turned(FORBIDDEN, "nobody can say where it came from")
    found: list[Entrance] = []
    for spelled in dict.fromkeys((offer.called, offer.to)):
        found = found or await rooms.database.brief(_meant(spelled, rooms.vault), write=False)
    if not found:
        return Turned(NOT_FOUND, "no active number of ours with an active trunk was called")
    near = [entrance for entrance in found if await _comes_from(entrance.trunk, source, resolve)]
    if near and len({one.number.org_id for one in found}) == 1:
        return _only(near)
    if near:
        return Turned(NOT_FOUND, _SEVERAL)
    return _by_proof(found, offer)


async def registering(rooms: Rooms) -> list[TrunkPlan]:
    """The trunks, of whatever organisation, that send us calls where we register."""
    return [trunk.plan() for trunk in await rooms.database.brief(admitting.registering(rooms.vault), write=False)]


def address_of(source: str | None) -> Address | None:
    """The IP address of ``192.0.2.1:5060`` or ``[2001:db8::1]:5060``; None where there is none."""
    host = (source or "").rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _meant(spelled: str, vault: Vault) -> Steps[list[Entrance]]:
    whole, ending = spelling.international(spelled), spelling.ending(spelled)
    found = (yield from admitting.by_number(whole, vault)) if whole is not None else []
    if found or ending is None:
        return found
    alike = yield from admitting.by_ending(ending, vault)
    return [entrance for entrance in alike if spelling.is_national(spelled, entrance.number.phone_number)]


async def _comes_from(trunk: Trunk, source: Address, resolve: Resolve) -> bool:
    names = []
    for entry in (*trunk.inbound_addresses, *((trunk.host,) if trunk.register else ())):
        try:
            if source in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            names.append(entry)
    for name in names:
        if source in await resolve(name):
            return True
    return False


def _only(near: Sequence[Entrance]) -> Admitted | Turned:
    """One number alone: of several that are dialled alike, that of the country that its trunk is said to be of."""
    at_home = [one for one in near if spelling.same_country(one.trunk.outbound_number, one.number.phone_number)]
    chosen = near if len(near) == 1 else at_home
    if len(chosen) != 1:
        return Turned(NOT_FOUND, _SEVERAL)
    return Admitted(chosen[0].number, chosen[0].trunk, "address")


def _by_proof(found: Sequence[Entrance], offer: Offer) -> Admitted | Turned | Asked:
    proofs = set()
    for one in found:
        if one.trunk.auth_username and one.trunk.auth_password:
            proof = offer.proves(one.trunk.auth_username, one.trunk.auth_password)
            if proof is Proof.GOOD:
                return Admitted(one.number, one.trunk, "digest")
            proofs.add(proof)
    if not proofs:
        return Turned(FORBIDDEN, "it came from no address that the number's trunk takes calls from")
    if Proof.STALE in proofs:
        return Asked(stale=True)
    if Proof.WRONG in proofs:
        return Turned(FORBIDDEN, "its credentials are not those of the number's trunk")
    return Asked(stale=False)
