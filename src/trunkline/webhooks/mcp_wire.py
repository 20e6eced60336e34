"""The Model Context Protocol as bytes and plain values: JSON-RPC messages, tools as functions, results as the model reads
them (modelcontextprotocol.io/specification/2025-11-25)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from trunkline import __version__
from trunkline.domain.assistant import FunctionSpec
from trunkline.webhooks.reaching import json_in

NEWEST_VERSION = "2025-11-25"
VERSIONS = frozenset({NEWEST_VERSION, "2025-06-18", "2025-03-26", "2024-11-05"})
METHOD_NOT_FOUND = -32601
LONGEST_NAME = 64
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_HELLO = {"protocolVersion": NEWEST_VERSION, "capabilities": {}}
Json = dict[str, Any]


class McpFailed(Exception):
    """A server did not do what it was asked; the message is the reason, fit for the model, without any address."""


class SessionGone(McpFailed):
    """The server no longer knows our session (404): nothing was done, and a new one may be opened."""


def hello() -> Json:
    """The parameters of ``initialize``."""
    return {**_HELLO, "clientInfo": {"name": "trunkline", "version": __version__}}


def request(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    """A request that wants an answer."""
    return orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def notification(method: str, params: Mapping[str, Any] | None = None) -> bytes:
    """A message that wants none."""
    return orjson.dumps({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})})


def reply_to(message: Mapping[str, Any]) -> bytes:
    """Our answer to a request of the server: a ping is answered, anything else we cannot do."""
    if message["method"] == "ping":
        return orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {}})
    error = {"code": METHOD_NOT_FOUND, "message": "this client only calls tools"}
    return orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error})


def messages(body: bytes) -> list[Json]:
    """The messages of a body or of one event: one, or (before 2025-06-18) a list. Raises McpFailed."""
    try:
        value = json_in(body)
    except ValueError:
        raise McpFailed("its server's answer could not be read") from None
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def is_request(message: Mapping[str, Any]) -> bool:
    """Whether the server asks something of us."""
    return isinstance(message.get("method"), str) and message.get("id") is not None


def answers(message: Mapping[str, Any], number: int) -> bool:
    """Whether this is the answer to request ``number``."""
    return message.get("id") == number and ("result" in message or "error" in message)


def result_of(message: Mapping[str, Any]) -> Json:
    """The result of an answer. Raises McpFailed with the server's words where it is an error."""
    error = message.get("error")
    if error is not None:
        said = error.get("message") if isinstance(error, dict) else None
        raise McpFailed(str(said)[:1000] if said else "its server answered with an error")
    result = message.get("result")
    if not isinstance(result, dict):
        raise McpFailed("its server's answer is not a JSON object")
    return result


def content_of(result: Mapping[str, Any]) -> Any:
    """What a tool's result tells the model: its structured content, else its texts; other parts are named."""
    structured = result.get("structuredContent")
    if structured is not None and not result.get("isError"):
        return structured
    blocks = result.get("content")
    parts = [_text(block) for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    return "\n".join(part for part in parts if part)


def _text(block: Mapping[str, Any]) -> str:
    kind, resource = str(block.get("type")), block.get("resource")
    if kind == "text":
        return str(block.get("text") or "")
    if kind == "resource" and isinstance(resource, dict) and isinstance(resource.get("text"), str):
        return str(resource["text"])
    if kind == "resource_link":
        return " ".join(str(block[part]) for part in ("name", "description", "uri") if block.get(part))
    return f"[{kind} that cannot be told in words]"


def tools_of(listed: Sequence[Mapping[str, Any]], allowed: Sequence[str] | None) -> list[tuple[str, FunctionSpec]]:
    """The tools that may be used, each by the server's own name and as models are told of it. What is no tool is left
    out."""
    found: dict[str, FunctionSpec] = {}
    for tool in listed:
        name = tool.get("name")
        if isinstance(name, str) and name and (allowed is None or name in allowed):
            spec = _spec(name, tool)
            if spec is not None:
                found.setdefault(name, spec)
    return list(found.items())


def _spec(name: str, tool: Mapping[str, Any]) -> FunctionSpec | None:
    schema = tool.get("inputSchema")
    values: Json = {"name": _ILLEGAL.sub("_", name)[:LONGEST_NAME], "description": str(tool.get("description") or "")}
    if isinstance(schema, dict) and schema.get("type") == "object":
        values["parameters"] = {"properties": {}, **schema}
    try:
        return FunctionSpec.model_validate(values)
    except ValidationError:
        return None


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, with a number behind it where another server's tool has it."""
    used, candidate, number = frozenset(taken), name, 1
    while candidate in used:
        number += 1
        ending = f"_{number}"
        candidate = name[: LONGEST_NAME - len(ending)] + ending
    return candidate
