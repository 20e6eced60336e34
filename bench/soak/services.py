"""What the platform reaches over HTTP in the soak: the receiver of webhooks, the tool server, the model server."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

WORDS = ("Of course.", " The practice", " is in the middle of the town,", " and there is a tram stop in front.")
SLOW_SECONDS = 1.6
HANGS_SECONDS = 60.0


class Services:
    """Everything on one port. ``reports`` are the end-of-call reports by call, ``letters`` counts webhook ids."""

    def __init__(self) -> None:
        self.port = 0
        self.reports: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.report_ids: dict[str, set[str]] = defaultdict(set)
        self.statuses: dict[str, list[str]] = defaultdict(list)
        self.tool_calls: Counter[str] = Counter()
        self.arrived = asyncio.Condition()
        self.replies: dict[str, tuple[str, dict[str, Any]]] = {}
        """By a caller's number how an assistant is asked for, and which one there is."""
        self.came_in: dict[str, str] = {}
        """The calls that came in, by the caller's number."""
        self._deliveries = 0
        self._refused: set[str] = set()

    def url(self, path: str) -> str:
        """An address of ours."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def report(self, call_id: str, seconds: float) -> dict[str, Any] | None:
        """The report of a call, once it has come."""
        try:
            async with asyncio.timeout(seconds), self.arrived:
                await self.arrived.wait_for(lambda: call_id in self.reports)
        except TimeoutError:
            return None
        return self.reports[call_id][0]

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """Takes webhooks; every fortieth is refused, at most one of a call, so that it comes again."""
        message = orjson.loads(await request.read())["message"]
        call_id = message["call"]["id"]
        if message["type"] == "assistant-request":
            return await self._assistant(message["customer"]["number"], call_id)
        self._deliveries += 1
        if self._deliveries % 40 == 0 and call_id not in self._refused:
            self._refused.add(call_id)
            return web.Response(status=503)
        if message["type"] == "end-of-call-report":
            self.report_ids[call_id].add(request.headers["webhook-id"])
            async with self.arrived:
                self.reports[call_id].append(message)
                self.arrived.notify_all()
        elif message["type"] == "status-update":
            self.statuses[call_id].append(message["call"]["status"])
        return web.json_response({})

    async def _assistant(self, caller: str, call_id: str) -> web.StreamResponse:
        async with self.arrived:
            self.came_in[caller] = call_id
            self.arrived.notify_all()
        manner, assistant = self.replies[caller]
        match manner:
            case "assistant":
                return web.json_response({"assistant": assistant})
            case "error":
                return web.json_response({"error": "We are closed today. Goodbye."})
            case "status-500":
                return web.Response(status=500)
            case "garbage":
                return web.Response(text="{]", content_type="application/json")
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
                return web.json_response({"assistant": assistant})
            case "hangs":
                await asyncio.sleep(HANGS_SECONDS)
        return web.json_response({})

    async def call_of(self, caller: str, seconds: float) -> str:
        """The call of a caller, once it is known. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.arrived:
            await self.arrived.wait_for(lambda: caller in self.came_in)
        return self.came_in[caller]

    async def tool(self, request: web.Request) -> web.StreamResponse:
        """Answers a tool in the way that its path says."""
        message = orjson.loads(await request.read())["message"]
        for call in message["tool_call_list"]:
            self.tool_calls[f"{message['call']['id']}/{call['id']}"] += 1
        match request.match_info["manner"]:
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "failing":
                return web.Response(status=500, text="no")
            case "garbage":
                return web.Response(text="{]", content_type="application/json")
            case "huge":
                return web.Response(body=b"x" * (2 << 20), content_type="application/json")
            case "hangs":
                await asyncio.sleep(HANGS_SECONDS)
            case "hangs_up":
                await _cut(request)
        results = [
            {"tool_call_id": call["id"], "result": "twelve Station Street"} for call in message["tool_call_list"]
        ]
        return web.json_response({"results": results})

    async def model(self, request: web.Request) -> web.StreamResponse:
        """A chat completion in the way that the model's name says."""
        body = orjson.loads(await request.read())
        manner = str(body["model"]).partition("/")[0]
        if manner.startswith("status-"):
            return web.json_response({"error": {"message": "no", "type": "x"}}, status=int(manner[7:]))
        if not body.get("stream"):
            message = {"role": "assistant", "content": "A call."}
            return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        if manner == "tool" and body["messages"][-1]["role"] != "tool" and body.get("tools"):
            await self._ask_for_tool(answer)
        else:
            await self._speak(request, answer, manner)
        return answer

    async def _speak(self, request: web.Request, answer: web.StreamResponse, manner: str) -> None:
        for number, words in enumerate(WORDS):
            if number == 1 and manner == "silence":
                await asyncio.sleep(HANGS_SECONDS)
            if number == 1 and manner == "drop":
                await _cut(request)
            if number == 1 and manner == "garbage":
                await answer.write(b'data: {"choices": [\n\n')
            if number == 2 and manner == "end":
                return
            await asyncio.sleep(0.8 if manner == "slow" else 0.02)
            await _chunk(answer, {"content": words})
        await _chunk(answer, {}, "stop")
        await answer.write(b"data: [DONE]\n\n")

    async def _ask_for_tool(self, answer: web.StreamResponse) -> None:
        function = {"name": "look_up", "arguments": '{"question": "the address"}'}
        await _chunk(answer, {"tool_calls": [{"index": 0, "id": "vendor1", "type": "function", "function": function}]})
        await _chunk(answer, {}, "tool_calls")
        await answer.write(b"data: [DONE]\n\n")


async def _cut(request: web.Request) -> None:
    """Cuts the connection, and waits for the server to notice."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(HANGS_SECONDS)


async def _chunk(answer: web.StreamResponse, delta: dict[str, Any], finish: str | None = None) -> None:
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    await answer.write(b"data: " + orjson.dumps(chunk) + b"\n\n")


@asynccontextmanager
async def serving() -> AsyncIterator[Services]:
    """The services on a free port of loopback."""
    services = Services()
    app = web.Application(client_max_size=8 << 20)
    app.router.add_post("/hook", services.hook)
    app.router.add_post("/tool/{manner}", services.tool)
    app.router.add_post("/v1/chat/completions", services.model)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    services.port = runner.addresses[0][1]
    try:
        yield services
    finally:
        await runner.cleanup()
