"""Assistants as replies show them."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.domain.assistant import (
    AnalysisPlan,
    LlmConfig,
    RecordingConsent,
    SpeechConfig,
    SttConfig,
    TtsConfig,
    WebhookEvent,
)
from trunkline.storage.assistants import Assistant
from trunkline.storage.secrets import public


class AssistantShown(Shown):
    """An assistant."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    business_name: str | None = Field(description="On whose behalf it calls.")
    notification_email: str | None = Field(description="Where reports are e-mailed.")
    notification_emails: list[str] = Field(description="Where else reports are e-mailed.", max_length=5)
    first_message: str | None = Field(description="Its first words; without them it waits to be spoken to.")
    is_active: bool = Field(description="Inactive assistants place no calls.")
    max_duration_seconds: int = Field(description="The longest call, counted from the answer.")
    autonomous_silence_handling: bool = Field(description="Whether it checks in when nobody speaks.")
    silence_timeout_seconds: int = Field(description="Silence that ends the call (without check-ins).")
    voicemail_detection: bool = Field(description="Outbound: whether it notices that a machine answered.")
    voicemail_message: str | None = Field(description="What it leaves on a machine; null: it hangs up.")
    gdpr_mode: bool = Field(description="Whether it records nothing and forgets the transcript.")
    recording_enabled: bool = Field(description="Whether calls are recorded in stereo.")
    recording_consent: RecordingConsent = Field(description="Inbound: whether and how callers are asked first.")
    webhook_url: str | None = Field(description="Where events go.")
    webhook_secret: None = Field(description="Never shown; see `webhook_secret_set`.")
    webhook_secret_set: bool = Field(description="Whether there is a secret.")
    webhook_events: list[WebhookEvent] = Field(description="The events that are sent.")
    analysis_plan: AnalysisPlan = Field(description="What is made of a call afterwards.")
    llm_config: LlmConfig = Field(description="The model and its prompt; secrets of tools are null.")
    stt_config: SttConfig | None = Field(description="The recogniser.")
    tts_config: TtsConfig | None = Field(description="The voice.")
    speech_config: SpeechConfig = Field(description="Manners of speech.")
    version: int = Field(description="Counts its changes, from 1.")
    created_at: Moment = Field(description="When it was made.")
    updated_at: Moment = Field(description="When it was last changed.")


class AssistantReply(Shown):
    """One assistant."""

    assistant: AssistantShown = Field(description="The assistant.")


class AssistantsReply(Shown):
    """A page of assistants, newest first."""

    assistants: list[AssistantShown] = Field(description="The assistants.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(assistant: Assistant) -> dict[str, Any]:
    """An assistant as a reply shows it."""
    config = public(assistant.settings)
    return {
        "id": assistant.id,
        **config,
        "webhook_secret_set": assistant.settings.webhook_secret is not None,
        "version": assistant.version,
        "created_at": moment(assistant.created_at),
        "updated_at": moment(assistant.updated_at),
    }
