"""Webhook deliveries: each is tried until it was accepted, refused for good, or has failed too often.

The table of deliveries is the durable state: what is due, what is claimed until when, what was tried. A worker claims
what is due, makes one attempt and writes down what came of it; if it dies in between, its claim runs out and the next
attempt is made by whoever lives, with the same ``webhook-id``. Network errors, time-outs, 408, 429 and 5xx are tried
again; 410 and every other answer but 2xx, and an address that is refused, make the delivery dead at once. Reports by
e-mail are deliveries too, to an address that begins with ``mailto:``.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from structlog.contextvars import bind_contextvars

from trunkline.base import trace
from trunkline.base.clock import iso
from trunkline.base.errors import NotFound
from trunkline.base.logs import logger
from trunkline.base.meters import WEBHOOK_ATTEMPTS, WEBHOOK_SECONDS
from trunkline.base.tasks import Crew
from trunkline.domain.plan import CallPlan
from trunkline.jobs.lanes import Lanes, Place
from trunkline.jobs.letters import REPORT, report_body
from trunkline.jobs.patience import Bell, until_kept
from trunkline.jobs.postman import Postman, is_mail
from trunkline.jobs.settings import JobSettings
from trunkline.services.aftercall import closing, plan_of
from trunkline.services.rooms import Rooms
from trunkline.storage.calls import sealed_call
from trunkline.storage.deliveries import Delivery, log_attempt
from trunkline.webhooks.sender import Attempt, Post, Sender

TRY_AGAIN = frozenset({408, 429})
FIRST_SERVER_ERROR = 500
GATHER_SECONDS = 0.02
LOOKS = 8
"""How often one round looks for what is due: each look leaves out what the one before found no more room for."""
SEEN_AT_ONCE = 128
FORGOTTEN = "what was to be sent has been forgotten"
NOT_MADE = "the message could not be made; the log says why"

_log = logger("jobs")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a delivery stands after an attempt; ``wait_seconds`` to the next while it is pending."""

    status: str
    wait_seconds: float | None = None


def verdict(attempt: Attempt, tries: int, settings: JobSettings, spread: float = 1.0) -> Verdict:
    """What an attempt, number ``tries`` of its delivery, means. ``spread`` multiplies the wait; Retry-After is a lower
    bound of it, up to the longest wait of the schedule."""
    if attempt.accepted:
        return Verdict("delivered")
    code = attempt.status_code
    passing = attempt.error is not None or code in TRY_AGAIN or (code is not None and code >= FIRST_SERVER_ERROR)
    if attempt.refused or not passing or tries >= settings.tries:
        return Verdict("dead")
    wait = settings.retry_seconds[tries - 1] * spread
    asked = min(attempt.retry_after_seconds or 0.0, settings.retry_seconds[-1])
    return Verdict("pending", max(wait, asked))


class Courier:
    """Makes the attempts that are due, many at once; slow receivers hold up nobody but themselves (``jobs.lanes``)."""

    def __init__(self, rooms: Rooms, sender: Sender, settings: JobSettings, bell: Bell) -> None:
        self._rooms = rooms
        self._sender = sender
        self._postman = Postman(rooms)
        self._settings = settings
        self._bell = bell
        self._crew = Crew("deliveries")
        self._lanes = Lanes(
            settings.deliveries_at_once, settings.deliveries_per_address, settings.deliveries_per_organisation
        )

    async def aclose(self) -> None:
        """Breaks off what is under way; its claims run out and it is tried again."""
        await self._crew.aclose()

    async def round(self) -> bool:
        """Claims what is due and starts its attempts; True when there may be more. Waits a moment first, so that rings
        that come together cost one look."""
        await self._rooms.clock.sleep(GATHER_SECONDS)
        for _ in range(LOOKS):
            if self._lanes.room <= 0:
                return False
            if not await self._look():
                return False
        return True

    async def _look(self) -> bool:
        """Claims what is due and there is room for; True when there may be more."""
        now = self._rooms.clock.now()
        overtake_before = now - timedelta(seconds=self._settings.overtake_seconds)
        lanes, organisations = self._lanes.full()
        async with self._rooms.database.system(write=False) as unit:
            due = await unit.deliveries.due(now, overtake_before, lanes, organisations, SEEN_AT_ONCE)
        places = self._lanes.places(due)
        if places:
            await self._start(places, now)
        return len(due) >= SEEN_AT_ONCE

    async def _start(self, places: Sequence[Place], now: datetime) -> None:
        claimed: dict[str, Delivery] = {}
        try:
            until = now + timedelta(seconds=self._settings.claim_seconds)
            async with self._rooms.database.system() as unit:
                claimed = await unit.deliveries.claim([place.due.id for place in places], now, until)
        finally:
            for place in places:
                if place.due.id not in claimed:
                    self._lanes.leave(place, None)
        for place in places:
            if delivery := claimed.get(place.due.id):
                self._crew.start(self._deliver(delivery, place), "attempt")

    async def _deliver(self, delivery: Delivery, place: Place) -> None:
        bind_contextvars(call_id=delivery.call_id)
        took: float | None = None
        try:
            attempt = await self._attempt(delivery)
            took = None if attempt.refused else attempt.duration_ms / 1000
            await until_kept(self._rooms.clock, lambda: self._write_down(delivery, attempt))
        except NotFound:
            _log.info("a delivery went with its call", call_id=delivery.call_id, delivery_id=delivery.id)
        finally:
            self._lanes.leave(place, took)
            self._bell.ring()

    async def _attempt(self, delivery: Delivery) -> Attempt:
        if delivery.body is None:
            return Attempt(at=self._rooms.clock.now(), duration_ms=0.0, error=FORGOTTEN, refused=True)
        try:
            if is_mail(delivery):
                return await until_kept(self._rooms.clock, lambda: self._postman.attempt(delivery))
            body, plan = await until_kept(self._rooms.clock, lambda: self._contents(delivery, delivery.body or ""))
        except NotFound:
            raise
        except Exception:  # noqa: BLE001
            _log.exception("a message could not be made", call_id=delivery.call_id, delivery_id=delivery.id)
            return Attempt(at=self._rooms.clock.now(), duration_ms=0.0, error=NOT_MADE)
        return await self._sent(
            delivery, plan, Post(delivery.url, delivery.event, body, delivery.id, plan.webhook_secret)
        )

    async def _sent(self, delivery: Delivery, plan: CallPlan, post: Post) -> Attempt:
        """One attempt, seen by who measures and who traces."""
        call = trace.parse(plan.traceparent)
        traced = call is not None and self._rooms.spans.on
        span = trace.part_of(call, f"{delivery.id}:{delivery.tries}") if call is not None and traced else call
        with trace.bound(span):
            attempt = await self._sender.post(post)
        if span is not None:
            about: dict[str, str | int] = {"trunkline.call_id": delivery.call_id, "trunkline.webhook": delivery.event}
            if attempt.status_code is not None:
                about["http.response.status_code"] = attempt.status_code
            end = attempt.at + timedelta(milliseconds=attempt.duration_ms)
            error = None if attempt.accepted else "not delivered"
            self._rooms.spans.note("webhook attempt", span, call, attempt.at, end, about, error)
        return attempt

    async def _contents(self, delivery: Delivery, body: str) -> tuple[bytes, CallPlan]:
        """What is sent now, and the plan whose secret signs it. A report is written anew, since the address of the recording
        in it is good for a while only."""
        if delivery.event == REPORT:
            closed = await closing(self._rooms, delivery.call_id)
            return report_body(closed, delivery.created_at), closed.plan
        call, sealed = await self._rooms.database.brief(sealed_call(delivery.org_id, delivery.call_id), write=False)
        return body.encode(), plan_of(self._rooms, call, sealed)[0]

    async def _write_down(self, delivery: Delivery, attempt: Attempt) -> None:
        tries = delivery.tries + 1
        spread = 1.0 + random.uniform(-1, 1) * self._settings.jitter
        outcome = verdict(attempt, tries, self._settings, spread)
        now = self._rooms.clock.now()
        later = None if outcome.wait_seconds is None else now + timedelta(seconds=outcome.wait_seconds)
        logging = log_attempt(delivery.id, _as_json(attempt), outcome.status, later, now)
        await self._rooms.database.brief(logging)
        self._rooms.meters.count(WEBHOOK_ATTEMPTS, delivery.event, outcome.status)
        self._rooms.meters.observe(WEBHOOK_SECONDS, attempt.duration_ms / 1000)
        log = _log.info if attempt.accepted else _log.warning
        log(
            "mail attempt" if is_mail(delivery) else "webhook attempt",
            call_id=delivery.call_id,
            delivery_id=delivery.id,
            webhook=delivery.event,
            tries=tries,
            outcome=outcome.status,
            status_code=attempt.status_code,
            error=attempt.error,
        )


def _as_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": iso(attempt.at),
        "status_code": attempt.status_code,
        "duration_ms": round(attempt.duration_ms, 1),
        "error": attempt.error,
        "reply": attempt.reply if attempt.status_code is not None else None,
    }
