"""How an emulated realtime session is configured, and what its responses look like on the wire."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.testing.emulators.house import Fault
from trunkline.testing.emulators.realtime_items import Item, Refused
from trunkline.testing.emulators.realtime_rules import Rule, check, merged

Event = Mapping[str, Any]
_LIMITED = "Rate limit reached for this model. Please try again in 2s."
_OVERLOADED = "The server is overloaded. Please try again later."
FAILURES = {
    Fault.RATE_LIMITED: {"type": "rate_limit_exceeded", "code": "rate_limit_exceeded", "message": _LIMITED},
    Fault.OVERLOADED: {"type": "server_error", "code": "server_error", "message": _OVERLOADED},
}
"""What a response that failed of a fault says of it."""
SORRY = {
    "type": "server_error",
    "code": None,
    "message": "The server had an error while processing your request. Sorry about that!",
    "param": None,
}
"""What is told of a fault that no response is to blame for."""
_G711_RATE_HZ = 8_000
_PCM_RATE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class Accent:
    """In which form a vendor speaks the protocol."""

    session: Rule
    defaults: Callable[[str], dict[str, Any]]
    pcm_rates_hz: frozenset[int]
    needs_type: bool = True
    conversation_first: bool = False
    always_transcribes: bool = False
    forces: bool = False
    abandons: bool = False
    """A reply that the party interrupts is left without an end, unless the client cancels it."""
    refuses_at_the_door: bool = False


class Settings:
    """A session's configuration; ``values`` is all of it."""

    def __init__(self, accent: Accent, model: str) -> None:
        self.values = accent.defaults(model)
        self._accent = accent

    def update(self, given: object, *, spoke: bool) -> None:
        """Takes what a client wants to change. Raises Refused."""
        if not isinstance(given, dict):
            raise Refused("Missing required parameter: 'session'.", "missing_required_parameter", "session")
        if self._accent.needs_type and "type" not in given:
            raise Refused("Missing required parameter: 'session.type'.", "missing_required_parameter", "session.type")
        check(self._accent.session, given, "session")
        after = merged(self.values, given)
        for way in ("input", "output"):
            sound = after["audio"][way].get("format") or {}
            if sound.get("type") == "audio/pcm" and sound.get("rate", _PCM_RATE_HZ) not in self._accent.pcm_rates_hz:
                raise Refused(f"Invalid value: '{sound['rate']}'.", "invalid_value", f"session.audio.{way}.format.rate")
        if spoke and _voice(after) != _voice(self.values):
            raise Refused("Cannot update a conversation's voice if assistant audio is present.", "cannot_update_voice")
        self.values = after

    @property
    def instructions(self) -> str:
        """What the model was told."""
        return str(self.values.get("instructions") or "")

    @property
    def detection(self) -> dict[str, Any] | None:
        """How turns are noticed; None: the client does."""
        if "turn_detection" in self.values:
            return self.values["turn_detection"] or None
        return self.values["audio"]["input"].get("turn_detection") or None

    @property
    def transcribes(self) -> bool:
        """Whether the client is told the party's words."""
        return self._accent.always_transcribes or bool(self.values["audio"]["input"].get("transcription"))

    @property
    def speed(self) -> float:
        """How fast the model speaks."""
        return float(self.values["audio"]["output"].get("speed") or 1.0)

    def sound(self, way: str) -> tuple[str, int]:
        """The type and the rate in Hz of what comes in (``input``) or goes out (``output``)."""
        sound = self.values["audio"][way].get("format") or {}
        kind = str(sound.get("type") or "audio/pcm")
        return kind, int(sound.get("rate") or _PCM_RATE_HZ) if kind == "audio/pcm" else _G711_RATE_HZ

    def voice_sound(self) -> dict[str, Any]:
        """What goes out, as responses name it."""
        kind, rate_hz = self.sound("output")
        sound = {"type": kind, "rate": rate_hz} if kind == "audio/pcm" else {"type": kind}
        return {"output": {"format": sound, "voice": _voice(self.values)}}

    def tools(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Name, description and schema of each tool."""
        tools: Sequence[Event] = self.values.get("tools") or ()
        return [
            (str(one["name"]), str(one.get("description") or ""), one.get("parameters") or {})
            for one in tools
            if one.get("type") == "function"
        ]


@dataclass(slots=True)
class Response:
    """A response that is being made."""

    id: str
    made: list[Item] = field(default_factory=list)
    sent_ms: float = 0.0
    created: bool = False
    abandoned: bool = False
    task: asyncio.Task[None] | None = None

    def wire(
        self, status: str, settings: Settings, *, details: Event | None = None, metadata: Any = None
    ) -> dict[str, Any]:
        """As the vendor shows it."""
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [item.wire() for item in self.made] if status != "in_progress" else [],
            "conversation_id": "conv_emulated",
            "output_modalities": ["audio"],
            "max_output_tokens": settings.values.get("max_output_tokens") or "inf",
            "audio": settings.voice_sound(),
            "usage": None,
            "metadata": metadata,
        }


def _voice(session: Event) -> object:
    return session.get("voice") or session["audio"]["output"].get("voice")
