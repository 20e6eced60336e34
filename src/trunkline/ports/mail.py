"""The door to whoever sends our e-mails, and keeps the domains that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail. ``sender`` is an address, or a name and an address in angle brackets."""

    sender: str = field(repr=False)
    to: tuple[str, ...] = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DomainRecord:
    """One DNS record that a domain needs, as the vendor writes it; ``record`` says what for (SPF, DKIM)."""

    record: str
    name: str
    type: str
    ttl: str
    status: str
    value: str
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """A domain at the vendor. ``status`` is not_started, pending, verified or failed; ``records`` is empty in lists."""

    id: str
    name: str
    status: str
    region: str | None = None
    records: tuple[DomainRecord, ...] = ()


class Mailer(Protocol):
    """Sends e-mails with an organisation's own key, else the platform's. All raise Invalid (``mail_not_configured``) where
    there is neither, and Upstream."""

    def has_key(self, key: SecretStr | None) -> bool:
        """Whether there is a key to send with: this one, or the platform's."""

    async def send(self, mail: Mail, once: str, key: SecretStr | None) -> str:
        """Sends, and gives the vendor's id; a second time under the same ``once`` within a day sends nothing. Empty where
        the vendor only says that another text went out under it before."""

    async def create_domain(self, name: str, key: SecretStr | None) -> DomainFacts:
        """Registers a domain. Raises Invalid where the vendor does not take it."""

    async def domain(self, id: str, key: SecretStr | None) -> DomainFacts:
        """A domain with its records. Raises NotFound."""

    async def domains(self, key: SecretStr | None) -> Sequence[DomainFacts]:
        """All domains of the key's account."""

    async def verify_domain(self, id: str, key: SecretStr | None) -> None:
        """Asks the vendor to look for the records. Raises NotFound."""

    async def delete_domain(self, id: str, key: SecretStr | None) -> None:
        """Removes a domain. Raises NotFound."""
