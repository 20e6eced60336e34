"""The receptionist: calls that come in, with a runner that does as it is told and a carrier in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.jobs.world import WORKER, World
from tests.storage import world as rows
from tests.webhooks.receiver import hang, receiving, reply
from trunkline.base.errors import Unavailable
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall, Say
from trunkline.domain.events import CallEnded
from trunkline.domain.plan import CallPlan
from trunkline.jobs.room import Jobs
from trunkline.ports.journal import Journal
from trunkline.storage.calls import Call, CallFilters
from trunkline.testing.line import ScriptedCarrier
from trunkline.testing.offer import ScriptedOffer

pytestmark = pytest.mark.room

HERE = "192.0.2.1:5060"
STAGES: dict[str, Any] = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}


class Office:
    """A number that takes calls, and the jobs that answer them."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.rooms = replace(world.rooms, limits=replace(world.rooms.limits, allow_insecure_webhooks=True))
        self.plans: list[CallPlan] = []
        world.runner.behaviour = self._run

    @property
    def carrier(self) -> ScriptedCarrier:
        carrier = self.world.rooms.carrier
        assert isinstance(carrier, ScriptedCarrier)
        return carrier

    async def _run(self, plan: CallPlan, journal: Journal) -> None:
        self.plans.append(plan)
        reason = plan.refusal.reason if plan.refusal is not None else EndReason.USER_HANGUP
        await journal.note(plan.call_id, CallEnded(self.world.rooms.clock.now(), reason))

    @asynccontextmanager
    async def open(self, url: str | None = None, **organisation: Any) -> AsyncIterator[Jobs]:
        """The jobs at work, with a number whose assistant asks ``url``."""
        trunk = rows.trunk(inbound_addresses=("192.0.2.1",))
        assistant = rows.assistant(first_message="Hello.", webhook_url=url, **STAGES)
        async with self.world.rooms.database.system() as unit:
            await unit.organisations.add(replace(rows.organisation(), **organisation))
        async with self.world.rooms.database.unit("org-a") as unit:
            await unit.trunks.add(trunk)
            await unit.assistants.add(assistant)
            await unit.numbers.add(rows.number(trunk_id=trunk.id, assistant_id=assistant.id))
        async with self.world.jobs() as jobs:
            yield jobs

    async def rings(self, **changes: Any) -> ScriptedOffer:
        """A call comes in."""
        offer = ScriptedOffer(called="+31850835037", source=HERE, **changes)
        await self.carrier.ringing.put(offer)
        return offer

    async def calls(self) -> list[Call]:
        async with self.world.rooms.database.unit("org-a", write=False) as unit:
            return (await unit.calls.list_(CallFilters(), 100, 0))[0]

    async def over(self) -> Call:
        """The only call, once it is over."""

        async def ended() -> bool:
            return [call.is_over for call in await self.calls()] == [True]

        await self.world.until(ended)
        return (await self.calls())[0]


async def refused(offer: ScriptedOffer) -> int | None:
    """The status that a call is refused with, once it is."""
    await asyncio.wait_for(offer.gone(), 5)
    return offer.status


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def test_a_call_that_is_admitted_is_run_with_its_offer_and_is_ours(office: Office) -> None:
    async with office.open():
        await office.rings()
        call = await office.over()
    assert (call.status, call.worker_id, call.end_reason) == (CallStatus.ENDED, WORKER, EndReason.USER_HANGUP)
    assert office.plans[0].assistant.first_message == "Hello."
    assert office.world.runner.ran == [call.id]


async def test_a_stranger_is_refused_and_a_prover_challenged(office: Office) -> None:
    async with office.open():
        stranger = ScriptedOffer(called="+31850835037", source="203.0.113.1:5060")
        await office.carrier.ringing.put(stranger)
        assert await refused(stranger) == 403
        nobody = ScriptedOffer(called="+31850000000", source=HERE)
        await office.carrier.ringing.put(nobody)
        assert await refused(nobody) == 404
        assert await office.calls() == []


async def test_an_organisation_without_credit_is_told_so_and_asks_nobody(office: Office) -> None:
    async with receiving() as hook, office.open(hook.url(), minutes_balance=0.0):
        await office.rings()
        call = await office.over()
    assert (call.status, call.end_reason, call.usage) == (CallStatus.REJECTED, EndReason.INSUFFICIENT_CREDITS, None)
    assert office.plans[0].refusal is not None
    assert "assistant-request" not in [seen.headers["x-webhook-event"] for seen in hook.seen]


async def test_a_worker_without_room_refuses_with_503(office: Office) -> None:
    office.world.runner.max_calls = 0
    async with office.open():
        assert await refused(await office.rings()) == 503
        call = await office.over()
    assert (call.status, call.end_reason) == (CallStatus.REJECTED, EndReason.AT_CAPACITY)
    assert office.plans == []


async def test_a_call_that_rings_takes_its_room_at_once(office: Office) -> None:
    office.world.runner.max_calls = 1
    async with receiving() as hook:
        hook.answer = hang
        async with office.open(hook.url()) as jobs:
            first = await office.rings(call_id="first")
            await hook.wait(1)
            assert jobs.dialler.room() == 0
            assert await refused(await office.rings(call_id="second")) == 503
            first.withdraw()

            async def ended() -> bool:
                return all(call.is_over for call in await office.calls())

            await office.world.until(ended)
            assert jobs.dialler.room() == 1
    reasons = {call.end_reason for call in await office.calls()}
    assert reasons == {EndReason.AT_CAPACITY, EndReason.USER_HANGUP}


async def test_a_call_that_rings_is_called_off_while_the_webhook_is_asked(office: Office) -> None:
    async with receiving() as hook:
        hook.answer = hang
        async with office.open(hook.url()) as jobs:
            offer = await office.rings()
            await hook.wait(1)
            call_id = (await office.calls())[0].id
            assert not jobs.receptionist.order(call_id, "one", Say("Hello."))
            assert not jobs.receptionist.order("another", "two", EndCall())
            assert jobs.receptionist.order(call_id, "three", EndCall())
            assert not jobs.receptionist.order(call_id, "four", EndCall())
            call = await office.over()
            assert await refused(offer) == 603
    assert (call.status, call.end_reason) == (CallStatus.ENDED, EndReason.CANCELLED)


async def test_the_body_of_assistant_request_is_that_of_the_contract(office: Office) -> None:
    async with receiving() as hook:
        hook.answer = reply(text='{"error": "Closed."}')
        async with office.open(hook.url()):
            await office.rings(caller="anonymous")
            call = await office.over()
    asked = next(seen for seen in hook.seen if seen.headers["x-webhook-event"] == "assistant-request")
    message = json.loads(asked.body)["message"]
    assert message["call"] == {"id": call.id, "type": "inbound_phone_call", "status": "ringing"}
    assert message["phone_number"]["number"] == "+31850835037"
    assert message["customer"] == {"number": None}
    assert message["assistant"]["first_message"] == "Hello."
    assert (call.status, call.end_reason) == (CallStatus.REJECTED, EndReason.REJECTED_BY_WEBHOOK)


async def test_leaving_refuses_what_only_rings(office: Office) -> None:
    async with receiving() as hook:
        hook.answer = hang
        async with office.open(hook.url()):
            offer = await office.rings()
            await hook.wait(1)
        assert offer.status == 503
    call = (await office.calls())[0]
    assert (call.status, call.end_reason) == (CallStatus.REJECTED, EndReason.AT_CAPACITY)


async def test_a_call_that_breaks_in_the_runner_is_ended_and_not_left_ringing(office: Office) -> None:
    async def breaks(plan: CallPlan, journal: Journal) -> None:
        raise RuntimeError("broken")

    office.world.runner.behaviour = breaks
    async with office.open():
        offer = await office.rings()
        call = await office.over()
        assert await refused(offer) == 503
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.INTERNAL_ERROR)


async def test_while_the_database_is_away_calls_are_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async with office.open():

        async def away(*_: Any, **__: Any) -> None:
            raise Unavailable("the database is away")

        monkeypatch.setattr("trunkline.services.admission.admit", away)
        assert await refused(await office.rings()) == 503
        monkeypatch.undo()
        await office.rings()
        await office.over()
