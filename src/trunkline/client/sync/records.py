"""What is kept of what happened: webhook deliveries, what was used, and what was changed."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.sync.noun import Pages, Resource
from trunkline.client.wire import path_of


class Webhooks(Resource):
    """Webhook deliveries, and webhooks for trying out."""

    def deliveries(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListWebhookDeliveriesQuery]
    ) -> Pages[types.Delivery]:
        """All deliveries that the filters leave, newest first."""
        return self._pages("/webhook-deliveries", "deliveries", limit, offset, filters)

    def delivery(self, id: str) -> types.Delivery:
        """One delivery, with its attempts. Raises NotFound."""
        return cast(types.Delivery, (self._get(path_of("webhook-deliveries", id)))["delivery"])

    def redeliver(self, id: str) -> types.Delivery:
        """Sends a delivery again. Raises NotFound."""
        reply = self._post(path_of("webhook-deliveries", id, "redeliver"))
        return cast(types.Delivery, reply["delivery"])

    def test(self, **wanted: Unpack[types.WebhookTest]) -> types.WebhookTestReply:
        """Sends a webhook for trying out, and tells what came of it."""
        return cast(types.WebhookTestReply, self._post("/webhooks/test", wanted))


class Usage(Resource):
    """What was used."""

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListUsageQuery]
    ) -> Pages[types.UsageLog]:
        """The answered calls that the filters leave, newest first; ``summary`` of a page has the sums of all."""
        return self._pages("/usage", "logs", limit, offset, filters)

    def summary(self, **filters: Unpack[types.ListUsageQuery]) -> types.UsageSummary:
        """What the answered calls that the filters leave come to."""
        return cast(types.UsageSummary, (self._get("/usage", {**filters, "limit": 1}))["summary"])


class AuditLog(Resource):
    """What was changed, and by whom."""

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListAuditLogQuery]
    ) -> Pages[types.AuditEntry]:
        """The changes that the filters leave, newest first."""
        return self._pages("/audit-log", "entries", limit, offset, filters)
