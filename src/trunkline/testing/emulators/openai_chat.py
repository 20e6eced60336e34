"""A chat completions server: the published protocol, streaming and not, and every way in which it can go wrong."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from trunkline.testing.emulators.chat_completions import add_openai_chat

__all__ = ["MODEL", "Behaviour", "Brain", "EmulatedCall", "OpenAiChatEmulator", "Received", "add_openai_chat"]

MODEL = "emulated-1"
_CREATED = 1_764_000_000
_FOREVER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class EmulatedCall:
    """A tool call of a reply. ``arguments`` is JSON text as a model writes it, right or wrong."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the server does with one request; all defaults make a well-behaved reply.

    ``stop_after`` counts chunks, after which ``then`` happens: ``silence`` (the socket stays open), ``drop`` (it is
    cut), ``error`` (an error object in the stream), ``garbage`` (a chunk that is not JSON), ``end`` (no last chunk).
    """

    text: str = "Hello. How can I help?"
    calls: tuple[EmulatedCall, ...] = ()
    finish_reason: str = ""
    usage: tuple[int, int] | None = (12, 7)
    status: int = 200
    error: str = ""
    error_param: str | None = None
    error_code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    refuse_parameters: tuple[str, ...] = ()
    first_byte_delay_seconds: float = 0.0
    chunk_delay_seconds: float = 0.0
    argument_piece: int = 5
    stop_after: int | None = None
    then: str = "silence"
    bytes_per_write: int | None = None
    newline: str = "\n"
    comments: bool = False
    content_type: str = "text/event-stream"
    null_choices: bool = False


Brain = Callable[[dict[str, Any]], Behaviour]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class OpenAiChatEmulator:
    """Serves ``/v1`` on a free port of loopback. ``key`` is the one that it takes; None takes any and none.

    An unused connection is closed after ``keep_alive_seconds``; ``connections`` counts those that were opened. With
    ``tls`` it is served over TLS.
    """

    def __init__(
        self, key: str | None = None, *, keep_alive_seconds: float = 75.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self.streaming = 0
        self.url = ""
        self._peers: set[Any] = set()
        self._key = key
        self._keep_alive_seconds = keep_alive_seconds
        self._tls = tls
        self._behaviours: list[Behaviour | Brain] = [Behaviour()]
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    def behave(self, *behaviours: Behaviour | Brain) -> None:
        """What is done with the requests to come, in order; the last one stays. A function decides by the body."""
        self._behaviours = list(behaviours)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until ``condition`` of ``requests`` or ``streaming`` holds."""
        while not condition():
            await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(
            app,
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=0.2,
            keepalive_timeout=self._keep_alive_seconds,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        self._keep(request, {})
        return _json(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "created": _CREATED, "owned_by": "x"}]}
        )

    @property
    def connections(self) -> int:
        """Over how many connections requests came."""
        return len(self._peers)

    def _keep(self, request: web.Request, body: dict[str, Any]) -> None:
        self._peers.add(request.transport.get_extra_info("peername") if request.transport is not None else None)
        self.requests.append(Received(request.path, dict(request.headers), body))
        self._change()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = orjson.loads(await request.read())
        self._keep(request, body)
        chosen = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        behaviour = chosen if isinstance(chosen, Behaviour) else chosen(body)
        await asyncio.sleep(behaviour.first_byte_delay_seconds)
        refusal = self._refusal(request, body, behaviour)
        if refusal is not None:
            return refusal
        if not body.get("stream"):
            return _json(_completion(body, behaviour), {"x-request-id": "req_emulated"})
        self.streaming += 1
        self._change()
        try:
            return await self._stream(request, body, behaviour)
        finally:
            self.streaming -= 1
            self._change()

    def _refusal(self, request: web.Request, body: dict[str, Any], behaviour: Behaviour) -> web.Response | None:
        if self._key is not None and request.headers.get("Authorization") != f"Bearer {self._key}":
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return _error(401, f"Incorrect API key provided: {given}.", behaviour.headers, code="invalid_api_key")
        if behaviour.status != 200:
            return _error(
                behaviour.status, behaviour.error, behaviour.headers, behaviour.error_code, behaviour.error_param
            )
        unknown = next((name for name in behaviour.refuse_parameters if name in body), None)
        if unknown:
            text = f"Unsupported parameter: '{unknown}' is not supported with this model."
            return _error(400, text, {}, code="unsupported_parameter", param=unknown)
        return None

    async def _stream(self, request: web.Request, body: dict[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        answer = web.StreamResponse(
            headers={"Content-Type": behaviour.content_type, "x-request-id": "req_emulated", **behaviour.headers}
        )
        await answer.prepare(request)
        for number, chunk in enumerate(_chunks(body, behaviour)):
            if number == behaviour.stop_after:
                await self._go_wrong(request, answer, behaviour)
                return answer
            if behaviour.comments:
                await _write(answer, ": keep-alive", behaviour)
            await _write(answer, f"data: {orjson.dumps(chunk).decode()}", behaviour)
            await asyncio.sleep(behaviour.chunk_delay_seconds)
        await _write(answer, "data: [DONE]", behaviour)
        await asyncio.sleep(behaviour.chunk_delay_seconds)
        return answer

    async def _go_wrong(self, request: web.Request, answer: web.StreamResponse, behaviour: Behaviour) -> None:
        match behaviour.then:
            case "silence":
                await asyncio.sleep(_FOREVER_SECONDS)
            case "drop" if request.transport is not None:
                request.transport.abort()
            case "error":
                error = {"error": {"message": behaviour.error or "The server had an error", "type": "server_error"}}
                await _write(answer, f"data: {orjson.dumps(error).decode()}", behaviour)
            case "garbage":
                await _write(answer, 'data: {"choices": [', behaviour)
            case _:
                return


async def _write(answer: web.StreamResponse, line: str, behaviour: Behaviour) -> None:
    data = (line + 2 * behaviour.newline).encode()
    size = behaviour.bytes_per_write or len(data)
    for at in range(0, len(data), size):
        await answer.write(data[at : at + size])
        if behaviour.bytes_per_write:
            await asyncio.sleep(0)


def _json(value: dict[str, Any], headers: dict[str, str] | None = None, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", headers=headers, status=status)


def _error(
    status: int, message: str, headers: dict[str, str], code: str | None = None, param: str | None = None
) -> web.Response:
    kind = "invalid_request_error" if status < 429 else "server_error"
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return _json(body, {"x-request-id": "req_emulated", **headers}, status)


def _usage(behaviour: Behaviour) -> dict[str, int] | None:
    if behaviour.usage is None:
        return None
    prompt, completion = behaviour.usage
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _finish(behaviour: Behaviour) -> str:
    return behaviour.finish_reason or ("tool_calls" if behaviour.calls else "stop")


def _completion(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": behaviour.text or None, "refusal": None}
    if behaviour.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in behaviour.calls
        ]
    return {
        "id": "chatcmpl-emulated",
        "object": "chat.completion",
        "created": _CREATED,
        "model": body.get("model", MODEL),
        "choices": [{"index": 0, "message": message, "finish_reason": _finish(behaviour), "logprobs": None}],
        "usage": _usage(behaviour),
    }


def _chunks(body: dict[str, Any], behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    """The chunks of a stream: the role, the words, the calls in pieces, the reason, and the usage where it is wanted."""
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        return _frame(body, choices) | ({"usage": None} if wants_usage else {})

    yield chunk({"role": "assistant", "content": ""})
    for word in _words(behaviour.text):
        yield chunk({"content": word})
    for index, call in enumerate(behaviour.calls):
        function: dict[str, Any] = {"name": call.name, "arguments": ""}
        yield chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]})
        for at in range(0, len(call.arguments), behaviour.argument_piece):
            piece = call.arguments[at : at + behaviour.argument_piece]
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _finish(behaviour))
    if wants_usage and behaviour.usage is not None:
        choices: list[dict[str, Any]] | None = None if behaviour.null_choices else []
        yield _frame(body, choices) | {"usage": _usage(behaviour)}


def _frame(body: dict[str, Any], choices: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-emulated",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": body.get("model", MODEL),
        "choices": choices,
    }


def _words(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")[:-1]] + [text.split(" ")[-1]] if text else []
