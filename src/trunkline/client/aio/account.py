"""Whose calls these are: the organisation, its keys, and its keys of vendors."""

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.aio.noun import AsyncPages, AsyncResource
from trunkline.client.wire import Request, path_of


class AsyncOrganisations(AsyncResource):
    """The organisation of the key, and those that it made."""

    async def get(self, *, include_children: bool = False) -> types.Organisation:
        """The organisation."""
        reply = await self._get("/organizations", {"include_children": include_children})
        return cast(types.Organisation, reply)

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.NewOrganisation]
    ) -> types.CreatedOrganisation:
        """Makes an organisation that bills to this one; its ``api_key`` is in the reply and never again."""
        return cast(types.CreatedOrganisation, await self._post("/organizations", settings, idempotency_key))

    async def update(self, **changes: Unpack[types.OrganisationChanges]) -> types.Organisation:
        """Changes only what is given; None clears."""
        return cast(types.Organisation, await self._patch("/organizations", changes))


class AsyncApiKeys(AsyncResource):
    """API keys."""

    def list(self, *, limit: int | None = None, offset: int = 0) -> AsyncPages[types.ApiKey]:
        """All keys, revoked ones too."""
        return self._pages("/api-keys", "api_keys", limit, offset)

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.NewKey]
    ) -> types.CreatedApiKey:
        """Makes a key; its text is ``key`` of the reply and never shown again."""
        return cast(types.CreatedApiKey, (await self._post("/api-keys", settings, idempotency_key))["api_key"])

    async def revoke(self, id: str) -> None:
        """Makes a key work no more, at once."""
        await self._delete(path_of("api-keys", id))


class AsyncByok(AsyncResource):
    """Keys of your own for vendors, and defaults."""

    async def get(self) -> types.SecretIds:
        """Which keys are stored; the keys themselves are never shown."""
        return cast(types.SecretIds, (await self._get("/byok"))["byok_keys"])

    async def store(self, provider: str, api_key: str, *, verify: bool | None = None) -> types.SecretIds:
        """Stores a vendor's key in place of the one that was there; with ``verify`` the vendor is asked about it first."""
        body = {"provider": provider, "api_key": api_key}
        return cast(types.SecretIds, (await self._post("/byok", body, query={"verify": verify}))["byok_keys"])

    async def forget(self, provider: str) -> types.SecretIds:
        """Removes a vendor's key."""
        reply = await self._connection.ask(Request("DELETE", "/byok", body={"provider": provider}))
        return cast(types.SecretIds, reply["byok_keys"])

    async def config(self) -> types.ByokConfigReply:
        """The vendors and models that there are, and the defaults that were chosen."""
        return cast(types.ByokConfigReply, await self._get("/byok/config"))

    async def set_config(self, provider: str, **defaults: Unpack[types.ProviderDefaults]) -> types.ByokConfigSet:
        """Sets the defaults for a vendor."""
        reply = await self._post("/byok/config", {"provider": provider, "config": defaults})
        return cast(types.ByokConfigSet, reply)
