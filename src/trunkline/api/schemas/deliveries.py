"""Webhook deliveries as they are asked for and shown, and what a test send comes to."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Paging, Shown, moment
from trunkline.services.deliveries import WebhookTested
from trunkline.storage.deliveries import Delivery

Status = Literal["pending", "delivered", "dead"]


class DeliveryQuery(Paging):
    """Which deliveries to list; everything given must fit."""

    call_id: str | None = Field(None, description="The call that they tell of.")
    status: Status | None = Field(None, description="Where they stand; `dead` are those that were given up.")
    event: Literal["status-update", "end-of-call-report"] | None = Field(None, description="What they tell.")
    start_date: str | None = Field(
        None, description="Written at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."
    )
    end_date: str | None = Field(
        None, description="Written at or before: ISO 8601 with an offset, or a date (its end in UTC)."
    )


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
    url: str = Field(description="Where it goes; `mailto:` and an address for a report by e-mail.")
    status: Status = Field(description="`dead` after the last try.")
    attempts: list[Attempt] = Field(description="All tries so far.")
    next_attempt_at: Moment | None = Field(description="When it is tried next.")
    created_at: Moment = Field(description="When it was written.")


class DeliveryDetailed(DeliveryShown):
    """One thing that a receiver is told, with the words."""

    body: str | None = Field(description="What is sent, as JSON; null once it has been deleted.")


class DeliveriesReply(Shown):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryShown] = Field(description="The deliveries.")
    pagination: Pagination = Field(description="Which part this is.")


class DeliveryReply(Shown):
    """One delivery."""

    delivery: DeliveryDetailed = Field(description="The delivery.")


class WebhookTestReply(Shown):
    """What came of a test send."""

    success: bool = Field(description="Whether the receiver answered with any 2xx.")
    event: str = Field(description="The event that the sample is of.")
    url: str = Field(description="Where it went.")
    webhook_id: str = Field(description="The `webhook-id` of the request.")
    signed: bool = Field(description="Whether there was a secret to sign it with.")
    body: dict[str, Any] = Field(description="What was sent; `message.test` is true.")
    attempt: Attempt = Field(description="What came of it.")


def shown(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a list shows it."""
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


def detailed(delivery: Delivery) -> dict[str, Any]:
    """A delivery with what it says."""
    return {**shown(delivery), "body": delivery.body}


def tested(test: WebhookTested) -> dict[str, Any]:
    """What came of a test send, as a reply shows it."""
    sample, outcome = test.sample, test.outcome
    return {
        "success": outcome.accepted,
        "event": sample.event,
        "url": sample.url,
        "webhook_id": sample.webhook_id,
        "signed": sample.secret is not None,
        "body": outcome.body,
        "attempt": {
            "at": moment(outcome.at),
            "status_code": outcome.status_code,
            "duration_ms": round(outcome.duration_ms, 1),
            "error": outcome.error,
            "reply": outcome.reply,
        },
    }
