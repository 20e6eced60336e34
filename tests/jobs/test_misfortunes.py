"""Whatever breaks after a call, its report goes out and holds up no other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.jobs.world import FixedAnalyst, World
from tests.webhooks.receiver import Receiver, reply
from trunkline.domain.assistant import LlmConfig
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.transcript import Message
from trunkline.jobs import after
from trunkline.ports.analyst import Analysis
from trunkline.storage.vault import Vault
from trunkline.testing.models import ScriptedLlm, ScriptedModels, Thinking

pytestmark = pytest.mark.room
ONLY_REPORT = {"webhook_events": ["end-of-call-report"]}
DATA = {"analysis_plan": {"structured_data_plan": {"enabled": True, "schema": {"type": "object"}}}}
MODEL = {"llm_config": {"provider": "openai_compatible", "model": "tiny", "base_url": "http://x"}}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Only SQLite: nothing here depends on the database."""
    return f"sqlite:///{tmp_path / 'trunkline.db'}"


class BrokenAnalyst(FixedAnalyst):
    """Breaks as no analyst should."""

    async def summarise(
        self, plan_llm: LlmConfig, variables: Mapping[str, str], messages: Sequence[Message]
    ) -> Analysis:
        raise ZeroDivisionError


def report(receiver: Receiver) -> dict[str, Any]:
    [found] = [json.loads(seen.body)["message"] for seen in receiver.seen]
    assert found["type"] == "end-of-call-report"
    return dict(found)


async def rewrite(world: World, call_id: str, vault: Vault, **changes: Any) -> str:
    """Writes other words into the sealed plan of a call, sealed by ``vault``; returns what was there."""
    async with world.rooms.database.system() as unit:
        before = await unit.calls.plan_sealed(call_id)
        plan = json.loads(world.vault.open(before))
        await unit.calls.change(call_id, plan_sealed=vault.seal(json.dumps({**plan, **changes})))
    return before


async def restore(world: World, call_id: str, sealed: str) -> None:
    async with world.rooms.database.system() as unit:
        await unit.calls.change(call_id, plan_sealed=sealed)


async def test_a_broken_analyst_leaves_an_error_in_the_report(world: World, receiver: Receiver) -> None:
    world.analyst = BrokenAnalyst()
    async with world.jobs():
        call_id = await world.ended(receiver.url(), **ONLY_REPORT)
        await world.until_told(call_id, 1)
    assert report(receiver)["analysis"] == {"model": "scripted", "error": "the analysis broke off"}


@pytest.mark.parametrize("answer", ['{"n": 1e999}', '{"n": NaN}', '{"n": 123456789012345678901234567890}', '"\\ud800"'])
async def test_an_answer_that_cannot_be_kept_leaves_an_error_in_the_report(
    world: World, receiver: Receiver, answer: str
) -> None:
    thinking = Thinking(("They talked. \ud800", answer, answer), first_token_seconds=0, token_seconds=0)
    models = ScriptedModels(llm_model=ScriptedLlm(thinking), known=frozenset({"openai_compatible"}))
    broken = replace(world, rooms=replace(world.rooms, models=models))
    async with broken.jobs():
        call_id = await broken.ended(receiver.url(), **ONLY_REPORT, **DATA, **MODEL)
        await broken.until_told(call_id, 1)
    told = report(receiver)
    assert told["summary"] == "They talked. ?"
    assert told["analysis"]["structured_data"] is None
    assert told["analysis"]["error"].startswith("the structured data does not fit its schema")


async def test_slots_that_cannot_be_kept_leave_an_error_in_the_report(world: World, receiver: Receiver) -> None:
    world.analyst = FixedAnalyst(Analysis("Done.", {"n": {1}}, "completed", "scripted"))
    data = {"structured_data_plan": {"enabled": True, "schema": {"properties": {"n": {}}}}}
    async with world.jobs():
        call_id = await world.ended(receiver.url(), **ONLY_REPORT, analysis_plan=data)
        await world.until_told(call_id, 1)
    assert report(receiver)["analysis"] == {"model": "scripted", "error": after.NOT_KEPT}


@pytest.mark.parametrize("schema", [{"type": 7}, {"properties": [1]}, {"properties": {"n": 3}}, {"$ref": "http://x/y"}])
async def test_a_schema_that_is_none_leaves_a_report(world: World, receiver: Receiver, schema: dict[str, Any]) -> None:
    async with world.jobs():
        data = {"structured_data_plan": {"enabled": True, "schema": schema}}
        call_id = await world.ended(receiver.url(), **ONLY_REPORT, analysis_plan=data)
        await world.until_told(call_id, 1)
    assert report(receiver)["summary"] == "They agreed on Monday."


async def test_a_recording_that_is_gone_leaves_a_report(world: World, receiver: Receiver) -> None:
    call_id = await world.ended(receiver.url(), **ONLY_REPORT)
    async with world.rooms.database.system() as unit:
        await unit.calls.change(call_id, recording="gone.wav")
    async with world.jobs():
        await world.until_told(call_id, 1)
    assert report(receiver)["recording_url"].startswith("https://phone.example/")


async def test_a_plan_of_another_version_tells_its_receiver_what_can_be_told(world: World, receiver: Receiver) -> None:
    call_id = await world.ended(receiver.url())
    assistant = {"webhook_url": receiver.url(), **ONLY_REPORT, "llm_config": {"provider": "p", "was": 1}, "old": True}
    await rewrite(world, call_id, world.vault, assistant=assistant, variables=None, trunk={"odd": 1})
    async with world.jobs():
        deliveries = await world.until_told(call_id, 1)
    assert [delivery.status for delivery in deliveries] == ["delivered"]
    told = report(receiver)
    assert [said["role"] for said in told["messages"]] == ["assistant", "user"]
    assert "the stored plan of the call cannot be read" in told["analysis"]["error"]
    assert "x-webhook-signature" in receiver.seen[0].headers


async def test_a_report_waits_for_the_master_key_and_holds_up_no_other(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(after, "FIRST_RETRY_SECONDS", 0.05)
    stranger = Vault([Fernet.generate_key().decode()])
    locked = await world.ended(receiver.url())
    sealed = await rewrite(world, locked, stranger)
    async with world.jobs():
        free = await world.ended(receiver.url())
        await world.until_told(free, 4)
        assert await world.deliveries(locked) == []
        await restore(world, locked, sealed)
        deliveries = await world.until_told(locked, 4)
    assert [delivery.status for delivery in deliveries] == ["delivered"] * 4


async def test_a_message_that_cannot_be_signed_is_tried_again_and_then_dead(world: World, receiver: Receiver) -> None:
    call_id = await world.ended(receiver.url(), **ONLY_REPORT)
    receiver.answer = reply(503)
    stranger = Vault([Fernet.generate_key().decode()])
    async with world.jobs(retry_seconds=(0.3, 0.05)):
        await world.until(lambda: _tried(world, call_id))
        await rewrite(world, call_id, stranger)
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "dead"
    assert [attempt["error"] for attempt in delivery.attempts][1:] == [
        "the message could not be made; the log says why"
    ] * 2


async def _tried(world: World, call_id: str) -> bool:
    return any(delivery.attempts for delivery in await world.deliveries(call_id))


@pytest.mark.parametrize("strange", [True, False], ids=["another master key", "another version"])
async def test_a_call_whose_plan_cannot_be_read_ends_before_it_is_dialled(world: World, strange: bool) -> None:
    call_id = await world.place()
    other = Vault([Fernet.generate_key().decode()]) if strange else world.vault
    await rewrite(world, call_id, other, assistant={})
    async with world.jobs() as jobs:
        jobs.dialler.offer(call_id)
        call = await world.until_over(call_id)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.INTERNAL_ERROR)
    assert world.runner.ran == []
