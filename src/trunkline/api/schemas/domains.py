"""The domain of an organisation's e-mails as it is asked for and shown."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Asked, Moment, Shown, moment
from trunkline.domain.mail_domain import DomainStatus, MailDomain
from trunkline.services.domains import Choice

STATUS = "`verified` sends; `failed`: the records were not found."


class DomainNamed(Asked):
    """Which domain, for those who want to say; an organisation has one."""

    domain_id: str | None = Field(None, max_length=128, description="Its id, ours or Resend's; another gives 404.")


class RecordShown(Shown):
    """One DNS record that the domain needs."""

    record: str = Field(description="What it is for: SPF, DKIM.")
    name: str = Field(description="Its name, below the domain.")
    type: str = Field(description="MX, TXT or CNAME.")
    ttl: str = Field(description="How long it may be remembered; `Auto` leaves it to you.")
    status: str = Field(description="Whether it was found.")
    value: str = Field(description="What it must say.")
    priority: int | None = Field(description="Of an MX record.")


class DomainShown(Shown):
    """The domain that reports are e-mailed from."""

    id: str = Field(description="Its id.")
    org_id: str = Field(description="Whose it is.")
    domain_name: str = Field(description="Its name.")
    resend_domain_id: str = Field(description="Its id at Resend.")
    status: DomainStatus = Field(description=STATUS)
    region: str | None = Field(description="Where Resend sends from.")
    records: list[RecordShown] = Field(description="The DNS records that it needs.")
    created_at: Moment = Field(description="When it was registered or chosen here.")
    updated_at: Moment = Field(description="When something of it last changed.")
    verified_at: Moment | None = Field(description="Since when it is known to be verified.")


class DomainReply(Shown):
    """One domain."""

    domain: DomainShown = Field(description="The domain.")


class DomainsReply(Shown):
    """The organisation's domain, alone and as a list of one or none."""

    domain: DomainShown | None = Field(description="The domain; null where there is none.")
    domains: list[DomainShown] = Field(description="The same as a list.")


class ChoiceShown(Shown):
    """A domain that can be chosen."""

    id: str = Field(description="Its id at Resend.")
    name: str = Field(description="Its name.")
    status: DomainStatus = Field(description=STATUS)
    region: str | None = Field(description="Where Resend sends from.")


class ChoicesReply(Shown):
    """What can be chosen, and what was."""

    domains: list[ChoiceShown] = Field(description="The domains of the account that the key opens.")
    selected_domain_id: str | None = Field(description="Resend's id of the chosen one.")


def shown(domain: MailDomain) -> dict[str, Any]:
    """A domain as a reply shows it."""
    return {
        "id": domain.id,
        "org_id": domain.org_id,
        "domain_name": domain.domain_name,
        "resend_domain_id": domain.resend_domain_id,
        "status": domain.status,
        "region": domain.region,
        "records": list(domain.records),
        "created_at": moment(domain.created_at),
        "updated_at": moment(domain.updated_at),
        "verified_at": moment(domain.verified_at),
    }


def choices_shown(choice: Choice) -> dict[str, Any]:
    """What can be chosen, as a reply shows it."""
    listed = [{"id": one.id, "name": one.name, "status": one.status, "region": one.region} for one in choice.domains]
    return {"domains": listed, "selected_domain_id": choice.selected_id}
