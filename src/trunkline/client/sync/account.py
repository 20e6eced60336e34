"""Whose calls these are: the organisation, its keys, and its keys of vendors."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.sync.noun import Pages, Resource
from trunkline.client.wire import Request, path_of


class Organisations(Resource):
    """The organisation of the key, and those that it made."""

    def get(self, *, include_children: bool = False) -> types.Organisation:
        """The organisation."""
        reply = self._get("/organizations", {"include_children": include_children})
        return cast(types.Organisation, reply)

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.NewOrganisation]
    ) -> types.CreatedOrganisation:
        """Makes an organisation that bills to this one; its ``api_key`` is in the reply and never again."""
        return cast(types.CreatedOrganisation, self._post("/organizations", settings, idempotency_key))

    def update(self, **changes: Unpack[types.OrganisationChanges]) -> types.Organisation:
        """Changes only what is given; None clears."""
        return cast(types.Organisation, self._patch("/organizations", changes))


class ApiKeys(Resource):
    """API keys."""

    def list(self, *, limit: int | None = None, offset: int = 0) -> Pages[types.ApiKey]:
        """All keys, revoked ones too."""
        return self._pages("/api-keys", "api_keys", limit, offset)

    def create(self, *, idempotency_key: str | None = None, **settings: Unpack[types.NewKey]) -> types.CreatedApiKey:
        """Makes a key; its text is ``key`` of the reply and never shown again."""
        return cast(types.CreatedApiKey, (self._post("/api-keys", settings, idempotency_key))["api_key"])

    def revoke(self, id: str) -> None:
        """Makes a key work no more, at once."""
        self._delete(path_of("api-keys", id))


class Byok(Resource):
    """Keys of your own for vendors, and defaults."""

    def get(self) -> types.SecretIds:
        """Which keys are stored; the keys themselves are never shown."""
        return cast(types.SecretIds, (self._get("/byok"))["byok_keys"])

    def store(self, provider: str, api_key: str, *, verify: bool | None = None) -> types.SecretIds:
        """Stores a vendor's key in place of the one that was there; with ``verify`` the vendor is asked about it first."""
        body = {"provider": provider, "api_key": api_key}
        return cast(types.SecretIds, (self._post("/byok", body, query={"verify": verify}))["byok_keys"])

    def forget(self, provider: str) -> types.SecretIds:
        """Removes a vendor's key."""
        reply = self._connection.ask(Request("DELETE", "/byok", body={"provider": provider}))
        return cast(types.SecretIds, reply["byok_keys"])

    def config(self) -> types.ByokConfigReply:
        """The vendors and models that there are, and the defaults that were chosen."""
        return cast(types.ByokConfigReply, self._get("/byok/config"))

    def set_config(self, provider: str, **defaults: Unpack[types.ProviderDefaults]) -> types.ByokConfigSet:
        """Sets the defaults for a vendor."""
        reply = self._post("/byok/config", {"provider": provider, "config": defaults})
        return cast(types.ByokConfigSet, reply)
