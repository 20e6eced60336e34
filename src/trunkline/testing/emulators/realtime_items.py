"""The items of an emulated realtime conversation: what was said, how long it sounded, and what it costs in tokens."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.testing.emulators.talk_pieces import first_words, text_tokens

_HEARD_MS_PER_TOKEN = 100
_SPOKEN_MS_PER_TOKEN = 50
_CACHED_BY = 64


class Refused(Exception):
    """A client's event that the vendor takes back with an error event."""

    def __init__(self, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param

    def wire(self, event_id: object) -> dict[str, Any]:
        """As the vendor tells it; ``event_id`` is the client's."""
        told = {"message": self.message, "code": self.code, "param": self.param, "event_id": event_id}
        return {"type": "invalid_request_error", **told}


@dataclass(slots=True)
class Item:
    """One item. ``role`` is also ``tool`` (a result) or ``call``; ``audio_ms`` is the length of its sound."""

    id: str
    role: str
    text: str
    audio_ms: int = 0
    call_id: str = ""
    name: str = ""
    status: str = "completed"

    def wire(self) -> dict[str, Any]:
        """As the vendor shows it."""
        base = {"id": self.id, "object": "realtime.item", "status": self.status}
        match self.role:
            case "call":
                return {
                    **base,
                    "type": "function_call",
                    "name": self.name,
                    "call_id": self.call_id,
                    "arguments": self.text,
                }
            case "tool":
                return {**base, "type": "function_call_output", "call_id": self.call_id, "output": self.text}
            case _:
                return {**base, "type": "message", "role": self.role, "content": [self._content()]}

    def _content(self) -> dict[str, Any]:
        if self.role == "assistant":
            if self.audio_ms:
                return {"type": "output_audio", "transcript": self.text}
            return {"type": "output_text", "text": self.text}
        if self.audio_ms:
            return {"type": "input_audio", "transcript": self.text or None}
        return {"type": "input_text", "text": self.text}

    def tokens(self) -> tuple[int, int]:
        """Tokens of text and of sound."""
        if not self.audio_ms:
            return text_tokens(self.text), 0
        if self.role == "assistant":
            return text_tokens(self.text), -(-self.audio_ms // _SPOKEN_MS_PER_TOKEN)
        return 0, -(-self.audio_ms // _HEARD_MS_PER_TOKEN)


@dataclass(slots=True)
class Items:
    """The conversation, in order."""

    items: list[Item] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _seen_tokens: int = 0

    def new_id(self) -> str:
        """An id for the next item."""
        return f"item_{next(self._numbers):06d}"

    def add(self, item: Item) -> str | None:
        """Puts an item at the end; gives the id of the one before it."""
        before = self.items[-1].id if self.items else None
        self.items.append(item)
        return before

    def find(self, item_id: object, code: str) -> Item:
        """The item of that id. Raises Refused."""
        found = next((item for item in self.items if item.id == item_id), None)
        if found is None:
            raise Refused(f"Item with item_id not found: {item_id}", code, "item_id")
        return found

    def truncate(self, item_id: object, content_index: object, end_ms: object) -> None:
        """Cuts what the assistant said to its first ``end_ms``. Raises Refused."""
        item = self.find(item_id, "item_truncate_invalid_item_id")
        if item.role != "assistant" or not item.audio_ms:
            raise Refused("Only model output audio messages can be truncated", "invalid_value", "item_id")
        if not isinstance(end_ms, int) or isinstance(end_ms, bool) or end_ms < 0:
            raise Refused("Invalid 'audio_end_ms': expected an integer", "invalid_type", "audio_end_ms")
        if content_index != 0:
            raise Refused(f"Content part {content_index} not found", "invalid_value", "content_index")
        if end_ms > item.audio_ms:
            raise Refused(
                f"Audio content of {item.audio_ms}ms is already shorter than {end_ms}ms",
                "invalid_value",
                "audio_end_ms",
            )
        item.text = first_words(item.text, end_ms / item.audio_ms)
        item.audio_ms = end_ms

    def turns(self, instructions: str) -> list[tuple[str, str]]:
        """The conversation as the emulators' partner takes it."""
        said = [(item.role, item.text) for item in self.items if item.role != "call"]
        return [("system", instructions), *said]

    def usage(self, instructions: str, made: list[Item]) -> dict[str, Any]:
        """What a response cost that made these items: all before them is its input."""
        ids = {item.id for item in made}
        given = [item.tokens() for item in self.items if item.id not in ids]
        text = text_tokens(instructions) + sum(tokens[0] for tokens in given)
        audio = sum(tokens[1] for tokens in given)
        cached = min(self._seen_tokens, text + audio) // _CACHED_BY * _CACHED_BY
        self._seen_tokens = text + audio
        made_text = sum(item.tokens()[0] for item in made)
        made_audio = sum(item.tokens()[1] for item in made)
        return {
            "total_tokens": text + audio + made_text + made_audio,
            "input_tokens": text + audio,
            "output_tokens": made_text + made_audio,
            "input_token_details": {
                "text_tokens": text,
                "audio_tokens": audio,
                "image_tokens": 0,
                "cached_tokens": cached,
                "cached_tokens_details": {
                    "text_tokens": min(cached, text),
                    "audio_tokens": max(0, cached - text),
                    "image_tokens": 0,
                },
            },
            "output_token_details": {"text_tokens": made_text, "audio_tokens": made_audio},
        }


def new_item(items: Items, given: Mapping[str, Any]) -> Item:
    """An item that a client wants to add. Raises Refused."""
    item_id = str(given.get("id") or items.new_id())
    if any(item.id == item_id for item in items.items):
        raise Refused(f"Item with id {item_id} already exists", "item_already_exists", "item.id")
    match given.get("type"):
        case "function_call_output":
            call_id = str(given.get("call_id"))
            if not any(item.role == "call" and item.call_id == call_id for item in items.items):
                raise Refused(f"Tool call ID '{call_id}' not found in conversation.", "invalid_tool_call_id")
            return Item(item_id, "tool", str(given.get("output") or ""), call_id=call_id)
        case "function_call":
            name, call_id = str(given.get("name")), str(given.get("call_id") or f"call_{item_id}")
            return Item(item_id, "call", str(given.get("arguments") or ""), call_id=call_id, name=name)
        case "message":
            return Item(item_id, str(given.get("role")), _message_text(given))
        case other:
            raise Refused(f"Invalid value: '{other}'", "invalid_value", "item.type")


def _message_text(given: Mapping[str, Any]) -> str:
    """The text of a message. Raises Refused where its content does not go with its role."""
    role = given.get("role")
    allowed = {
        "assistant": {"output_text", "output_audio"},
        "user": {"input_text", "input_audio"},
        "system": {"input_text"},
    }
    if role not in allowed:
        raise Refused(f"Invalid value: '{role}'", "invalid_value", "item.role")
    content = given.get("content")
    if not isinstance(content, list) or not content:
        raise Refused("Missing required parameter: 'item.content'.", "missing_required_parameter", "item.content")
    for number, part in enumerate(content):
        if part.get("type") not in allowed[role]:
            raise Refused(f"Invalid value: '{part.get('type')}'", "invalid_value", f"item.content[{number}].type")
    return " ".join(str(part.get("text") or part.get("transcript") or "") for part in content)
