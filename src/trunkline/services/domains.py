"""The domain that an organisation's e-mails come from: registered at the vendor or chosen there, verified, and let go.

An organisation has one. With a key of its own it may choose any domain of its account; with the platform's key, whose
account holds those of others too, it sees and chooses none but the one that it registered itself.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trunkline.base.errors import Conflict, Invalid, NotFound, Upstream
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.mail_domain import MailDomain
from trunkline.ports.mail import DomainFacts
from trunkline.services.mail import mailer, own_key
from trunkline.services.rooms import Rooms

NONE = "There is no domain; register one with POST /domains, or choose one of your account with POST /domains/sync."


class NewDomain(BaseModel):
    """A domain to send e-mails from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain_name: str = Field(
        max_length=253,
        pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}$",
        description="Its name, as `mail.example.com`; others than ASCII in punycode.",
    )


class ChosenDomain(BaseModel):
    """A domain that the vendor knows already."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resend_domain_id: str = Field(min_length=1, max_length=128, description="Its id at Resend.")


@dataclass(frozen=True, slots=True)
class Choice:
    """The domains that can be chosen, and the vendor's id of the chosen one."""

    domains: Sequence[DomainFacts]
    selected_id: str | None


async def find(rooms: Rooms, caller: Caller) -> MailDomain | None:
    """The organisation's domain as we know it, None where it has none."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.domains.of(caller.org_id)


async def create(rooms: Rooms, caller: Caller, wanted: NewDomain) -> MailDomain:
    """Registers a domain at the vendor. Raises Conflict (``domain_exists``), Invalid and Upstream."""
    if (before := await find(rooms, caller)) is not None:
        raise _exists(before)
    key = await own_key(rooms, caller.org_id)
    facts = await mailer(rooms).create_domain(wanted.domain_name.lower(), key)
    try:
        return await _keep(rooms, caller, facts, None, registered_here=True)
    except Conflict:
        await mailer(rooms).delete_domain(facts.id, key)
        raise


async def delete(rooms: Rooms, caller: Caller) -> None:
    """Lets the domain go; at the vendor too where it was registered here. Raises NotFound, and Upstream where the vendor
    is away."""
    domain = await _there(rooms, caller)
    if domain.registered_here:
        await _delete_at_vendor(rooms, domain, await own_key(rooms, caller.org_id))
    async with rooms.unit(caller) as unit:
        await unit.domains.delete(domain.id)


async def choices(rooms: Rooms, caller: Caller) -> Choice:
    """What can be chosen. Raises Invalid (``mail_not_configured``) and Upstream."""
    chosen = await find(rooms, caller)
    selected = chosen.resend_domain_id if chosen else None
    key = await own_key(rooms, caller.org_id)
    listed = await mailer(rooms).domains(key)
    return Choice([one for one in listed if key is not None or one.id == selected], selected)


async def choose(rooms: Rooms, caller: Caller, wanted: ChosenDomain) -> MailDomain:
    """Takes a domain of the account in place of the one before. Raises NotFound, Invalid and Upstream."""
    before = await find(rooms, caller)
    same = before is not None and before.resend_domain_id == wanted.resend_domain_id
    key = await own_key(rooms, caller.org_id)
    if key is None and not same and mailer(rooms).has_key(None):
        raise NotFound("Your organisation has no such domain; choosing from an account needs a key of your own.")
    facts = await mailer(rooms).domain(wanted.resend_domain_id, key)
    return await _keep(
        rooms, caller, facts, before, registered_here=same and before is not None and before.registered_here
    )


async def verify(rooms: Rooms, caller: Caller) -> MailDomain:
    """Has the vendor look for the records. What came of it is seen by ``refresh``. Raises NotFound and Upstream."""
    domain = await _there(rooms, caller)
    key = await own_key(rooms, caller.org_id)
    await mailer(rooms).verify_domain(domain.resend_domain_id, key)
    return await _read_again(rooms, caller, domain, key)


async def refresh(rooms: Rooms, caller: Caller) -> MailDomain:
    """The domain as the vendor has it now. Raises NotFound and Upstream."""
    return await _read_again(rooms, caller, await _there(rooms, caller), await own_key(rooms, caller.org_id))


async def _there(rooms: Rooms, caller: Caller) -> MailDomain:
    domain = await find(rooms, caller)
    if domain is None:
        raise NotFound(NONE)
    return domain


async def _read_again(rooms: Rooms, caller: Caller, domain: MailDomain, key: SecretStr | None) -> MailDomain:
    facts = await mailer(rooms).domain(domain.resend_domain_id, key)
    return await _keep(rooms, caller, facts, domain, registered_here=domain.registered_here)


async def _keep(
    rooms: Rooms, caller: Caller, facts: DomainFacts, before: MailDomain | None, *, registered_here: bool
) -> MailDomain:
    """Writes what the vendor says over ``before``. Raises Conflict where another request changed it meanwhile."""
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        await unit.organisations.get(caller.org_id, lock=True)
        stored = await unit.domains.of(caller.org_id)
        if (stored and stored.id) != (before and before.id):
            raise _exists(stored) if stored else NotFound(NONE)
        same = stored is not None and stored.resend_domain_id == facts.id
        verified_at = (stored.verified_at if stored and same else None) or now
        domain = MailDomain(
            id=stored.id if stored and same else new_id(),
            org_id=caller.org_id,
            domain_name=facts.name,
            resend_domain_id=facts.id,
            status=facts.status,
            region=facts.region,
            records=tuple(asdict(record) for record in facts.records),
            registered_here=registered_here,
            verified_at=verified_at if facts.status == "verified" else None,
            created_at=stored.created_at if stored and same else now,
            updated_at=now,
        )
        if stored is None:
            await unit.domains.add(domain)
        elif same:
            if replace(domain, updated_at=stored.updated_at) == stored:
                return stored
            await unit.domains.save(domain)
        else:
            await unit.domains.delete(stored.id)
            await unit.domains.add(domain)
    return domain


async def _delete_at_vendor(rooms: Rooms, domain: MailDomain, key: SecretStr | None) -> None:
    """A domain that is gone there, or whose key works no more, does not keep it here."""
    try:
        await mailer(rooms).delete_domain(domain.resend_domain_id, key)
    except (NotFound, Invalid):
        return
    except Upstream as error:
        if error.retryable:
            raise


def _exists(domain: MailDomain) -> Conflict:
    return Conflict(
        f"There is a domain already, {domain.domain_name}; DELETE /domains lets it go.",
        code="domain_exists",
        title="Domain exists",
    )
