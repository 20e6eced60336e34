"""Tools on the composed platform: webhooks in both forms, async ones, MCP servers that work and that do not."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.installation import Installation, installation
from tests.peers import SippUas
from tests.webhooks.mcp_server import mcp_server
from tests.webhooks.receiver import Receiver, hang, reply
from trunkline.testing.emulators.openai_chat import Behaviour, EmulatedCall, OpenAiChatEmulator

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]
SPEECH = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
KEY = "a-secret-of-the-shop"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(folder: Path) -> AsyncIterator[Installation]:
    """An installation that asks the model server of a test."""
    async with installation(folder, allow_private_model_urls="true") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def model() -> AsyncIterator[OpenAiChatEmulator]:
    """A model server."""
    async with OpenAiChatEmulator() as running:
        yield running


def assistant(model: OpenAiChatEmulator, *tools: dict[str, Any], **more: Any) -> dict[str, Any]:
    llm = {"provider": "openai_compatible", "base_url": model.url, "model": "m", "tools": list(tools)}
    return {"name": "Shop", "llm_config": llm, **SPEECH, **more}


def wants(*calls: EmulatedCall, text: str = "") -> Behaviour:
    return Behaviour(text=text, calls=calls)


def mcp(url: str, key: str = KEY) -> dict[str, Any]:
    return {"type": "mcp", "url": url, "headers": {"Authorization": f"Bearer {key}"}}


async def until_asked(model: OpenAiChatEmulator, times: int) -> list[dict[str, Any]]:
    """The messages of the model's request number ``times``."""
    async with asyncio.timeout(40):
        await model.until(lambda: len(thoughts(model)) >= times)
    found: list[dict[str, Any]] = thoughts(model)[times - 1]["messages"]
    return found


def thoughts(model: OpenAiChatEmulator) -> list[dict[str, Any]]:
    """What the model was asked to reply to."""
    return [request.body for request in model.requests if request.body]


def results(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """What each call came to, as the model was told; each has just one result, behind its turn and in order."""
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    told = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert calls == told
    return {
        message["tool_call_id"]: json.loads(message["content"]) for message in messages if message["role"] == "tool"
    }


async def _asked(house: Installation, call_id: str) -> None:
    await house.until(call_id, lambda call: bool(call["status"] == "in-progress"))
    order = {"type": "inject-context", "content": "Begin.", "trigger_response": True}
    await house.api.post(f"/calls/{call_id}/control", order)


async def _ended(house: Installation, call_id: str) -> dict[str, Any]:
    await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
    return await house.ended(call_id)


async def test_tools_of_every_kind_run_together_and_once(
    house: Installation, hook: Receiver, model: OpenAiChatEmulator
) -> None:
    hook.paths = {"/hours": reply(200, '{"result": "nine to five"}'), "/note": hang}
    flat = {"name": "hours", "url": hook.url("/hours")}
    nested = {
        "type": "function",
        "function": {"name": "stock"},
        "server": {"url": hook.url("/stock"), "secret": "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"},
    }
    note = {"name": "note", "url": hook.url("/note"), "async": True}
    calls = (
        EmulatedCall("hours", "{}", "a"),
        EmulatedCall("find_order", '{"number": 7}', "b"),
        EmulatedCall("stock", '{"item": "tea"}', "c"),
        EmulatedCall("note", "{}", "d"),
        EmulatedCall("broken", "{}", "e"),
        EmulatedCall("find_order", '{"number": 7}', "b"),
    )
    with mcp_server("sse", KEY) as shop, SippUas() as phone:
        model.behave(wants(*calls), Behaviour(text="It is all done now."))
        call_id = await house.call(phone.start(), assistant(model, flat, nested, note, mcp(shop.url)))
        began = time.monotonic()
        await _asked(house, call_id)
        told = results(await until_asked(model, 2))
        assert time.monotonic() - began < 5, "nobody waits for the async tool"
        await house.until(call_id, lambda call: any("all done" in said["content"] for said in call["messages"]))
        await _ended(house, call_id)
        ran, sessions = shop.ran, shop.requests
    assert told["a"] == "nine to five"
    assert told["b"] == {"number": 7, "state": "on its way"}
    assert told["c"] == {}
    assert told["d"]["status"] == "started"
    assert "the till is closed" in told["e"]["error"]
    assert sorted(told) == ["a", "b", "c", "d", "e"]
    assert sorted(entry["name"] for entry in ran) == ["broken", "find_order"]
    assert sessions[-1]["method"] == "DELETE"
    assert sorted(seen.path for seen in hook.seen) == ["/hours", "/note", "/stock"]
    assert len({seen.headers["webhook-id"] for seen in hook.seen}) == 3
    assert [seen.path for seen in hook.seen if "x-webhook-signature" in seen.headers] == ["/stock"]
    offered = [tool["function"]["name"] for tool in thoughts(model)[0]["tools"]]
    assert offered == ["hours", "stock", "note", "find_order", "shop_opening-hours_today", "slow", "broken"]
    assert KEY not in house.log.read_text()
    assert KEY not in json.dumps(await house.api.get(f"/calls/{call_id}"))


async def test_an_mcp_server_that_is_away_costs_its_tools_and_nothing_else(
    house: Installation, hook: Receiver, model: OpenAiChatEmulator
) -> None:
    hook.paths = {"/away": hang, "/hours": reply(200, '{"result": "nine to five"}')}
    tools = ({"name": "hours", "url": hook.url("/hours")}, mcp(hook.url("/away")))
    with mcp_server("json", "another-key") as locked, SippUas() as phone:
        model.behave(wants(EmulatedCall("hours")), Behaviour(text="We are open."))
        began = time.monotonic()
        settings = assistant(model, *tools, mcp(locked.url), first_message="Hello there.")
        call_id = await house.call(phone.start(), settings)
        await _asked(house, call_id)
        messages = await until_asked(model, 1)
        assert 2.0 < time.monotonic() - began < 8.0, "the first thought waits 3 s at most for the tools"
        assert [tool["function"]["name"] for tool in thoughts(model)[0]["tools"]] == ["hours"]
        assert results(await until_asked(model, 2)) == {"call_1": "nine to five"}
        assert any("could not be reached" in (message["content"] or "") for message in thoughts(model)[1]["messages"])
        assert messages[0]["role"] != "tool"
        call = await house.until(call_id, lambda call: any("open" in said["content"] for said in call["messages"]))
        await _ended(house, call_id)
    said = [message["content"] for message in call["messages"] if message["role"] == "assistant"]
    assert said[0] == "Hello there."
    problems = [line for line in house.log.read_text().splitlines() if "tools of an MCP server cannot be used" in line]
    assert any("did not answer within 3 seconds" in line for line in problems)
    assert any("HTTP status 401" in line for line in problems)
    assert not any(KEY in line for line in problems)


async def test_a_tool_that_hangs_has_its_wait_filled_once_and_is_given_up_after_ten_seconds(
    house: Installation, hook: Receiver, model: OpenAiChatEmulator
) -> None:
    hook.paths = {"/hangs": hang, "/slow": _slow}
    calls = (EmulatedCall("hangs", "{}", "a"), EmulatedCall("slow", "{}", "b"))
    words = {"async_response": "One moment please."}
    tools = ({"name": "hangs", "url": hook.url("/hangs"), **words}, {"name": "slow", "url": hook.url("/slow"), **words})
    with SippUas() as phone:
        model.behave(wants(*calls), Behaviour(text="It cannot be done."))
        call_id = await house.call(phone.start(), assistant(model, *tools))
        await _asked(house, call_id)
        await until_asked(model, 1)
        began = time.monotonic()
        messages = await until_asked(model, 2)
        assert 9.5 < time.monotonic() - began < 11.5
        call = await house.until(call_id, lambda call: any("cannot" in said["content"] for said in call["messages"]))
        await _ended(house, call_id)
    told = results(messages)
    assert told["a"] == {"error": "The tool hangs failed: the receiver did not answer in full within 10 seconds."}
    assert told["b"] == "late"
    said = [message["content"] for message in call["messages"] if message["role"] == "assistant"]
    assert said == ["One moment please.", "It cannot be done."]
    assert messages[-1]["role"] == "tool", "the words for the wait stand before the results"
    assert sorted(seen.path for seen in hook.seen) == ["/hangs", "/slow"]


async def test_a_tool_runs_to_its_end_though_the_call_is_over(
    house: Installation, hook: Receiver, model: OpenAiChatEmulator
) -> None:
    with mcp_server("sse", KEY) as shop, SippUas() as phone:
        model.behave(wants(EmulatedCall("slow", '{"seconds": 4}')))
        call_id = await house.call(phone.start(), assistant(model, mcp(shop.url)))
        await _asked(house, call_id)
        await until_asked(model, 1)
        await asyncio.sleep(0.5)
        phone.stop()
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        async with asyncio.timeout(15):
            while shop.requests[-1]["method"] != "DELETE":  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.1)
        assert [entry["name"] for entry in shop.ran] == ["slow", "slow is done"]


async def _slow(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(2.5)
    return web.json_response({"result": "late"})
