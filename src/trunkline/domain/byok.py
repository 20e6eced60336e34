"""What an organisation brings along: keys of its own for vendors, and its defaults for their providers."""

from dataclasses import dataclass, field
from datetime import datetime

VENDORS = (
    "deepgram",
    "openai",
    "elevenlabs",
    "resend",
    "xai",
    "gladia",
    "mistral",
    "anthropic",
    "google",
    "inworld",
)
"""The vendors that a key can be stored for."""

DEFAULTS = {
    "llm": frozenset({"llm_model"}),
    "stt": frozenset({"stt_model"}),
    "tts": frozenset({"tts_model", "voice_id"}),
    "realtime": frozenset({"llm_model", "voice_id"}),
}
"""What can be set as an organisation's default for a provider, by what it does: a realtime model is named in
``llm_config``, and has a voice."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """An organisation's own key for a vendor. ``id`` names this key: another key of the same vendor has another."""

    id: str
    org_id: str
    vendor: str
    key: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
