"""What is remembered of the replies of a session: their sound, their calls, and how much of them was given."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from trunkline.audio.frame import SAMPLE_BYTES
from trunkline.audio.resample import Resampler
from trunkline.ports.replies import Spent, ToolCall
from trunkline.providers.figures import figure

_KEPT = 16


@dataclass(slots=True)
class Reply:
    """One reply. ``items`` holds how many bytes of sound each of its items had, in order; ``given_up``: the party spoke,
    or it was cancelled, so no more of its sound is wanted; ``unheard``: what is still to come of it is to be forgotten."""

    id: str
    to_line: Resampler
    forced: bool = False
    items: dict[str, int] = field(default_factory=dict)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    given_up: bool = False
    unheard: bool = False
    done: bool = False

    def sound(self, item: str, pcm: bytes) -> bytes:
        """The next sound of an item, for the line."""
        self.items[item] = self.items.get(item, 0) + len(pcm)
        return self.to_line.push(pcm)


class Replies:
    """The last replies by their ids."""

    def __init__(self, make: Callable[[], Resampler]) -> None:
        self._make = make
        self._replies: OrderedDict[str, Reply] = OrderedDict()

    def begin(self, reply: str, *, forced: bool = False) -> Reply:
        """A new one."""
        begun = self._replies[reply] = Reply(reply, self._make(), forced)
        if len(self._replies) > _KEPT:
            self._replies.popitem(last=False)
        return begun

    def get(self, reply: str) -> Reply | None:
        """One that is remembered."""
        return self._replies.get(reply)


@dataclass(frozen=True, slots=True)
class Cut:
    """What becomes of an item: it ends at ``end_ms``, or (None) goes altogether."""

    item: str
    end_ms: int | None


def cuts(reply: Reply, played_seconds: float, rate_hz: int) -> list[Cut]:
    """The items that were not played to their ends. An item is never cut beyond the sound that was given of it."""
    left = max(0, round(played_seconds * rate_hz)) * SAMPLE_BYTES
    found: list[Cut] = []
    for item, given in reply.items.items():
        if left >= given:
            left -= given
        elif left == 0:
            found.append(Cut(item, None))
        else:
            found.append(Cut(item, left // SAMPLE_BYTES * 1000 // rate_hz))
            left = 0
    return found


def tool_call(call: str, name: str, arguments: str) -> ToolCall:
    """A call as the vendor wrote it."""
    try:
        parsed = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        return ToolCall(call, name, parsed)
    return ToolCall(call, name, {}, problem=f"the arguments are no JSON object: {arguments[:200]}")


def spent(usage: Mapping[str, Any] | None) -> Spent:
    """The vendor's own figures of a response."""
    given = usage or {}
    prompt = given.get("input_token_details") or {}
    reply = given.get("output_token_details") or {}
    return Spent(
        prompt_tokens=figure(given, "input_tokens"),
        completion_tokens=figure(given, "output_tokens"),
        cached_tokens=figure(prompt, "cached_tokens"),
        cached_audio_tokens=figure(prompt.get("cached_tokens_details") or {}, "audio_tokens"),
        audio_prompt_tokens=figure(prompt, "audio_tokens"),
        audio_completion_tokens=figure(reply, "audio_tokens"),
    )
