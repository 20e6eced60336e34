"""The examples of the manual are taken as they stand: JSON by the real API, the Python by a really signed request."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.docs.pages import PAGES, ROOT, blocks
from tests.installation import Installation, installation
from tests.peers import SippUas
from trunkline.domain.assistant import Script, ScriptStep
from trunkline.providers.local.scripts import EXAMPLE_SCRIPTS
from trunkline.testing.emulators.openai_chat import OpenAiChatEmulator
from trunkline.webhooks.signing import headers

_BODY = re.compile(r"`POST (/[a-z/-]+)`:\n\n```json\n(.*?)```", re.S)
SCRIPTED = {"provider": "local", "model": "scripted"}
LOCAL = {"llm_config": SCRIPTED, "stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}


def _bodies() -> list[tuple[str, str]]:
    found = [body for page in PAGES if page.name != "api-reference.md" for body in _BODY.findall(page.read_text())]
    assert len(found) >= 3
    return found


@pytest.mark.unit
def test_every_json_example_is_one_that_a_test_takes() -> None:
    elsewhere = ("docs/control.md", "docs/scripts.md", "docs/realtime.md")
    tested = len(_bodies()) + sum(len(blocks(page, "json")) for page in elsewhere)
    written = [page for page in PAGES if page.name != "api-reference.md"]
    assert tested == sum(len(blocks(str(page.relative_to(ROOT)), "json")) for page in written)


@pytest.mark.unit
@pytest.mark.parametrize("secret", ["a secret of mine", "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"])
def test_the_signature_snippet_knows_a_genuine_request(secret: str) -> None:
    names: dict[str, Any] = {}
    exec(blocks("docs/webhooks.md", "python")[0], names)
    genuine: Callable[[str, dict[str, str], bytes], bool] = names["genuine"]
    body = b'{"message":{"type":"status-update"}}'
    sent = headers("status-update", body, secret, "msg_1", 1_795_000_000)
    assert genuine(secret, sent, body)
    assert not genuine("another secret", sent, body)
    assert not genuine(secret, sent, body + b" ")
    assert not genuine(secret, {**sent, "X-Webhook-Timestamp": "1795000001"}, body)


@pytest.mark.unit
def test_the_script_of_the_manual_is_one() -> None:
    text, steps = blocks("docs/scripts.md", "json")
    assert [step.id for step in Script.model_validate_json(text).steps] == ["confirm", "when", "moved", "good"]
    look, offer = (ScriptStep.model_validate(step) for step in json.loads(steps))
    assert (look.tool, offer.slot) == ("check_calendar", "booked")


@pytest.mark.unit
def test_the_manual_names_the_scripts_that_ship() -> None:
    text = (ROOT / "docs" / "scripts.md").read_text()
    assert f"`{'`, `'.join(EXAMPLE_SCRIPTS)}`" in text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation whose operator runs a model server, as the quick start has it."""
    folder: Path = tmp_path_factory.mktemp("examples")
    async with (
        OpenAiChatEmulator(key="none") as model,
        installation(folder, openai_compatible_url=model.url, openai_compatible_key="none") as running,
    ):
        yield running


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
async def test_the_api_takes_every_body_of_the_manual(house: Installation) -> None:
    with SippUas("uas_answer", calls=None) as peer:
        await house.number(peer.start())
        for path, text in _bodies():
            made = await house.api.post(path, json.loads(text))
            if "call_id" in made:
                await house.api.post(f"/calls/{made['call_id']}/control", {"type": "end-call"})
                await house.ended(made["call_id"])
    bodies = [json.loads(text) for path, text in _bodies() if path == "/assistants"]
    stored = (await house.api.get("/assistants"))["assistants"]
    assert {body["name"] for body in bodies} <= {assistant["name"] for assistant in stored}


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
async def test_a_live_call_takes_every_order_of_the_manual(house: Installation) -> None:
    orders = [json.loads(text) for text in blocks("docs/control.md", "json")]
    assert {order["type"] for order in orders} >= {"inject-context", "say", "send-dtmf", "mute", "transfer", "end-call"}
    orders.sort(key=lambda order: order["type"] == "end-call")
    transfer = next(order for order in orders if order["type"] == "transfer")
    with SippUas("uas_answer") as peer, SippUas("uas_refer") as trunk:
        call_id = await _talking(house, peer.start())
        for order in (order for order in orders if order is not transfer):
            command = await house.api.post(f"/calls/{call_id}/control", order)
            assert await asyncio.wait_for(_outcome(house, call_id, command["command_id"]), 30) == "done", order
        call = await house.ended(call_id)
        handed = await _talking(house, trunk.start())
        await house.api.post(f"/calls/{handed}/control", transfer)
        assert (await house.ended(handed))["status"] == "transferred"
    assert call["end_reason"] == "api_ended"
    assert call["messages"][-1]["content"] == "Goodbye."


async def _talking(house: Installation, port: int) -> str:
    call_id = await house.call(port, {"name": "A", **LOCAL})
    await house.until(call_id, lambda call: call["status"] == "in-progress")
    return call_id


async def _outcome(house: Installation, call_id: str, command_id: str) -> str:
    async for event, data in house.api.events(call_id):
        if event == "command" and data["command_id"] == command_id:
            return f"{data['outcome']} {data['detail'] or ''}".strip()
    return "never told"
