"""E-mail of an organisation: who sends it, with which key, and from which address."""

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.ports.mail import Mailer
from trunkline.services.rooms import Rooms
from trunkline.storage.provider_keys import sealed_keys

VENDOR = "resend"
LOCAL_PART = "reports"
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>"\\,;:@()[]\r\n\t\0', " "))
_LONGEST_NAME = 80


def mailer(rooms: Rooms) -> Mailer:
    """Who sends. Raises Invalid (``mail_not_configured``) in a process that sends none."""
    if rooms.mailer is None:
        raise Invalid("this process sends no e-mail", code="mail_not_configured", title="E-mail not configured")
    return rooms.mailer


async def own_key(rooms: Rooms, org_id: str) -> SecretStr | None:
    """The organisation's own key for the vendor, None where the platform's is used."""
    sealed = await rooms.database.brief(sealed_keys(org_id), write=False)
    return SecretStr(rooms.vault.open(sealed[VENDOR])) if VENDOR in sealed else None


async def sender_of(rooms: Rooms, org_id: str, name: str | None) -> str:
    """The sender of an organisation's mails: an address of its verified domain, with ``name`` before it, else the
    platform's. Raises Invalid (``mail_not_configured``) where there is neither."""
    async with rooms.database.system(write=False) as unit:
        domain = await unit.domains.of(org_id)
    if domain is not None and domain.status == "verified":
        shown = " ".join((name or "").translate(_NOT_IN_NAMES).split())[:_LONGEST_NAME]
        address = f"{LOCAL_PART}@{domain.domain_name}"
        return f"{shown} <{address}>" if shown else address
    if rooms.limits.mail_from is None:
        raise Invalid(
            "There is no address to send e-mail from: verify a domain of yours (POST /domains), or have the operator set "
            "TRUNKLINE_MAIL_FROM.",
            code="mail_not_configured",
            title="E-mail not configured",
        )
    return rooms.limits.mail_from
