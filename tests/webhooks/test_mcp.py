"""Tools of MCP servers: the official SDK's server on a real socket, and servers that do what they should not."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.webhooks.mcp_server import RunningServer, mcp_server
from tests.webhooks.receiver import Receiver, hang, receiving, reply
from tests.webhooks.test_asking import flat, plan
from trunkline.base.clock import SystemClock
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import ToolRunner
from trunkline.webhooks.asking import WebhookToolRunner
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.mcp import McpToolRunner
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.toolrunner import ServerTools

pytestmark = pytest.mark.room
KEY = "a-secret-of-the-shop"
TOOLS = ["find_order", "shop_opening-hours_today", "slow", "broken"]


@pytest.fixture(scope="module", params=["sse", "json", "stateless"])
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    with mcp_server(request.param, KEY) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@asynccontextmanager
async def running(guard: Guard | None = None, **seconds: float) -> AsyncIterator[McpToolRunner]:
    async with McpToolRunner(guard or Guard(allow_insecure=True), **seconds) as runner:  # type: ignore[arg-type]
        yield runner


def mcp(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "mcp", "url": url, "headers": {"Authorization": f"Bearer {KEY}"}, **more}


def call(name: str, id: str = "t1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


async def test_the_tools_of_a_server_are_offered_run_and_let_go(server: RunningServer) -> None:
    wanted = plan(mcp(server.url))
    before = len(server.ran)
    async with running() as runner:
        offer = await runner.offered(wanted)
        assert [tool.name for tool in offer.tools] == TOOLS
        assert offer.problems == ()
        assert offer.tools[0].description == "Looks an order up."
        assert offer.tools[0].parameters["properties"]["number"]["type"] == "integer"
        calls = [
            call("find_order", "1", number=7),
            call("broken", "2"),
            call("shop_opening-hours_today", "3"),
            call("slow", "4", seconds=0.2),
            call("find_order", "5", number="many"),
        ]
        results = await runner.run(wanted, calls)
        await runner.close(wanted.call_id)
        [late] = await runner.run(wanted, [call("find_order", number=8)])
    assert [result.tool_call_id for result in results] == ["1", "2", "3", "4", "5"]
    assert [result.failed for result in results] == [False, True, False, False, True]
    assert results[0].content == {"number": 7, "state": "on its way"}
    assert results[1].content.startswith("The tool broken failed: ")
    assert "the till is closed" in results[1].content
    assert results[2].content == {"result": "nine to five"}
    assert results[3].content == "done"
    assert late.failed
    ran = [entry["name"] for entry in server.ran[before:]]
    assert sorted(ran) == ["broken", "find_order", "opening_hours", "slow", "slow is done"]


async def test_a_session_is_closed_with_its_call() -> None:
    with mcp_server("sse") as server:
        wanted = plan(mcp(server.url))
        async with running() as runner:
            await runner.offered(wanted)
            await runner.run(wanted, [call("find_order", number=1)])
            await runner.close(wanted.call_id)
        requests = server.requests
    sessions = {entry["headers"].get("mcp-session-id") for entry in requests[1:]}
    versions = {entry["headers"].get("mcp-protocol-version") for entry in requests[1:]}
    assert [entry["method"] for entry in requests] == ["POST", "POST", "POST", "POST", "DELETE"]
    assert len(sessions) == 1
    assert None not in sessions
    assert versions == {"2025-11-25"}


async def test_a_server_that_restarted_is_asked_anew_once() -> None:
    with mcp_server("sse") as first, mcp_server("sse") as second:
        wanted = plan(mcp(first.url))
        async with running() as runner:
            await runner.offered(wanted)
            session = runner._calls[wanted.call_id].sessions[0]
            session._url = second.url  # to it, as to a server that has restarted, the session is unknown
            results = await runner.run(wanted, [call("find_order", str(n), number=n) for n in range(3)])
        assert [result.content for result in results] == [{"number": n, "state": "on its way"} for n in range(3)]
        assert sorted(entry["number"] for entry in second.ran) == [0, 1, 2]


async def test_only_allowed_tools_are_offered_and_no_name_stands_twice() -> None:
    with mcp_server("json") as server:
        offer_of = plan(
            flat("slow", "https://example.org"),
            mcp(server.url, allowed_tools=["find_order", "slow", "sing"]),
            mcp(server.url, allowed_tools=["find_order", "shop.opening-hours/today"]),
        )
        async with running() as runner:
            offer = await runner.offered(offer_of)
            assert [tool.name for tool in offer.tools] == ["find_order", "find_order_2", "shop_opening-hours_today"]
            assert list(offer.problems) == [
                "127.0.0.1: it has no tool 'sing'",
                "127.0.0.1: its tool 'slow' is left out, because the assistant has one of that name",
            ]
            results = await runner.run(offer_of, [call("find_order_2", "a", number=2), call("slow", "b", seconds=0)])
            assert [result.failed for result in results] == [False, True]


async def test_a_slow_tool_is_given_up_in_time_and_the_others_are_not() -> None:
    with mcp_server("sse") as server:
        wanted = plan(mcp(server.url))
        async with running(patience_seconds=1.0) as runner:
            await runner.offered(wanted)
            calls = [call("slow", "1", seconds=30), call("find_order", "2", number=2)]
            results = await runner.run(wanted, calls)
            assert [result.failed for result in results] == [True, False]
            assert results[0].content == "The tool slow failed: its server did not answer within 1 seconds."
            assert len([entry for entry in server.ran if entry["name"] == "slow"]) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (reply(401, ""), "its server answered with HTTP status 401"),
        (reply(500, '{"jsonrpc": "2.0", "id": null, "error": {"message": "no memory"}}'), "HTTP status 500: no memory"),
        (reply(307, "", {"Location": "http://127.0.0.1:1/"}), "its server redirects, and redirects are not followed"),
        (reply(200, "<html>"), "its server's answer could not be read"),
        (reply(200, "{}"), "its server gave no answer to what it was asked"),
        (reply(200, '{"jsonrpc": "2.0", "id": 1, "result": 3}'), "its server's answer is not a JSON object"),
        (reply(200, '{"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "1999-01-01"}}'), "a version of MCP"),
        (reply(200, " " * (2 << 20)), "its server's answer was longer than 1 MiB"),
        (hang, "it did not answer within 0.5 seconds"),
    ],
)
async def test_a_server_that_fails_offers_nothing_and_says_why(receiver: Receiver, answer: Any, problem: str) -> None:
    receiver.answer = answer
    async with running(offer_seconds=0.5) as runner:
        offer = await runner.offered(plan(mcp(receiver.url())))
    assert offer.tools == ()
    assert len(offer.problems) == 1
    assert problem in offer.problems[0]
    assert KEY not in offer.problems[0]


async def test_private_addresses_are_refused_before_anything_is_sent(receiver: Receiver) -> None:
    async with running(Guard()) as runner:
        literal = await runner.offered(plan(mcp(receiver.url())))
        secure = await runner.offered(plan(mcp(f"https://127.0.0.1:{receiver.port}/mcp")))
        named = await runner.offered(plan(mcp(f"https://localhost:{receiver.port}/mcp")))
    assert "must begin with https://" in literal.problems[0]
    assert "this machine itself" in secure.problems[0]
    assert "this machine itself" in named.problems[0]
    assert receiver.seen == []


def server_of(*answers: dict[str, Any] | web.Response | str) -> Any:
    """A server that opens sessions, lists one tool, and answers the calls of it in turn."""
    left = list(answers)
    hellos = iter(range(1, 100))

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.Response(status=405)
        message = await request.json()
        method = message.get("method")
        if method == "initialize":
            result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}
            headers = {"Mcp-Session-Id": f"session-{next(hellos)}"}
            return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": result}, headers=headers)
        if method == "tools/list":
            tools = [{"name": "a", "inputSchema": {"type": "object"}}]
            return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": {"tools": tools}})
        if method != "tools/call":
            return web.Response(status=202)
        said = left.pop(0)
        if isinstance(said, web.Response):
            return said
        if isinstance(said, str):
            return web.Response(text=said.replace("@id@", str(message["id"])), content_type="text/event-stream")
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], **said})

    return answer


async def _run_one(receiver: Receiver, *answers: dict[str, Any] | web.Response | str) -> tuple[Any, list[str]]:
    receiver.answer = server_of(*answers)
    wanted = plan(mcp(receiver.url()))
    async with running(patience_seconds=3.0) as runner:
        assert [tool.name for tool in (await runner.offered(wanted)).tools] == ["a"]
        [result] = await runner.run(wanted, [call("a")])
    bodies = [json.loads(seen.body) for seen in receiver.seen if seen.body]
    return result, [str(body.get("method") or body) for body in bodies]


async def test_a_server_that_forgot_us_is_greeted_again_and_asked_once_more(receiver: Receiver) -> None:
    result, methods = await _run_one(
        receiver, web.Response(status=404), {"result": {"content": [{"type": "text", "text": "fine"}]}}
    )
    assert (result.content, result.failed) == ("fine", False)
    assert methods.count("initialize") == 2
    sessions = [seen.headers.get("mcp-session-id") for seen in receiver.seen if b"tools/call" in seen.body]
    assert sessions == ["session-1", "session-2"]


async def test_a_server_that_forgets_us_each_time_is_a_failure(receiver: Receiver) -> None:
    result, methods = await _run_one(receiver, web.Response(status=404), web.Response(status=404))
    assert result.failed
    assert methods.count("tools/call") == 2


async def test_nothing_is_sent_again_when_the_answer_fails(receiver: Receiver) -> None:
    result, methods = await _run_one(receiver, web.Response(status=503))
    assert result.content == "The tool a failed: its server answered with HTTP status 503."
    assert methods.count("tools/call") == 1


async def test_what_a_server_asks_amid_an_answer_is_answered(receiver: Receiver) -> None:
    stream = (
        ': hello\n\nevent: message\ndata: {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}\n\n'
        'data: {"jsonrpc": "2.0", "id": "s1", "method": "ping"}\n\n'
        'data: {"jsonrpc": "2.0", "id": "s2", "method": "sampling/createMessage", "params": {}}\n\n'
        'data: {"jsonrpc": "2.0", "id": @id@, "result": {"content": [{"type": "text", "text": "a"}, '
        '{"type": "image", "data": "x"}, {"type": "resource", "resource": {"text": "b"}}]}}\n\n'
    )
    result, _ = await _run_one(receiver, stream)
    assert result.content == "a\n[image that cannot be told in words]\nb"
    bodies = [json.loads(seen.body) for seen in receiver.seen if seen.body]
    assert {"jsonrpc": "2.0", "id": "s1", "result": {}} in bodies
    assert [body["error"]["code"] for body in bodies if body.get("id") == "s2"] == [-32601]


async def test_an_answer_that_breaks_off_is_a_failure(receiver: Receiver) -> None:
    result, methods = await _run_one(receiver, "data: 1\n\n")
    assert result.content == "The tool a failed: its server ended the answer before it was complete."
    assert methods.count("tools/call") == 1


async def test_a_tool_that_nobody_waits_for_any_more_is_taken_back(receiver: Receiver) -> None:
    sound = server_of()

    async def answer(request: web.Request) -> web.StreamResponse:
        message = await request.json() if request.method == "POST" else {}
        if message.get("method") == "tools/call":
            await asyncio.sleep(3600)
        answered: web.StreamResponse = await sound(request)
        return answered

    receiver.answer = answer
    wanted = plan(mcp(receiver.url()))
    async with running(patience_seconds=0.3) as runner:
        await runner.offered(wanted)
        [result] = await runner.run(wanted, [call("a")])
        assert result.failed
        taken_back = [json.loads(seen.body) for seen in receiver.seen if b"notifications/cancelled" in seen.body]
        asked = [json.loads(seen.body) for seen in receiver.seen if b"tools/call" in seen.body]
    assert [one["params"]["requestId"] for one in taken_back] == [one["id"] for one in asked]


async def test_webhooks_and_mcp_run_side_by_side(receiver: Receiver) -> None:
    receiver.paths = {"/hook": reply(200, '{"result": "by webhook"}')}
    receiver.answer = server_of({"result": {"structuredContent": {"by": "mcp"}}})
    wanted = plan(flat("b", receiver.url("/hook")), mcp(receiver.url("/mcp")))
    clock = SystemClock()
    async with (
        Sender(Guard(allow_insecure=True), clock) as sender,
        ServerTools(WebhookToolRunner(sender, clock), McpToolRunner(Guard(allow_insecure=True))) as both,
    ):
        port: ToolRunner = both
        await port.offered(wanted)
        results = await port.run(wanted, [call("b", "1"), call("a", "2"), call("c", "3")])
        await port.close(wanted.call_id)
    assert [(result.tool_call_id, result.failed) for result in results] == [("1", False), ("2", False), ("3", True)]
    assert [result.content for result in results[:2]] == ["by webhook", {"by": "mcp"}]


async def test_a_plan_without_servers_asks_nobody() -> None:
    async with running() as runner:
        assert (await runner.offered(plan(flat("a", "https://example.org")))).tools == ()
        assert runner._calls == {}
