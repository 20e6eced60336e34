"""The domains that e-mails come from, one of an organisation at most."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.mail_domain import MailDomain
from trunkline.storage import tables
from trunkline.storage.repository import Nouns


class Domains(Nouns[MailDomain]):
    """The domain of an organisation."""

    table = tables.domains
    noun = "domain"
    logged_as = "domain"

    async def of(self, org_id: str) -> MailDomain | None:
        """The organisation's domain, None where it has none."""
        row = await self._row(self._select().where(self.table.c.org_id == org_id))
        return None if row is None else self._item(row)

    def _item(self, row: RowMapping) -> MailDomain:
        return MailDomain(**{**dict(row), "records": tuple(row["records"])})

    def _values(self, item: MailDomain) -> dict[str, Any]:
        return {**asdict(item), "records": list(item.records)}
