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

DEFAULTS = {"llm_model": "llm", "stt_model": "stt", "tts_model": "tts", "voice_id": "tts"}
"""What can be set as an organisation's default for a provider, and the stage that it is for."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """An organisation's own key for a vendor. ``id`` names this key: another key of the same vendor has another."""

    id: str
    org_id: str
    vendor: str
    key: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
