"""The webhook deliveries of an organisation: how they went, sending one again, and trying a receiver with a sample."""

from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trunkline.base.errors import Conflict, Invalid, Unavailable
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.assistant import AssistantSettings, WebhookEvent
from trunkline.ports.webhooks import Probed, Sample
from trunkline.services.addresses import webhook_problem
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import invalid
from trunkline.storage.deliveries import Delivery, DeliveryFilters
from trunkline.storage.secrets import public

__all__ = ["DeliveryFilters", "WebhookTest", "WebhookTested", "get", "list_", "redeliver", "send_test"]

MOST_ATTEMPTS = 200


class WebhookTest(BaseModel):
    """A sample event, and where it is to go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: WebhookEvent = Field("status-update", description="Which event the sample is of.")
    assistant_id: str | None = Field(
        None,
        description="The assistant whose address, secret and configuration are used; left out: the organisation's.",
    )
    url: str | None = Field(
        None, max_length=2000, description="Another address than the configured one; `secret` signs what goes there."
    )
    secret: SecretStr | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="Signs the sample in place of the configured secret; never kept.",
    )


@dataclass(frozen=True, slots=True)
class WebhookTested:
    """A sample that was sent, and what came of it."""

    sample: Sample
    outcome: Probed


async def list_(rooms: Rooms, caller: Caller, filters: DeliveryFilters, limit: int, offset: int) -> Page[Delivery]:
    """A page of deliveries, newest first, with every attempt."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.deliveries.page(filters, limit, offset))


async def get(rooms: Rooms, caller: Caller, delivery_id: str) -> Delivery:
    """One delivery. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.deliveries.get(delivery_id)


async def redeliver(rooms: Rooms, caller: Caller, delivery_id: str) -> Delivery:
    """Has a delivery sent again, wherever it stands: under the same id, at once, with a new set of tries.

    Raises NotFound, and Conflict where its content has been deleted, an attempt is under way, or there were too many.
    """
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        before = await unit.deliveries.get(delivery_id, lock=True)
        if before.body is None:
            raise Conflict(
                "What this delivery said has been deleted, so it cannot be sent again.",
                code="delivery_forgotten",
                title="Delivery forgotten",
            )
        if before.status == "pending" and before.claimed_until is not None and before.claimed_until > now:
            raise Conflict(
                "This delivery is being tried at this moment; read it again in some seconds.",
                code="delivery_in_flight",
                title="Delivery in flight",
            )
        if len(before.attempts) >= MOST_ATTEMPTS:
            raise Conflict(
                f"This delivery was tried {len(before.attempts)} times; it is not sent again.",
                code="delivery_tried_too_often",
                title="Delivery tried too often",
            )
        after = replace(
            before,
            status="pending",
            next_attempt_at=now,
            failing_since=None,
            claimed_until=None,
            earlier_attempts=len(before.attempts),
        )
        await unit.deliveries.save(after)
        await unit.audit.note("redelivered", "webhook_delivery", delivery_id)
    return after


async def send_test(rooms: Rooms, caller: Caller, wanted: WebhookTest) -> WebhookTested:
    """Sends a sample at once, once, and waits for the answer. Nothing of it is kept. Raises NotFound and Invalid."""
    assistant, url, secret = await _configured(rooms, caller, wanted.assistant_id)
    if wanted.url is not None and wanted.url != url:
        url, secret = wanted.url, None
    if wanted.secret is not None:
        secret = wanted.secret.get_secret_value()
    if url is None:
        raise Invalid(
            "There is no address to send the sample to: give a url, or set webhook_url of the assistant or the "
            "organisation (PATCH /organizations).",
            details=["url: is required while no webhook_url is set"],
        )
    if wrong := webhook_problem(url, rooms.limits):
        raise invalid([f"url: {wrong}"])
    if rooms.probe is None:
        raise Unavailable("this process sends no webhooks; ask one that does")
    shown = public(assistant) if assistant else {}
    sample = Sample(url=url, event=wanted.event, webhook_id=new_id(), secret=secret, assistant=shown)
    return WebhookTested(sample, await rooms.probe.send(sample))


async def _configured(
    rooms: Rooms, caller: Caller, assistant_id: str | None
) -> tuple[AssistantSettings | None, str | None, str | None]:
    """The assistant, and the address and secret that its events, or the organisation's, go with."""
    async with rooms.unit(caller, write=False) as unit:
        organisation = await unit.organisations.get(caller.org_id)
        assistant = None if assistant_id is None else (await unit.assistants.get(assistant_id)).settings
    if assistant is None or assistant.webhook_url is None:
        return assistant, organisation.webhook_url, organisation.webhook_secret
    secret = assistant.webhook_secret.get_secret_value() if assistant.webhook_secret else None
    return assistant, assistant.webhook_url, secret
