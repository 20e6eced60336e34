"""The domain that reports are e-mailed from."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import cast

from trunkline.client import types
from trunkline.client.sync.noun import Resource


class Domains(Resource):
    """The e-mail domain; an organisation has one at most."""

    def get(self) -> types.Domain | None:
        """The domain as it was last seen; None where there is none."""
        return cast(types.Domain | None, (self._get("/domains"))["domain"])

    def create(self, domain_name: str) -> types.Domain:
        """Registers a domain; enter its ``records`` with who keeps your DNS, then verify it."""
        return cast(types.Domain, (self._post("/domains", {"domain_name": domain_name}))["domain"])

    def delete(self) -> None:
        """Lets the domain go. Raises NotFound where there is none."""
        self._delete("/domains")

    def choices(self) -> types.ChoicesReply:
        """The domains of your Resend account, and the one that was chosen."""
        return cast(types.ChoicesReply, self._get("/domains/sync"))

    def choose(self, resend_domain_id: str) -> types.Domain:
        """Chooses a domain of your Resend account."""
        return cast(types.Domain, (self._post("/domains/sync", {"resend_domain_id": resend_domain_id}))["domain"])

    def verify(self) -> types.Domain:
        """Has the records looked for, which takes minutes to hours; refresh to see what came of it."""
        return cast(types.Domain, (self._post("/domains/verify"))["domain"])

    def refresh(self) -> types.Domain:
        """The domain as it stands now."""
        return cast(types.Domain, (self._post("/domains/refresh"))["domain"])
