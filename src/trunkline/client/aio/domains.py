"""The domain that reports are e-mailed from."""

from typing import cast

from trunkline.client import types
from trunkline.client.aio.noun import AsyncResource


class AsyncDomains(AsyncResource):
    """The e-mail domain; an organisation has one at most."""

    async def get(self) -> types.Domain | None:
        """The domain as it was last seen; None where there is none."""
        return cast(types.Domain | None, (await self._get("/domains"))["domain"])

    async def create(self, domain_name: str) -> types.Domain:
        """Registers a domain; enter its ``records`` with who keeps your DNS, then verify it."""
        return cast(types.Domain, (await self._post("/domains", {"domain_name": domain_name}))["domain"])

    async def delete(self) -> None:
        """Lets the domain go. Raises NotFound where there is none."""
        await self._delete("/domains")

    async def choices(self) -> types.ChoicesReply:
        """The domains of your Resend account, and the one that was chosen."""
        return cast(types.ChoicesReply, await self._get("/domains/sync"))

    async def choose(self, resend_domain_id: str) -> types.Domain:
        """Chooses a domain of your Resend account."""
        return cast(types.Domain, (await self._post("/domains/sync", {"resend_domain_id": resend_domain_id}))["domain"])

    async def verify(self) -> types.Domain:
        """Has the records looked for, which takes minutes to hours; refresh to see what came of it."""
        return cast(types.Domain, (await self._post("/domains/verify"))["domain"])

    async def refresh(self) -> types.Domain:
        """The domain as it stands now."""
        return cast(types.Domain, (await self._post("/domains/refresh"))["domain"])
