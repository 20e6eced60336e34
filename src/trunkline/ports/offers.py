"""What providers offer: their models and prices, and their voices, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PRICE_UNITS = {
    "input": "million tokens of the prompt",
    "cached_input": "million tokens of the prompt that were read from a cache",
    "output": "million tokens of the reply",
    "audio_input": "million tokens of the prompt that were sound",
    "audio_output": "million tokens of the reply that were sound",
    "minute": "minute of sound",
    "thousand_characters": "thousand characters",
    "call": "call",
}
"""What a price of the catalogue is for, by its name."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model. ``price`` has US dollars by the names of PRICE_UNITS; None where no price is known."""

    id: str
    name: str
    default: bool
    legacy: bool = False
    price: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """One provider of one stage (``category``: llm, stt, tts, realtime). ``vendor`` is whose key it takes."""

    id: str
    vendor: str
    name: str
    category: str
    docs_url: str
    models: tuple[ModelFacts, ...]


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """One voice of ``GET /voices``."""

    id: str
    name: str
    language: str
    provider: str
    description: dict[str, str] = field(default_factory=dict)
