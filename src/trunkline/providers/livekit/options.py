"""What our options are called by LiveKit's plugins, whose constructors each have names of their own."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Stage
from trunkline.providers.offers import OPTIONS

StageConfig = LlmConfig | SttConfig | TtsConfig

_NAMES: Mapping[Stage, Mapping[str, tuple[str, ...]]] = {
    "stt": {
        "model": ("model", "model_id"),
        "language": ("language", "language_code", "languages"),
        "keyterms": ("keyterm", "keyterms"),
        "endpointing": ("endpointing_ms",),
    },
    "llm": {
        "model": ("model",),
        "max_completion_tokens": ("max_completion_tokens", "max_tokens", "max_output_tokens"),
    },
    "tts": {
        "model": ("model", "model_id"),
        "voice_id": ("voice_id", "voice", "voice_name", "speaker"),
        "language": ("language", "language_code"),
        "speed": ("speed", "speaking_rate"),
    },
}
"""By stage and option of ours: what it may be called there. What is not here has the same name or is not there."""

_ALWAYS_SET: Mapping[Stage, Mapping[str, Any]] = {
    "stt": {"language": "en"},
    "llm": {"temperature": 0.7},
    "tts": {"speed": 1.0},
}
"""Options that every configuration has: where a plugin has no name for them, this value is no problem."""

_LISTS = frozenset({"languages", "keyterm", "keyterms", "custom_vocabulary", "translation_target_languages"})


def arguments(stage: Stage, config: StageConfig, takes: Set[str]) -> dict[str, Any]:
    """What the constructor is given, of what it ``takes``."""
    found = ((names, value) for _, names, value in _asked(stage, config, takes) if names)
    return {name: _shaped(name, value) for name, value in found}


def problems(stage: Stage, config: StageConfig, takes: Set[str]) -> Iterator[str]:
    """Which of our options it does not take."""
    usual = _ALWAYS_SET[stage]
    for option, name, value in _asked(stage, config, takes):
        if not name and value != usual.get(option):
            yield option


def _asked(stage: Stage, config: StageConfig, takes: Set[str]) -> Iterator[tuple[str, str, Any]]:
    """Each option that was set, what it is called there ("" for nothing), and its value."""
    for option in _options(stage):
        value = getattr(config, option)
        if value is None or value == () or (option in ("temperature", "speed") and value == _ALWAYS_SET[stage][option]):
            continue
        names = _NAMES[stage].get(option, (option,))
        yield option, next((name for name in names if name in takes), ""), value


def _options(stage: Stage) -> tuple[str, ...]:
    own: dict[Stage, tuple[str, ...]] = {
        "stt": ("model", "language"),
        "llm": ("model", "temperature", "max_completion_tokens", "reasoning_effort"),
        "tts": ("model", "voice_id", "language", "speed"),
    }
    return own[stage] + tuple(sorted(OPTIONS[stage]))


def _shaped(name: str, value: Any) -> Any:
    """Lists are lists there; milliseconds are whole."""
    if name in _LISTS:
        return [value] if isinstance(value, str) else list(value)
    return int(value) if name == "endpointing_ms" else value
