"""What is kept of what happened: webhook deliveries."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from trunkline.client import types
from trunkline.client.sync.noun import Pages, Resource


class Webhooks(Resource):
    """Webhook deliveries."""

    def deliveries(self, *, limit: int | None = None, offset: int = 0) -> Pages[types.Delivery]:
        """All deliveries, newest first."""
        return self._pages("/webhook-deliveries", "deliveries", limit, offset)
