"""Webhook deliveries as replies show them."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.storage.deliveries import Delivery


class Attempt(Shown):
    """One attempt to deliver."""

    at: Moment = Field(description="When.")
    status_code: int | None = Field(description="What the receiver answered.")
    duration_ms: float = Field(description="How long it took.")
    error: str | None = Field(description="What went wrong.")
    reply: str | None = Field(description="The first 2 KiB of the answer.")


class DeliveryShown(Shown):
    """One thing that a receiver is told."""

    id: str = Field(description="Its id, and the `webhook-id` of the request.")
    call_id: str = Field(description="The call it tells of.")
    event: str = Field(description="What it tells: status-update or end-of-call-report.")
    url: str = Field(description="Where it goes.")
    status: Literal["pending", "delivered", "dead"] = Field(description="`dead` after the last try.")
    attempts: list[Attempt] = Field(description="All tries so far.")
    next_attempt_at: Moment | None = Field(description="When it is tried next.")
    created_at: Moment = Field(description="When it was written.")


class DeliveriesReply(Shown):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryShown] = Field(description="The deliveries.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a reply shows it."""
    return {
        "id": delivery.id,
        "call_id": delivery.call_id,
        "event": delivery.event,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": list(delivery.attempts),
        "next_attempt_at": moment(delivery.next_attempt_at),
        "created_at": moment(delivery.created_at),
    }
