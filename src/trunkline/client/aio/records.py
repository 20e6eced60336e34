"""What is kept of what happened: webhook deliveries."""

from trunkline.client import types
from trunkline.client.aio.noun import AsyncPages, AsyncResource


class AsyncWebhooks(AsyncResource):
    """Webhook deliveries."""

    def deliveries(self, *, limit: int | None = None, offset: int = 0) -> AsyncPages[types.Delivery]:
        """All deliveries, newest first."""
        return self._pages("/webhook-deliveries", "deliveries", limit, offset)
