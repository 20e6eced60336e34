"""One attempt to e-mail a report."""

import asyncio
import json

from trunkline.base.errors import Invalid, Upstream
from trunkline.jobs.report_mail import MAILTO
from trunkline.ports.mail import Mail
from trunkline.services.mail import mailer, own_key, sender_of
from trunkline.services.rooms import Rooms
from trunkline.storage.deliveries import Delivery
from trunkline.webhooks.sender import Attempt

PATIENCE_SECONDS = 10.0
SENT = 200


def is_mail(delivery: Delivery) -> bool:
    """Whether it goes out by e-mail."""
    return delivery.url.startswith(MAILTO)


class Postman:
    """E-mails deliveries. The vendor sends nothing twice under one key, which is the same over the tries of a delivery and
    another once it is sent again."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def attempt(self, delivery: Delivery) -> Attempt:
        """Sends once and reports. Raises Unavailable while the database is away, and SealBroken."""
        clock = self._rooms.clock
        started, at = clock.monotonic(), clock.now()
        status: int | None = SENT
        error: str | None = None
        refused, reply = False, b""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                id = await self._send(delivery)
            reply = json.dumps({"id": id}).encode()
        except TimeoutError:
            status, error = None, f"the mail was not taken within {PATIENCE_SECONDS:g} seconds"
        except Invalid as problem:
            status, error, refused = None, problem.message, True
        except Upstream as problem:
            status, error, refused = problem.status, problem.message, not problem.retryable
        took = (clock.monotonic() - started) * 1000
        return Attempt(at, took, status_code=status, error=error, body=reply, refused=refused)

    async def _send(self, delivery: Delivery) -> str:
        body = json.loads(delivery.body or "{}")
        sender = await sender_of(self._rooms, delivery.org_id, body["from_name"])
        key = await own_key(self._rooms, delivery.org_id)
        to = (delivery.url.removeprefix(MAILTO),)
        mail = Mail(sender, to, body["subject"], body["text"], body["html"])
        return await mailer(self._rooms).send(mail, f"{delivery.id}/{delivery.earlier_attempts}", key)
