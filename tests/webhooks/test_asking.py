"""Webhook tools, run at real servers that answer in every form, and in none."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.webhooks.receiver import Receiver, hang, receiving, reply
from trunkline.base.clock import SystemClock
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall
from trunkline.webhooks.asking import WebhookToolRunner
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.sender import Sender

pytestmark = pytest.mark.room


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def runner() -> AsyncIterator[WebhookToolRunner]:
    clock = SystemClock()
    async with Sender(Guard(allow_insecure=True), clock) as sender, WebhookToolRunner(sender, clock) as found:
        yield found


def flat(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "url": url, **more}


def nested(name: str, url: str, secret: str | None = None) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}, "server": {"url": url, "secret": secret}}


def plan(*tools: dict[str, Any], **more: Any) -> CallPlan:
    assistant = TransientAssistant.model_validate(
        {"llm_config": {"provider": "local", "tools": list(tools)}, "webhook_secret": "assistant's own", **more}
    )
    return CallPlan(
        call_id="call-outbound-1",
        org_id="org",
        direction=Direction.OUTBOUND,
        destination="+31612345678",
        caller_id="+31850835037",
        number_id="n1",
        number_name="Main line",
        trunk=None,
        assistant=assistant,
        metadata={"order": 7},
        webhook_url=assistant.webhook_url,
        webhook_secret="the call's secret",
    )


def call(name: str, id: str = "t1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


async def test_the_request_carries_the_call_and_what_the_model_wants(
    runner: WebhookToolRunner, receiver: Receiver
) -> None:
    receiver.answer = reply(200, '{"result": {"free": true}}')
    [result] = await runner.run(plan(nested("look_up", receiver.url(), "tool secret")), [call("look_up", day="monday")])
    message = json.loads(receiver.seen[0].body)["message"]
    assert result.content == {"free": True}
    assert not result.failed
    assert message["type"] == "tool-calls"
    assert message["call"] == {"id": "call-outbound-1", "type": "outbound_phone_call", "status": "in-progress"}
    assert message["phone_number"] == {"id": "n1", "number": "+31850835037", "name": "Main line"}
    assert message["customer"] == {"number": "+31612345678"}
    assert message["metadata"] == {"order": 7}
    assert message["tool_call_list"] == [
        {"id": "t1", "type": "function", "function": {"name": "look_up", "arguments": {"day": "monday"}}}
    ]
    assert "secret" not in receiver.seen[0].body.decode().replace("webhook_secret", "").replace('"secret":null', "")


async def test_calls_of_one_turn_to_one_address_go_together(runner: WebhookToolRunner, receiver: Receiver) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        listed = (await request.json())["message"]["tool_call_list"]
        results = [{"tool_call_id": item["id"], "result": item["function"]["name"]} for item in reversed(listed)]
        return web.json_response({"results": results})

    receiver.answer = answer
    tools = [flat("a", receiver.url("/one")), flat("b", receiver.url("/one")), flat("c", receiver.url("/two"))]
    results = await runner.run(plan(*tools), [call("a", "1"), call("c", "2"), call("b", "3"), call("a", "4")])
    assert [(result.tool_call_id, result.content) for result in results] == [
        ("1", "a"),
        ("2", "c"),
        ("3", "b"),
        ("4", "a"),
    ]
    assert sorted(seen.path for seen in receiver.seen) == ["/one", "/two"]


@pytest.mark.parametrize(
    ("text", "content", "failed"),
    [
        ('{"result": "Monday"}', "Monday", False),
        ('{"result": null}', None, False),
        ('{"results": [{"tool_call_id": "t1", "result": 3}]}', 3, False),
        ('{"results": [{"result": [1, 2]}]}', [1, 2], False),
        ('{"results": [{"tool_call_id": "t1", "error": "it is closed"}]}', "The tool a failed: it is closed.", True),
        (
            '{"results": [{"tool_call_id": "x", "result": 3}]}',
            "The tool a failed: its server gave no result for it.",
            True,
        ),
        (
            '{"results": [{"tool_call_id": ["t1"], "result": 3}, 7]}',
            "The tool a failed: its server gave no result for it.",
            True,
        ),
        ('{"time": "10:00", "free": true}', {"time": "10:00", "free": True}, False),
        ("{}", {}, False),
        ('{"error": "No such customer."}', "The tool a failed: No such customer.", True),
        ("[1]", "The tool a failed: its server's answer is not a JSON object.", True),
        ("", "The tool a failed: its server's answer could not be read.", True),
        ("<html>", "The tool a failed: its server's answer could not be read.", True),
        (
            '{"result": ' + "[" * 990 + "]" * 990 + "}",
            "The tool a failed: its server's answer could not be read.",
            True,
        ),
        ('{"error": ' + "[" * 300 + "]" * 300 + "}", "The tool a failed: its server's answer could not be read.", True),
    ],
)
async def test_every_form_of_reply_is_understood(
    runner: WebhookToolRunner, receiver: Receiver, text: str, content: object, failed: bool
) -> None:
    receiver.answer = reply(200, text)
    [result] = await runner.run(plan(flat("a", receiver.url())), [call("a")])
    assert (result.content, result.failed) == (content, failed)


async def test_a_server_that_fails_is_told_plainly(runner: WebhookToolRunner, receiver: Receiver) -> None:
    receiver.answer = reply(500, '{"result": "never seen"}')
    [result] = await runner.run(plan(flat("a", receiver.url())), [call("a")])
    assert result.content == "The tool a failed: its server answered with HTTP status 500."
    assert len(receiver.seen) == 1


async def test_a_server_that_hangs_is_not_waited_for_longer_than_the_limit(receiver: Receiver) -> None:
    receiver.paths = {"/hangs": hang, "/works": reply(200, '{"result": 1}')}
    clock = SystemClock()
    tools = plan(flat("a", receiver.url("/hangs")), flat("b", receiver.url("/works")))
    async with (
        Sender(Guard(allow_insecure=True), clock) as sender,
        WebhookToolRunner(sender, clock, patience_seconds=0.3) as runner,
    ):
        results = await runner.run(tools, [call("a", "1"), call("b", "2")])
    assert [result.failed for result in results] == [True, False]
    assert results[0].content == "The tool a failed: the receiver did not answer in full within 0.3 seconds."


async def test_a_tool_that_nobody_waits_for_returns_at_once(receiver: Receiver) -> None:
    release = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response({})

    receiver.answer = slow
    clock = SystemClock()
    async with Sender(Guard(allow_insecure=True), clock) as sender, WebhookToolRunner(sender, clock) as runner:
        tool = flat("a", receiver.url(), **{"async": True})
        [result] = await runner.run(plan(tool), [call("a")])
        assert not result.failed
        await receiver.wait(1)
        release.set()
    assert len(receiver.seen) == 1


async def test_a_tool_that_does_not_exist_is_a_failed_result(runner: WebhookToolRunner) -> None:
    [result] = await runner.run(plan(), [call("made_up")])
    assert result.failed
    assert result.content == "The tool made_up failed: there is no such tool, or it has no address to be run at."


async def test_each_address_signs_with_its_own_secret(runner: WebhookToolRunner, receiver: Receiver) -> None:
    tools = [
        flat("open", receiver.url("/open")),
        nested("own", receiver.url("/own"), "x"),
        flat("same", receiver.url("/call")),
    ]
    await runner.run(
        plan(*tools, webhook_url=receiver.url("/call")), [call("open", "1"), call("own", "2"), call("same", "3")]
    )
    signed = {seen.path: "x-webhook-signature" in seen.headers for seen in receiver.seen}
    assert signed == {"/open": False, "/own": True, "/call": True}


async def test_a_tool_without_an_address_is_asked_at_the_assistants_if_it_listens(
    runner: WebhookToolRunner, receiver: Receiver
) -> None:
    receiver.answer = reply(200, '{"result": 1}')
    [result] = await runner.run(plan(flat("a", ""), webhook_url=receiver.url()), [call("a")])
    assert result.content == 1
    [deaf] = await runner.run(
        plan(flat("a", ""), webhook_url=receiver.url(), webhook_events=["status-update"]), [call("a")]
    )
    assert deaf.failed
    assert len(receiver.seen) == 1


async def test_a_private_address_is_refused(receiver: Receiver) -> None:
    clock = SystemClock()
    async with Sender(Guard(), clock) as sender, WebhookToolRunner(sender, clock) as runner:
        [result] = await runner.run(plan(flat("a", receiver.url())), [call("a")])
    assert result.failed
    assert receiver.seen == []
