"""SIP trunks in the database; their passwords are sealed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.trunk import Trunk
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.vault import Vault

_KEPT_ALONE = ("auth_password_sealed", "inbound_addresses", "next_dial_at")


class Trunks(Nouns[Trunk]):
    """The trunks of an organisation."""

    table = tables.trunks
    noun = "SIP trunk"
    logged_as = "sip_trunk"
    unlogged = frozenset({"status"})

    def _item(self, row: RowMapping) -> Trunk:
        return trunk_of(dict(row), self._vault)

    def _values(self, item: Trunk) -> dict[str, Any]:
        plain = {c.name: getattr(item, c.name) for c in self.table.columns if c.name not in _KEPT_ALONE}
        return plain | {
            "auth_password_sealed": self._vault.seal_maybe(item.auth_password),
            "inbound_addresses": list(item.inbound_addresses),
        }


def trunk_of(row: Mapping[str, Any], vault: Vault) -> Trunk:
    """The trunk of a row."""
    return Trunk(
        auth_password=vault.open_maybe(row["auth_password_sealed"]),
        inbound_addresses=tuple(row["inbound_addresses"]),
        **{name: value for name, value in row.items() if name not in _KEPT_ALONE},
    )
