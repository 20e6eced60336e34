"""How a Gemini Live session is set up, and how things are said to it. https://ai.google.dev/api/live"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from trunkline.domain.assistant import FunctionSpec, LlmConfig, TurnDetection
from trunkline.ports.replies import Turn
from trunkline.providers.llm.google_request import older_schema, wire_name

_SERVICE = "google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
_VERSION = re.compile(r"(?P<house>.*)/(?P<version>v\d\w*)$")
_BUDGETS = {"none": 0, "minimal": 0, "low": 1024, "medium": 8192, "high": 24576}
_LEVELS = {"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high"}
_THINKING: Sequence[tuple[str, Mapping[str, int | str]]] = (
    (r"gemini-([3-9]|\d\d)", _LEVELS),
    (r"gemini-2\.5-flash-native-audio", _BUDGETS),
)
"""By what a model's name begins with: what each effort is as a budget in tokens, or as a level."""
_WAITS_ONLY_WHEN_TOLD = re.compile(r"gemini-3\.8")
"""Models that go on talking while a tool runs, unless it is declared as blocking."""
_THRESHOLD = 0.5
_SILENCE_MS = (0, 10_000)
_PADDING_MS = (0, 5_000)
IDLE_MS = (5_000, 30_000)


def address(socket_url: str) -> str:
    """Where the socket is, from the vendor's address (``wss://host/v1beta``)."""
    found = _VERSION.match(socket_url)
    house, version = (found["house"], found["version"]) if found else (socket_url, "v1beta")
    return f"{house}/ws/{_SERVICE.format(version=version)}"


def setup(model: str, config: LlmConfig, instructions: str, tools: Sequence[FunctionSpec]) -> dict[str, Any]:
    """The first message of a session, without the handle of the one that it goes on with."""
    generation: dict[str, Any] = {"responseModalities": ["AUDIO"], "temperature": config.temperature}
    if config.max_completion_tokens is not None:
        generation["maxOutputTokens"] = config.max_completion_tokens
    if config.voice is not None:
        generation["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": config.voice}}}
    if (thinking := _thinking(model, config)) is not None:
        generation["thinkingConfig"] = thinking
    message: dict[str, Any] = {
        "model": model if "/" in model else f"models/{model}",
        "generationConfig": generation,
        "systemInstruction": {"parts": [{"text": _at_pace(instructions, config.speed)}]},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "sessionResumption": {},
        "contextWindowCompression": {"slidingWindow": {}},
    }
    if config.turn_detection is not None:
        message["realtimeInputConfig"] = {"automaticActivityDetection": _detection(config.turn_detection)}
    if tools:
        message["tools"] = [{"functionDeclarations": [_declared(tool, model) for tool in tools]}]
    return message


def content(role: str, text: str) -> dict[str, Any]:
    """A turn of the conversation; ``role`` is user or model."""
    return {"role": role, "parts": [{"text": text}]}


def note(text: str) -> dict[str, Any]:
    """What the model is to know though nobody said it: there is no role for it in a running session."""
    return content("user", f"[Note, not said by the other party and not to be read out: {text}]")


def turn_content(turn: Turn) -> dict[str, Any]:
    """A turn of words."""
    if turn.role == "system":
        return note(turn.content)
    return content("model" if turn.role == "assistant" else "user", turn.content)


def response(call_id: str, name: str, text: str) -> dict[str, Any]:
    """The result of a tool."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    return {"id": call_id, "name": name, "response": value if isinstance(value, dict) else {"output": value}}


def needs_placeholder(model: str) -> bool:
    """Whether the model speaks first only after some turn of the user."""
    return re.match(r"(models/)?gemini-([3-9]|\d\d)", model) is None


def _at_pace(instructions: str, speed: float | None) -> str:
    """The instructions, with the pace that no other setting of this vendor has."""
    if speed is None or speed == 1.0:
        return instructions
    pace = "faster" if speed > 1 else "more slowly"
    return f"{instructions}\n\nSpeak {pace} than usual: at {speed:g} times the natural pace."


def _thinking(model: str, config: LlmConfig) -> dict[str, Any] | None:
    name = model.removeprefix("models/")
    efforts = next((efforts for pattern, efforts in _THINKING if re.match(pattern, name)), None)
    if efforts is None:
        if config.reasoning_effort is None:
            return None
        efforts = _BUDGETS
    effort = efforts[config.reasoning_effort or "none"]
    return {"thinkingBudget" if isinstance(effort, int) else "thinkingLevel": effort}


def _detection(wanted: TurnDetection) -> dict[str, Any]:
    """How turns are noticed. There is no threshold, but speech is found more often or less often."""
    detection: dict[str, Any] = {
        "prefixPaddingMs": _clamped(wanted.prefix_padding_ms, _PADDING_MS),
        "silenceDurationMs": _clamped(wanted.silence_duration_ms, _SILENCE_MS),
    }
    if wanted.threshold != _THRESHOLD:
        often = "HIGH" if wanted.threshold < _THRESHOLD else "LOW"
        detection["startOfSpeechSensitivity"] = f"START_SENSITIVITY_{often}"
    return detection


def idle_seconds(config: LlmConfig) -> float | None:
    """After how long a silence the model is asked to speak; None: never."""
    wanted = config.turn_detection.idle_timeout_ms if config.turn_detection is not None else None
    return None if wanted is None else _clamped(wanted, IDLE_MS) / 1000


def _clamped(value: int, limits: tuple[int, int]) -> int:
    return min(max(value, limits[0]), limits[1])


def _declared(tool: FunctionSpec, model: str) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": wire_name(tool.name), "description": tool.description or tool.name}
    if tool.parameters.get("properties"):
        declared["parameters"] = older_schema(tool.parameters)
    if _WAITS_ONLY_WHEN_TOLD.match(model.removeprefix("models/")):
        declared["behavior"] = "BLOCKING"
    return declared
