"""What calls are made with: assistants, phone numbers, SIP trunks and voices."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.sync.noun import Noun, Resource
from trunkline.client.wire import path_of


class Assistants(Noun[types.Assistant]):
    """Assistants."""

    PATH, ONE, MANY = "assistants", "assistant", "assistants"

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.AssistantSettings]
    ) -> types.Assistant:
        """Makes an assistant; only ``name`` is required."""
        return self._create(settings, idempotency_key)

    def update(self, id: str, **changes: Unpack[types.AssistantChanges]) -> types.Assistant:
        """Changes only what is given."""
        return self._update(id, changes)


class Numbers(Noun[types.PhoneNumber]):
    """Phone numbers."""

    PATH, ONE, MANY = "numbers", "number", "numbers"

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.NumberSettings]
    ) -> types.PhoneNumber:
        """Registers a number."""
        return self._create(settings, idempotency_key)

    def update(self, id: str, **changes: Unpack[types.NumberChanges]) -> types.PhoneNumber:
        """Changes only what is given; None detaches."""
        return self._update(id, changes)


class Trunks(Noun[types.Trunk]):
    """SIP trunks."""

    PATH, ONE, MANY = "sip-trunks", "trunk", "trunks"

    def create(self, *, idempotency_key: str | None = None, **settings: Unpack[types.TrunkSettings]) -> types.Trunk:
        """Adds a trunk."""
        return self._create(settings, idempotency_key)

    def update(self, id: str, **changes: Unpack[types.TrunkChanges]) -> types.Trunk:
        """Changes only what is given."""
        return self._update(id, changes)

    def test(self, id: str) -> types.TestReply:
        """Resolves its address, asks OPTIONS and registers where it should; calls nobody."""
        return cast(types.TestReply, self._post(path_of(self.PATH, id, "test")))


class Voices(Resource):
    """Voices."""

    def list(self, **filters: Unpack[types.ListVoicesQuery]) -> list[types.Voice]:
        """The local voices, and those of the vendors that there is a key of."""
        return cast(list[types.Voice], (self._get("/voices", filters))["voices"])
