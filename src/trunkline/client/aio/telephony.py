"""What calls are made with: assistants, phone numbers, SIP trunks and voices."""

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.aio.noun import AsyncNoun, AsyncResource
from trunkline.client.wire import path_of


class AsyncAssistants(AsyncNoun[types.Assistant]):
    """Assistants."""

    PATH, ONE, MANY = "assistants", "assistant", "assistants"

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.AssistantSettings]
    ) -> types.Assistant:
        """Makes an assistant; only ``name`` is required."""
        return await self._create(settings, idempotency_key)

    async def update(self, id: str, **changes: Unpack[types.AssistantChanges]) -> types.Assistant:
        """Changes only what is given."""
        return await self._update(id, changes)


class AsyncNumbers(AsyncNoun[types.PhoneNumber]):
    """Phone numbers."""

    PATH, ONE, MANY = "numbers", "number", "numbers"

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.NumberSettings]
    ) -> types.PhoneNumber:
        """Registers a number."""
        return await self._create(settings, idempotency_key)

    async def update(self, id: str, **changes: Unpack[types.NumberChanges]) -> types.PhoneNumber:
        """Changes only what is given; None detaches."""
        return await self._update(id, changes)


class AsyncTrunks(AsyncNoun[types.Trunk]):
    """SIP trunks."""

    PATH, ONE, MANY = "sip-trunks", "trunk", "trunks"

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.TrunkSettings]
    ) -> types.Trunk:
        """Adds a trunk."""
        return await self._create(settings, idempotency_key)

    async def update(self, id: str, **changes: Unpack[types.TrunkChanges]) -> types.Trunk:
        """Changes only what is given."""
        return await self._update(id, changes)

    async def test(self, id: str) -> types.TestReply:
        """Resolves its address, asks OPTIONS and registers where it should; calls nobody."""
        return cast(types.TestReply, await self._post(path_of(self.PATH, id, "test")))


class AsyncVoices(AsyncResource):
    """Voices."""

    async def list(self, **filters: Unpack[types.ListVoicesQuery]) -> list[types.Voice]:
        """The local voices, and those of the vendors that there is a key of."""
        return cast(list[types.Voice], (await self._get("/voices", filters))["voices"])
