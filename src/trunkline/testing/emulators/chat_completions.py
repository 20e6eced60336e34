"""Chat completions as OpenAI, Mistral and xAI serve them, each with its own strictness, chunks and errors."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.brain import Answer
from trunkline.testing.emulators.chat_errors import FAULTS, REQUEST, stream_error
from trunkline.testing.emulators.chat_rules import refusal, thinks
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

CREATED = 1_790_000_000
THOUGHT = "The user wants an answer. I give one."
_MODELS = {
    "openai": ("gpt-5.4", "gpt-5.4-mini", "gpt-5.1", "gpt-5", "gpt-4.1", "gpt-4o"),
    "mistral": ("mistral-medium-latest", "mistral-small-latest", "mistral-large-latest", "ministral-3b-latest"),
    "xai": ("grok-4.3", "grok-4-1-fast-non-reasoning"),
}
_PIECE = 7


def add_openai_chat(app: web.Application, house: Emulator) -> None:
    """Serves ``/v1/chat/completions`` and ``/v1/models`` as the house's vendor does: OpenAI, Mistral or xAI."""
    chat = _Chat(house)
    app.router.add_post("/v1/chat/completions", chat.complete)
    app.router.add_get("/v1/models", chat.models)


class _Chat:
    """The handlers of one house."""

    def __init__(self, house: Emulator) -> None:
        self._house = house
        self._vendor = house.vendor
        self._cache = PromptCache()
        self._numbers = count(1)

    def _refused_key(self, request: web.Request) -> Refusal | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if given == self._house.key else FAULTS[self._vendor](Fault.UNAUTHORISED, given)

    def _fault(self, fault: Fault) -> Refusal:
        return FAULTS[self._vendor](fault, self._house.key)

    async def models(self, request: web.Request) -> web.Response:
        """The list of models."""
        self._house.keep(request.path, request.headers)
        if (refused := self._refused_key(request)) is not None:
            return refused.response()
        trouble = await listing_trouble(self._house, request, lambda one: self._fault(one).response())
        if trouble is not None:
            return trouble
        models = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": self._vendor}
            for name in _MODELS[self._vendor]
        ]
        return json_answer({"object": "list", "data": models}, REQUEST)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """A reply, whole or in pieces."""
        body: dict[str, Any] = orjson.loads(await request.read())
        self._house.keep(request.path, request.headers, body)
        refused = self._refused_key(request)
        plan = await planned(self._house, request, self._fault) if refused is None else refused.response()
        if isinstance(plan, web.Response):
            return plan
        if (refused := refusal(self._vendor, body)) is not None:
            return refused.response()
        reply = _Reply(self._vendor, body, self._said(body), self._cache, next(self._numbers))
        if not body.get("stream"):
            return json_answer(reply.whole(), REQUEST)
        plan.headers |= REQUEST
        stream = ChatStream(self._house, request, plan, lambda: stream_error(self._vendor, reply.frame([])))
        async with streaming(stream, self._house, request):
            for is_result, chunk in reply.chunks():
                if is_result:
                    await stream.result(chunk)
                else:
                    await stream.event(chunk)
            await stream.event(b"[DONE]")
        return stream.answer

    def _said(self, body: Mapping[str, Any]) -> Answer:
        turns = [(str(message["role"]), _text(message.get("content"))) for message in body["messages"]]
        functions = [tool["function"] for tool in body.get("tools") or ()]
        tools = [(one["name"], one.get("description") or "", one.get("parameters") or {}) for one in functions]
        return answered(self._house, turns, tools)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(str(chunk.get("text") or "") for chunk in content if isinstance(chunk, dict))
    return str(content or "")


class _Reply:
    """One reply, as the vendor writes it."""

    def __init__(self, vendor: str, body: Mapping[str, Any], said: Answer, cache: PromptCache, number: int) -> None:
        self._vendor = vendor
        self._body = body
        self._said = said
        self._number = number
        prompt = "\n".join(f"{one.get('role')}: {_text(one.get('content'))}" for one in body["messages"])
        self._prompt, self._cached = tokens(prompt), cache.cached_tokens(prompt)
        self._thought = THOUGHT if thinks(vendor, body) else ""

    def frame(self, choices: list[dict[str, Any]], kind: str = "chat.completion.chunk") -> dict[str, Any]:
        """A chunk with these choices."""
        return {
            "id": f"chatcmpl-emulated{self._number}",
            "object": kind,
            "created": CREATED,
            "model": self._body["model"],
            "system_fingerprint": "fp_emulated",
            "choices": choices,
        }

    def _choice(self, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        extra = {} if self._vendor == "mistral" else {"logprobs": None}
        return self.frame([choice | extra]) | ({"obfuscation": "aZ3"} if self._vendor == "openai" else {})

    @property
    def _finish(self) -> str:
        return "tool_calls" if self._said.calls else "stop"

    def usage(self) -> dict[str, Any]:
        """What it cost: xAI counts thoughts apart from the reply."""
        written = "".join(call["function"]["arguments"] for call in self._calls())
        reply, thought = tokens(self._said.text) + tokens(written), tokens(self._thought)
        counted = reply if self._vendor == "xai" else reply + thought
        total = self._prompt + reply + thought
        usage: dict[str, Any] = {
            "prompt_tokens": self._prompt,
            "completion_tokens": counted,
            "total_tokens": total,
        }
        if self._vendor != "mistral":
            usage["prompt_tokens_details"] = {"cached_tokens": self._cached, "audio_tokens": 0}
            usage["completion_tokens_details"] = {"reasoning_tokens": thought, "audio_tokens": 0}
        return usage

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": self._call_id(at),
                "type": "function",
                "function": {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()},
            }
            for at, call in enumerate(self._said.calls)
        ]

    def _call_id(self, at: int) -> str:
        if self._vendor == "mistral":
            return f"m{self._number:04d}{at:04d}"
        return f"call_{self._number:020d}{at:04d}"

    def whole(self) -> dict[str, Any]:
        """The reply in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": self._said.text or None}
        if self._said.calls:
            message["tool_calls"] = self._calls()
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return self.frame([choice], "chat.completion") | {"usage": self.usage()}

    def chunks(self) -> Iterator[tuple[bool, dict[str, Any]]]:
        """The reply in pieces, each with whether it is a result."""
        yield False, self._choice({"role": "assistant", "content": ""})
        if self._vendor == "mistral":
            yield from self._mistral_chunks()
            return
        if self._thought and self._vendor == "xai":
            yield False, self._choice({"reasoning_content": self._thought})
        for word in words(self._said.text):
            yield True, self._choice({"content": word})
        for index, call in enumerate(self._calls()):
            function = {"name": call["function"]["name"], "arguments": ""}
            yield True, self._choice({"tool_calls": [{**call, "index": index, "function": function}]})
            for piece in re.findall(f".{{1,{_PIECE}}}", call["function"]["arguments"], re.S):
                yield True, self._choice({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield False, self._choice({}, self._finish)
        if (self._body.get("stream_options") or {}).get("include_usage"):
            yield False, self.frame([]) | {"usage": self.usage()}

    def _mistral_chunks(self) -> Iterator[tuple[bool, dict[str, Any]]]:
        """Calls come whole, the last chunk has the cost, and a model that thinks writes lists of chunks."""
        if self._thought:
            thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": self._thought}]}]
            yield False, self._choice({"content": thinking})
        for word in words(self._said.text):
            yield True, self._choice({"content": [{"type": "text", "text": word}] if self._thought else word})
        last: dict[str, Any] = {"content": ""}
        if calls := [{**call, "index": index} for index, call in enumerate(self._calls())]:
            last["tool_calls"] = calls
        yield bool(calls), self._choice(last, self._finish) | {"usage": self.usage()}
