"""SIP trunks in the database; their passwords are sealed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.trunk import Trunk
from trunkline.storage import tables
from trunkline.storage.repository import Nouns

_KEPT_ALONE = ("auth_password_sealed", "inbound_addresses", "next_dial_at")


class Trunks(Nouns[Trunk]):
    """The trunks of an organisation."""

    table = tables.trunks
    noun = "SIP trunk"

    def _item(self, row: RowMapping) -> Trunk:
        return Trunk(
            auth_password=self._vault.open_maybe(row["auth_password_sealed"]),
            inbound_addresses=tuple(row["inbound_addresses"]),
            **{name: value for name, value in row.items() if name not in _KEPT_ALONE},
        )

    def _values(self, item: Trunk) -> dict[str, Any]:
        plain = {c.name: getattr(item, c.name) for c in self.table.columns if c.name not in _KEPT_ALONE}
        return plain | {
            "auth_password_sealed": self._vault.seal_maybe(item.auth_password),
            "inbound_addresses": list(item.inbound_addresses),
        }

    async def of_ids(self, ids: Sequence[str]) -> list[Trunk]:
        """The trunks of these ids, in no order."""
        return [self._item(row) for row in await self._rows(self._select().where(self.table.c.id.in_(ids)))]
