"""Reading Claude's replies: blocks that come in pieces, what they cost, and errors in their midst."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, ToolCall
from trunkline.providers.llm.chat_reply import arguments_of
from trunkline.providers.llm.failing import Failing, vendor_error

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What an error within a stream would have been before it."""
_CUT = ("max_tokens", "model_context_window_exceeded")


class Thoughts:
    """What was thought before tool calls, by the calls' ids: it has to be given back word for word."""

    def __init__(self) -> None:
        self._known: dict[str, Sequence[dict[str, Any]]] = {}

    def keep(self, calls: Iterable[ToolCall], thoughts: Sequence[dict[str, Any]]) -> None:
        """Remembers what was thought before these calls."""
        self._known.update((call.id, thoughts) for call in calls)

    def of(self, call_ids: Iterable[str]) -> Sequence[dict[str, Any]] | None:
        """What was thought before these calls; None where it is not known."""
        return next((self._known[call_id] for call_id in call_ids if self._known.get(call_id)), None)


class AnthropicReply:
    """Puts one reply together from its events. ``may_be_silent``: an empty one is a reply too, not a failure."""

    def __init__(self, failing: Failing, thoughts: Thoughts, request_id: str, *, may_be_silent: bool) -> None:
        self._failing = failing
        self._thoughts = thoughts
        self._request_id = request_id
        self._may_be_silent = may_be_silent
        self._blocks: dict[int, dict[str, Any]] = {}
        self._reason = ""
        self.ended = False
        self._spoke = False
        self._usage: dict[str, int] = {}

    @property
    def complete(self) -> bool:
        """The vendor said why the reply ended."""
        return bool(self._reason)

    def take(self, data: bytes) -> list[ReplyPart]:
        """The words of one event. Raises Upstream for an error in its place, and for garbage."""
        event = self._failing.read(data, self._request_id)
        match event.get("type"):
            case "message_start":
                self._count(_object(event.get("message")).get("usage"))
            case "content_block_start":
                return self._start(event)
            case "content_block_delta":
                return self._add(event)
            case "message_delta":
                self._reason = str(_object(event.get("delta")).get("stop_reason") or self._reason)
                self._count(event.get("usage"))
            case "message_stop":
                self.ended = True
            case "error":
                kind = str(_object(event.get("error")).get("type") or "")
                raise self._failing.within(vendor_error(event)[0], self._request_id, _STATUS.get(kind))
        return []

    def _count(self, usage: object) -> None:
        """The last figure of each kind counts: they are sums."""
        self._usage |= {name: value for name, value in _object(usage).items() if isinstance(value, int)}

    def _start(self, event: Mapping[str, Any]) -> list[ReplyPart]:
        block = dict(_object(event.get("content_block")))
        block["partial"] = ""
        self._blocks[_index(event)] = block
        return self._words(str(block.get("text") or "")) if block.get("type") == "text" else []

    def _add(self, event: Mapping[str, Any]) -> list[ReplyPart]:
        delta = _object(event.get("delta"))
        block = self._blocks.setdefault(_index(event), {"type": "text", "partial": ""})
        match delta.get("type"):
            case "text_delta":
                return self._words(str(delta.get("text") or ""))
            case "input_json_delta":
                block["partial"] += str(delta.get("partial_json") or "")
            case "thinking_delta":
                block["thinking"] = str(block.get("thinking") or "") + str(delta.get("thinking") or "")
            case "signature_delta":
                block["signature"] = str(delta.get("signature") or "")
        return []

    def _words(self, text: str) -> list[ReplyPart]:
        self._spoke = self._spoke or bool(text.strip())
        return [Delta(text)] if text else []

    def finish(self) -> list[ReplyPart]:
        """The tool calls and the cost. Raises Upstream when the stream ended too early or brought nothing."""
        if not self._reason:
            raise self._failing.too_early(self._request_id)
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        calls = tuple(self._call(block) for block in blocks if block.get("type") == "tool_use")
        silent = self._may_be_silent and self._reason == "end_turn"
        if not calls and not self._spoke and not silent:
            raise self._failing.empty(self._request_id, filtered=self._reason == "refusal")
        thoughts = [_whole(block) for block in blocks if block.get("type") in ("thinking", "redacted_thinking")]
        self._thoughts.keep(calls, thoughts)
        return [Calls(calls), self._spent()] if calls else [self._spent()]

    def _call(self, block: Mapping[str, Any]) -> ToolCall:
        ready = block.get("input")
        if not block["partial"] and isinstance(ready, dict):
            return ToolCall(str(block.get("id")), str(block.get("name")), ready)
        arguments, problem = arguments_of(block["partial"], self._reason in _CUT)
        return ToolCall(str(block.get("id")), str(block.get("name")), arguments, problem)

    def _spent(self) -> Spent:
        """The vendor counts what it read from its cache, or wrote to it, apart from the rest of the prompt."""
        read = self._usage.get("cache_read_input_tokens", 0)
        prompt = self._usage.get("input_tokens", 0) + read + self._usage.get("cache_creation_input_tokens", 0)
        return Spent(prompt, self._usage.get("output_tokens", 0), read)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _index(event: Mapping[str, Any]) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else 0


def _whole(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "partial"}
