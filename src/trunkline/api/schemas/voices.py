"""Voices as replies show them."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Asked, Shown
from trunkline.ports.offers import VoiceFacts


class VoicesQuery(Asked):
    """Which voices to show."""

    provider: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Only those of this provider; those of a realtime model are given only so.",
    )
    language: str | None = Field(
        None,
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?$",
        description="Only those that speak this language: `nl`, or `nl-BE`. Voices of many languages are always shown.",
    )


class VoiceShown(Shown):
    """One voice."""

    id: str = Field(description="The `voice_id` of a `tts_config`, or the `voice` of a realtime model's `llm_config`.")
    name: str = Field(description="Its name.")
    language: str = Field(description="The language it speaks.")
    provider: str = Field(description="The `provider` of a `tts_config`, or of a realtime model's `llm_config`.")
    description: dict[str, str] = Field(description="What it sounds like, by language (`en`, `nl`).")


class VoicesReply(Shown):
    """All voices that can be used now."""

    voices: list[VoiceShown] = Field(description="The voices.")


def shown(voice: VoiceFacts) -> dict[str, Any]:
    """A voice as a reply shows it."""
    return {
        "id": voice.id,
        "name": voice.name,
        "language": voice.language,
        "provider": voice.provider,
        "description": dict(voice.description),
    }
