"""Messages, as Anthropic serves them."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.anthropic_rules import REQUEST, VERSIONS, error, refusal
from trunkline.testing.emulators.brain import Answer
from trunkline.testing.emulators.chat_stream import (
    ChatStream,
    PromptCache,
    Refusal,
    answered,
    json_answer,
    planned,
    streaming,
    tokens,
    words,
)
from trunkline.testing.emulators.house import Emulator, Fault, listing_trouble

THOUGHT = "The user wants an answer. I give one."
SIGNATURE = "ErUBCkYIARgCIkD-emulated"
_MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5")
_PIECE = 7


def add_anthropic_chat(app: web.Application, house: Emulator) -> None:
    """Serves ``/v1/messages`` and ``/v1/models``."""
    chat = _Anthropic(house)
    app.router.add_post("/v1/messages", chat.create)
    app.router.add_get("/v1/models", chat.models)


def fault(kind: Fault) -> Refusal:
    """How Anthropic answers a fault."""
    match kind:
        case Fault.UNAUTHORISED:
            return error(401, "authentication_error", "invalid x-api-key")
        case Fault.RATE_LIMITED:
            return error(429, "rate_limit_error", "This request would exceed your organization's rate limit.")
        case Fault.OVERLOADED:
            return error(529, "overloaded_error", "Overloaded")
    return error(500, "api_error", "Internal server error")


class _Anthropic:
    """The handlers of one house."""

    def __init__(self, house: Emulator) -> None:
        self._house = house
        self._cache = PromptCache()
        self._numbers = count(1)

    def _refused_headers(self, request: web.Request) -> Refusal | None:
        given = request.headers.get("x-api-key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not given:
            return error(401, "authentication_error", "x-api-key header is required")
        if given != self._house.key:
            return fault(Fault.UNAUTHORISED)
        if request.headers.get("anthropic-version") not in VERSIONS:
            return error(400, "invalid_request_error", "anthropic-version: header is required")
        return None

    async def models(self, request: web.Request) -> web.Response:
        """The list of models."""
        self._house.keep(request.path, request.headers)
        if (refused := self._refused_headers(request)) is not None:
            return refused.response()
        models = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
            for name in _MODELS
        ]
        page = {"data": models, "has_more": False, "first_id": _MODELS[0], "last_id": _MODELS[-1]}
        trouble = await listing_trouble(self._house, request, lambda one: fault(one).response())
        return trouble or json_answer(page, REQUEST)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """A reply, whole or in pieces."""
        body: dict[str, Any] = orjson.loads(await request.read())
        self._house.keep(request.path, request.headers, body)
        refused = self._refused_headers(request)
        plan = await planned(self._house, request, fault) if refused is None else refused.response()
        if isinstance(plan, web.Response):
            return plan
        if (refused := refusal(body, request.headers.get("anthropic-version", ""))) is not None:
            return refused.response()
        reply = _Reply(body, self._said(body), self._cache, next(self._numbers))
        if not body.get("stream"):
            return json_answer(reply.whole(), REQUEST)
        plan.headers |= REQUEST
        overloaded = b"event: error\ndata: " + orjson.dumps(fault(Fault.OVERLOADED).body) + b"\n\n"
        stream = ChatStream(self._house, request, plan, lambda: overloaded)
        async with streaming(stream, self._house, request):
            for event in reply.events():
                if event["type"] == "content_block_delta":
                    await stream.result(event, event["type"])
                else:
                    await stream.event(event, event["type"])
        return stream.answer

    def _said(self, body: Mapping[str, Any]) -> Answer:
        tools = [(one["name"], one.get("description") or "", one["input_schema"]) for one in body.get("tools") or ()]
        return answered(self._house, _turns(body), tools)


def _turns(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    system = [("system", _text(body["system"]))] if body.get("system") else []
    return system + [turn for message in body["messages"] for turn in _turns_of(message)]


def _turns_of(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    content = message["content"]
    for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        match block["type"]:
            case "text":
                yield str(message["role"]), str(block["text"])
            case "tool_use":
                yield "assistant", ""
            case "tool_result":
                yield "tool", _text(block.get("content") or "")


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(str(block.get("text") or "") for block in content)


class _Reply:
    """One reply, as Anthropic writes it."""

    def __init__(self, body: Mapping[str, Any], said: Answer, cache: PromptCache, number: int) -> None:
        self._body, self._said, self._number = body, said, number
        prompt = "\n".join(f"{role}: {text}" for role, text in _turns(body))
        self._prompt = tokens(prompt)
        self._cached = cache.cached_tokens(prompt) if "cache_control" in orjson.dumps(body).decode() else 0
        self._thinks = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")

    def _usage(self) -> dict[str, Any]:
        return {
            "input_tokens": self._prompt - self._cached,
            "cache_read_input_tokens": self._cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
            "service_tier": "standard",
        }

    def _written(self) -> int:
        return sum(tokens(str(block)) for block in self._blocks())

    def _blocks(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if self._thinks:
            blocks.append({"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE})
        if self._said.text:
            blocks.append({"type": "text", "text": self._said.text})
        for at, call in enumerate(self._said.calls):
            call_id = f"toolu_{self._number:08d}{at:04d}"
            blocks.append({"type": "tool_use", "id": call_id, "name": call.name, "input": dict(call.arguments)})
        return blocks

    def _message(self, **more: Any) -> dict[str, Any]:
        return {
            "id": f"msg_emulated{self._number}",
            "type": "message",
            "role": "assistant",
            "model": self._body["model"],
            "stop_sequence": None,
            **more,
        }

    @property
    def _reason(self) -> str:
        return "tool_use" if self._said.calls else "end_turn"

    def whole(self) -> dict[str, Any]:
        """The reply in one piece."""
        usage = self._usage() | {"output_tokens": self._written()}
        return self._message(content=self._blocks(), stop_reason=self._reason, usage=usage)

    def events(self) -> Iterator[dict[str, Any]]:
        """The reply in pieces."""
        started = self._message(content=[], stop_reason=None, usage=self._usage())
        yield {"type": "message_start", "message": started}
        yield {"type": "ping"}
        for index, block in enumerate(self._blocks()):
            yield {"type": "content_block_start", "index": index, "content_block": _empty(block)}
            for delta in _deltas(block):
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        delta = {"stop_reason": self._reason, "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": self._written()}}
        yield {"type": "message_stop"}


def _empty(block: Mapping[str, Any]) -> dict[str, Any]:
    emptied = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: emptied.get(name, value) for name, value in block.items()}


def _deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "thinking":
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "text":
            yield from ({"type": "text_delta", "text": word} for word in words(block["text"]))
        case _:
            written = orjson.dumps(block["input"]).decode() if block["input"] else ""
            yield {"type": "input_json_delta", "partial_json": ""}
            for piece in re.findall(f".{{1,{_PIECE}}}", written, re.S):
                yield {"type": "input_json_delta", "partial_json": piece}
