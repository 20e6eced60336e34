"""Gemini's ``generateContent`` and ``streamGenerateContent``, as Google serves them."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.brain import Answer, Tool
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
from trunkline.testing.emulators.gemini_rules import camel_case, error, refusal, signed
from trunkline.testing.emulators.house import Emulator, Fault, listing_trouble

_MODELS = ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash")
_UNSIGNED = "skip_thought_signature_validator"


def add_gemini_chat(app: web.Application, house: Emulator) -> None:
    """Serves ``/v1beta/models``, and ``:generateContent`` and ``:streamGenerateContent`` of each; the same at ``/v1``."""
    chat = _Gemini(house)
    for version in ("v1beta", "v1"):
        app.router.add_get(f"/{version}/models", chat.models)
        app.router.add_get(f"/{version}/models/{{model}}", chat.model)
        app.router.add_post(f"/{version}/models/{{model}}:generateContent", chat.generate)
        app.router.add_post(f"/{version}/models/{{model}}:streamGenerateContent", chat.generate)


def fault(kind: Fault) -> Refusal:
    """How Google answers a fault."""
    match kind:
        case Fault.UNAUTHORISED:
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            text = "API key not valid. Please pass a valid API key."
            return error(400, "INVALID_ARGUMENT", text, {**detail, "domain": "googleapis.com"})
        case Fault.RATE_LIMITED:
            detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}
            return error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", detail)
        case Fault.OVERLOADED:
            return error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
    return error(500, "INTERNAL", "An internal error has occurred. Please retry.")


class _Gemini:
    """The handlers of one house."""

    def __init__(self, house: Emulator) -> None:
        self._house = house
        self._cache = PromptCache()
        self._signatures: set[str] = set()
        self._numbers = count(1)

    def _refused_key(self, request: web.Request) -> Refusal | None:
        given = request.headers.get("x-goog-api-key") or request.query.get("key")
        if not given:
            text = (
                "Method doesn't allow unregistered callers. Please use API Key or other form of API consumer identity."
            )
            return error(403, "PERMISSION_DENIED", text)
        return None if given == self._house.key else fault(Fault.UNAUTHORISED)

    async def models(self, request: web.Request) -> web.Response:
        """The list of models."""
        self._house.keep(request.path, request.headers)
        if (refused := self._refused_key(request)) is not None:
            return refused.response()
        trouble = await listing_trouble(self._house, request, lambda one: fault(one).response())
        return trouble or json_answer({"models": [_about(name) for name in _MODELS]})

    async def model(self, request: web.Request) -> web.Response:
        """One model."""
        self._house.keep(request.path, request.headers)
        if (refused := self._refused_key(request)) is not None:
            return refused.response()
        trouble = await listing_trouble(self._house, request, lambda one: fault(one).response())
        return trouble or json_answer(_about(request.match_info["model"]))

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """A reply, whole or in pieces."""
        body: dict[str, Any] = orjson.loads(await request.read())
        self._house.keep(request.path, request.headers, body)
        refused = self._refused_key(request)
        plan = await planned(self._house, request, fault) if refused is None else refused.response()
        if isinstance(plan, web.Response):
            return plan
        model = request.match_info["model"]
        body = camel_case(body)
        if (refused := refusal(model, body, {*self._signatures, _UNSIGNED})) is not None:
            return refused.response()
        reply = self._reply(model, body)
        if not request.path.endswith(":streamGenerateContent"):
            return json_answer(reply.whole())
        stream = ChatStream(
            self._house, request, plan, lambda: b"data: " + orjson.dumps(fault(Fault.OVERLOADED).body) + b"\n\n"
        )
        async with streaming(stream, self._house, request):
            for chunk in reply.chunks():
                await stream.result(chunk)
        return stream.answer

    def _reply(self, model: str, body: Mapping[str, Any]) -> "_Reply":
        number = next(self._numbers)
        said = answered(self._house, _turns(body), _tools(body))
        signature = ""
        if said.calls and signed(model):
            signature = base64.b64encode(hashlib.sha256(f"{number}".encode()).digest()).decode()
            self._signatures.add(signature)
        return _Reply(model, body, said, self._cache, signature, number)


def _about(name: str) -> dict[str, Any]:
    methods = ["generateContent", "countTokens"]
    return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}


def _turns(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    system = [("system", _words(body.get("systemInstruction") or {}))]
    turns = [one for content in body["contents"] for one in _turns_of(content)]
    return [turn for turn in system if turn[1]] + turns


def _turns_of(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    role = "assistant" if content.get("role") == "model" else "user"
    for part in content["parts"]:
        if "functionResponse" in part:
            yield "tool", orjson.dumps(part["functionResponse"].get("response")).decode()
        elif "functionCall" in part:
            yield "assistant", ""
        else:
            yield role, str(part.get("text") or "")


def _words(content: Mapping[str, Any]) -> str:
    return "\n".join(str(part.get("text") or "") for part in content.get("parts") or ())


def _tools(body: Mapping[str, Any]) -> list[Tool]:
    declared = [one for tool in body.get("tools") or () for one in tool.get("functionDeclarations") or ()]
    return [
        (one["name"], one.get("description") or "", one.get("parametersJsonSchema") or one.get("parameters") or {})
        for one in declared
    ]


class _Reply:
    """One reply, as Google writes it."""

    def __init__(
        self, model: str, body: Mapping[str, Any], said: Answer, cache: PromptCache, signature: str, number: int
    ) -> None:
        prompt = "\n".join(f"{role}: {text}" for role, text in _turns(body))
        self._model, self._said, self._signature, self._number = model, said, signature, number
        self._prompt, self._cached = tokens(prompt), cache.cached_tokens(prompt)
        thinking = (body.get("generationConfig") or {}).get("thinkingConfig") or {}
        least = thinking.get("thinkingBudget") == 0 or str(thinking.get("thinkingLevel")).lower() == "minimal"
        self._thoughts = 0 if least else 16

    def _chunk(self, parts: list[dict[str, Any]], finish: str | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": self._prompt, "totalTokenCount": self._prompt}
        if finish:
            written = tokens(self._said.text) + sum(tokens(str(call.arguments)) for call in self._said.calls)
            usage |= {"candidatesTokenCount": written, "thoughtsTokenCount": self._thoughts}
            usage |= {"cachedContentTokenCount": self._cached}
            usage["totalTokenCount"] += written + self._thoughts
        chunk = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": self._model}
        return chunk | {"responseId": f"emulated-{self._number}"}

    def _calls(self) -> list[dict[str, Any]]:
        """The first call of a turn carries the signature; newer models name their calls."""
        parts: list[dict[str, Any]] = []
        for at, call in enumerate(self._said.calls):
            function: dict[str, Any] = {"name": call.name, "args": dict(call.arguments)}
            if re.match("gemini-3", self._model):
                function["id"] = f"fc-{self._number}-{at}"
            parts.append({"functionCall": function})
        if parts and self._signature:
            parts[0]["thoughtSignature"] = self._signature
        return parts

    def whole(self) -> dict[str, Any]:
        """The reply in one piece."""
        return self._chunk([*([{"text": self._said.text}] if self._said.text else []), *self._calls()], "STOP")

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The reply in pieces: words, then all calls, then the reason (with an empty text)."""
        for word in words(self._said.text):
            yield self._chunk([{"text": word}])
        if self._said.calls:
            yield self._chunk(self._calls())
        yield self._chunk([{"text": ""}], "STOP")
