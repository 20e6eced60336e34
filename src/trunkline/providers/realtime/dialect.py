"""What OpenAI's realtime protocol and those made after it differ in, as data; and how a session is configured in it."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.audio.g711 import pcm_to_ulaw, ulaw_to_pcm
from trunkline.domain.assistant import FunctionSpec, LlmConfig, TurnDetection

TELEPHONE_RATE_HZ = 8_000
_MULAW = "audio/pcmu"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's form of the protocol. Ranges are (least, most) of what it takes; times are milliseconds."""

    provider: str
    voice: str
    transcription: Mapping[str, str]
    pcm_rates_hz: tuple[int, ...]
    """The rates at which it takes and gives PCM; a line at 8 kHz has µ-law."""
    speed: tuple[float, float]
    efforts: Mapping[str, str]
    """Our reasoning efforts as the vendor calls them."""
    thinks: str = ""
    """A pattern of the names of models that can think."""
    threshold: tuple[float, float] = (0.0, 1.0)
    prefix_padding_ms: tuple[int, int] = (0, 5_000)
    silence_duration_ms: tuple[int, int] = (0, 10_000)
    idle_timeout_ms: tuple[int, int] = (5_000, 30_000)
    turn_detection_within_audio: bool = True
    """Whether ``turn_detection`` and ``voice`` stand within ``audio``, else in the session itself."""
    typed: bool = True
    """Whether a session has ``type`` and ``output_modalities``."""
    forces: bool = False
    """Whether it speaks given words (``force_message``)."""
    gives_up: bool = True
    """Whether it gives up a reply by itself when the party begins to speak."""
    truncates: bool = True
    """Whether it cuts an item to what was played."""
    settles_late: bool = False
    """Whether words that are called complete may come once more, with more of them."""
    errors: Mapping[str, bool] = field(default_factory=dict)
    """Codes of errors that end the session, and whether another one may succeed."""


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """How sound travels: µ-law, or PCM at ``rate_hz``."""

    rate_hz: int
    mulaw: bool

    def wire(self) -> dict[str, Any]:
        """As the session names it."""
        return {"type": _MULAW} if self.mulaw else {"type": "audio/pcm", "rate": self.rate_hz}

    def encode(self, pcm: bytes) -> str:
        """PCM at ``rate_hz`` as it is sent."""
        return base64.b64encode(pcm_to_ulaw(pcm) if self.mulaw else pcm).decode()

    def decode(self, text: str) -> bytes:
        """What was sent as PCM at ``rate_hz``."""
        sound = base64.b64decode(text)
        return ulaw_to_pcm(sound) if self.mulaw else sound


def sound_format(dialect: Dialect, sample_rate_hz: int) -> SoundFormat:
    """What a line at this rate is best served with: its own rate where the vendor has it."""
    if sample_rate_hz == TELEPHONE_RATE_HZ:
        return SoundFormat(TELEPHONE_RATE_HZ, mulaw=True)
    rates = dialect.pcm_rates_hz
    return SoundFormat(sample_rate_hz if sample_rate_hz in rates else max(rates), mulaw=False)


def session_update(
    dialect: Dialect,
    model: str,
    config: LlmConfig,
    instructions: str,
    tools: Sequence[FunctionSpec],
    sound: SoundFormat,
) -> dict[str, Any]:
    """The event that configures a new session."""
    heard: dict[str, Any] = {"format": sound.wire(), "transcription": dict(dialect.transcription)}
    spoken: dict[str, Any] = {"format": sound.wire()}
    session: dict[str, Any] = {"instructions": instructions, "audio": {"input": heard, "output": spoken}}
    within, voiced = (heard, spoken) if dialect.turn_detection_within_audio else (session, session)
    within["turn_detection"] = turn_detection(dialect, config.turn_detection or TurnDetection())
    voiced["voice"] = config.voice or dialect.voice
    if config.speed is not None:
        spoken["speed"] = _clamped(config.speed, dialect.speed)
    if dialect.typed:
        session |= {"type": "realtime", "output_modalities": ["audio"]}
    if config.max_completion_tokens is not None:
        session["max_output_tokens"] = int(_clamped(config.max_completion_tokens, (1, 4096)))
    effort = _effort(dialect, model, config)
    if effort is not None:
        session["reasoning"] = {"effort": effort}
    session["tools"] = [{"type": "function", **tool.model_dump()} for tool in tools]
    if tools:
        session["tool_choice"] = "auto"
    return {"type": "session.update", "session": session}


def new_instructions(dialect: Dialect, text: str) -> dict[str, Any]:
    """The event that replaces the instructions."""
    session: dict[str, Any] = {"type": "realtime"} if dialect.typed else {}
    return {"type": "session.update", "session": {**session, "instructions": text}}


def turn_detection(dialect: Dialect, wanted: TurnDetection) -> dict[str, Any]:
    """How turns are noticed, within what the vendor takes."""
    detection: dict[str, Any] = {
        "type": "server_vad",
        "threshold": _clamped(wanted.threshold, dialect.threshold),
        "prefix_padding_ms": int(_clamped(wanted.prefix_padding_ms, dialect.prefix_padding_ms)),
        "silence_duration_ms": int(_clamped(wanted.silence_duration_ms, dialect.silence_duration_ms)),
        "create_response": True,
        "interrupt_response": True,
    }
    if wanted.idle_timeout_ms is not None:
        detection["idle_timeout_ms"] = int(_clamped(wanted.idle_timeout_ms, dialect.idle_timeout_ms))
    return detection


def _effort(dialect: Dialect, model: str, config: LlmConfig) -> str | None:
    """How long it is to think: what was asked for, else as little as it can."""
    if config.reasoning_effort is None and re.match(dialect.thinks, model) is None:
        return None
    return dialect.efforts[config.reasoning_effort or "none"]


def _clamped(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
