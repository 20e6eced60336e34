"""Webhook deliveries over HTTP: how they went, sending one again, and trying a receiver."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import NoBody, paged
from trunkline.api.schemas.calls import bound
from trunkline.api.schemas.deliveries import (
    DeliveriesReply,
    DeliveryQuery,
    DeliveryReply,
    WebhookTestReply,
    detailed,
    shown,
    tested,
)
from trunkline.services import deliveries
from trunkline.services.deliveries import DeliveryFilters, WebhookTest
from trunkline.services.validation import checked

TAG = "Webhooks"


async def list_(ask: Ask) -> Reply:
    """A page of deliveries."""
    query = ask.query(DeliveryQuery)
    filters = DeliveryFilters(
        call_id=query.call_id,
        status=query.status,
        event=query.event,
        start_date=bound(query.start_date, "start_date", end=False),
        end_date=bound(query.end_date, "end_date", end=True),
    )
    page = await deliveries.list_(ask.rooms, ask.caller, filters, query.limit, query.offset)
    return Reply(paged("deliveries", [shown(item) for item in page.items], page.total, query))


async def get(ask: Ask) -> Reply:
    """One delivery."""
    return Reply({"delivery": detailed(await deliveries.get(ask.rooms, ask.caller, ask.id))})


async def redeliver(ask: Ask) -> Reply:
    """A delivery that is on its way again."""
    checked(NoBody, ask.body)
    return Reply({"delivery": detailed(await deliveries.redeliver(ask.rooms, ask.caller, ask.id))})


async def test(ask: Ask) -> Reply:
    """A sample that was sent, and the answer to it."""
    return Reply(tested(await deliveries.send_test(ask.rooms, ask.caller, checked(WebhookTest, ask.body))))


OPERATIONS = (
    Operation(
        method="GET",
        path="/webhook-deliveries",
        run=list_,
        name="listWebhookDeliveries",
        tag=TAG,
        summary="List webhook deliveries",
        description="Newest first, each with its attempts; also the reports that go out by e-mail. `status=dead` lists "
        "those that were given up.",
        query=DeliveryQuery,
        reply=DeliveriesReply,
    ),
    Operation(
        method="GET",
        path="/webhook-deliveries/{id}",
        run=get,
        name="getWebhookDelivery",
        tag=TAG,
        summary="Read a webhook delivery",
        description="With what it says, as long as that is kept.",
        reply=DeliveryReply,
        codes=("not_found",),
    ),
    Operation(
        method="POST",
        path="/webhook-deliveries/{id}/redeliver",
        run=redeliver,
        name="redeliverWebhook",
        tag=TAG,
        summary="Send a webhook delivery again",
        description="Whether it was delivered, is dead, or waits: it goes out at once under the same `webhook-id`, with a "
        "new set of tries. In its call it keeps its place: what was written before it and is pending goes first.",
        scope="write",
        body=NoBody,
        request_example={},
        reply=DeliveryReply,
        codes=("not_found", "delivery_forgotten", "delivery_in_flight", "delivery_tried_too_often"),
    ),
    Operation(
        method="POST",
        path="/webhooks/test",
        run=test,
        name="testWebhook",
        tag=TAG,
        summary="Try a webhook receiver",
        description="Sends a sample event once and waits up to 10 s for the answer, which is in the reply: 200 with "
        "`success` false where the receiver could not be reached or did not answer with 2xx. The sample is signed as real "
        "events are and says `message.test`. It goes to the assistant's address, else the organisation's, or to `url`. "
        "Counts as a control command: 10 a minute for an organisation.",
        scope="write",
        body=WebhookTest,
        reply=WebhookTestReply,
        codes=("not_found", "at_capacity"),
        probes=True,
        request_example={
            "event": "end-of-call-report",
            "url": "https://example.com/hook",
            "secret": "a-long-random-text",
        },
    ),
)
