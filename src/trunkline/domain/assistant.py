"""An assistant's configuration: one definition for the API, the database, the plan of a call and the webhooks.

Pydantic, because every one of these places takes foreign bytes; frozen, because a call's configuration never changes.
"""

from typing import Any, Literal

from pydantic import EmailStr, Field, SecretStr, model_validator

from trunkline.domain.config import (
    Config,
    PromptMessage,
)
from trunkline.domain.models import (
    REALTIME,
    LlmConfig,
    LlmFallback,
    SttConfig,
    SttFallback,
    TtsConfig,
    TtsFallback,
    TurnDetection,
    llm_choices,
    stt_choices,
    tts_choices,
    webhook_tools,
)
from trunkline.domain.script import (
    Script,
    ScriptStep,
)
from trunkline.domain.tools import (
    OWN_TOOLS,
    EndCallTool,
    FlatWebhookTool,
    FunctionSpec,
    McpTool,
    SendDtmfTool,
    ToolSpec,
    TransferCallTool,
    TransferDestination,
)

__all__ = [
    "OWN_TOOLS",
    "REALTIME",
    "AnalysisPlan",
    "AssistantSettings",
    "BackgroundAudio",
    "Config",
    "EndCallTool",
    "FlatWebhookTool",
    "FunctionSpec",
    "LlmConfig",
    "LlmFallback",
    "McpTool",
    "PromptMessage",
    "Pronunciation",
    "RecordingConsent",
    "Script",
    "ScriptStep",
    "SendDtmfTool",
    "SilenceHandling",
    "SpeechConfig",
    "SttConfig",
    "SttFallback",
    "ToolSpec",
    "TransferCallTool",
    "TransferDestination",
    "TransientAssistant",
    "TtsConfig",
    "TtsFallback",
    "TurnDetection",
    "TurnTaking",
    "WebhookEvent",
    "llm_choices",
    "stt_choices",
    "tts_choices",
    "webhook_tools",
]


class StructuredDataPlan(Config):
    """What to extract from the conversation; the result is validated against ``schema``."""

    enabled: bool = Field(False, description="Whether it is done.")
    json_schema: dict[str, Any] | None = Field(None, alias="schema", description="A JSON Schema of the result.")
    messages: tuple[PromptMessage, ...] = Field((), description="The prompt; left out, a good one.")
    template_id: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="An analysis template, whose schema and prompts are taken where these are left out.",
    )


class SuccessEvaluation(Config):
    """Whether the call reached its aim, judged by ``rubric``."""

    enabled: bool = Field(False, description="Whether it is done.")
    rubric: str | None = Field(None, description="What counts as success.")


class AnalysisPlan(Config):
    """What is made of a call after it ended."""

    structured_data_plan: StructuredDataPlan = Field(StructuredDataPlan(), description="What to extract.")
    min_messages_threshold: int = Field(2, ge=0, description="Calls with fewer messages are not analysed.")
    success_evaluation: SuccessEvaluation = Field(SuccessEvaluation(), description="Whether to judge success.")


class TurnTaking(Config):
    """When the assistant speaks and when it yields; all in seconds but ``interruption_min_words``."""

    endpointing_min_delay: float = Field(
        0.4, ge=0, le=10, description="The shortest silence that ends a turn, in seconds."
    )
    endpointing_max_delay: float = Field(
        2.0, ge=0, le=20, description="The longest wait for a turn to end, in seconds."
    )
    interruption_min_duration: float = Field(
        0.3, ge=0, le=5, description="How long they must speak to interrupt, in seconds."
    )
    interruption_min_words: int = Field(0, ge=0, le=10, description="How many words they must say to interrupt.")
    false_interruption_timeout: float = Field(
        1.5, ge=0, le=10, description="With no words for this many seconds the assistant goes on."
    )

    @model_validator(mode="after")
    def _delays_in_order(self) -> "TurnTaking":
        if self.endpointing_min_delay > self.endpointing_max_delay:
            raise ValueError(
                f"endpointing_min_delay ({self.endpointing_min_delay:g}) must not be greater than"
                f" endpointing_max_delay ({self.endpointing_max_delay:g})"
            )
        return self


class Pronunciation(Config):
    """A word to be spoken differently from how it is written."""

    source: str = Field(alias="from", min_length=1, description="The word as it is written.")
    target: str = Field(alias="to", description="The word as it is spoken.")


BackgroundClip = Literal["office", "city", "forest", "crowded_room"]


class BackgroundAudio(Config):
    """A sound that is heard behind the assistant for the whole call."""

    enabled: bool = Field(False, description="Whether it is played.")
    clip: BackgroundClip = Field("office", description="Which one.")
    volume: float = Field(0.3, ge=0, le=1, description="How loud, from silent (0) to as loud as speech (1).")


class SilenceHandling(Config):
    """How the assistant checks in when nobody speaks (with ``autonomous_silence_handling``)."""

    messages: tuple[str, ...] = Field(("Are you still there?",), description="The check-ins, in order.")
    final_message: str | None = Field(
        "I can't hear you, so I'll hang up now. Goodbye.", description="Spoken before the call ends."
    )
    first_check_seconds: float = Field(7, gt=0, le=120, description="Silence before the first check-in, in seconds.")
    interval_seconds: float = Field(12, gt=0, le=120, description="Silence between check-ins, in seconds.")
    max_attempts: int = Field(3, ge=1, le=10, description="How many check-ins before the end.")


class SpeechConfig(Config):
    """Manners of speech and turn taking."""

    turn_taking: TurnTaking = Field(TurnTaking(), description="When it speaks and when it yields.")
    pronunciation: tuple[Pronunciation, ...] = Field((), max_length=50, description="Words that are spoken otherwise.")
    background_audio: BackgroundAudio = Field(BackgroundAudio(), description="What is heard behind it.")
    silence: SilenceHandling = Field(SilenceHandling(), description="How it checks in.")
    end_call_message: str | None = Field(None, description="Spoken before the assistant hangs up.")
    first_message_outbound: str | None = Field(
        None, description="The first words on outbound calls; wins over `first_message`."
    )
    end_call_phrases: tuple[str, ...] = Field(
        (), max_length=5, description="When the assistant says one of these, the call ends."
    )


WebhookEvent = Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]
ALL_WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = (
    "assistant-request",
    "tool-calls",
    "status-update",
    "end-of-call-report",
)


class RecordingConsent(Config):
    """Asking an inbound caller's consent by keypad (1 yes, 2 no) before anything of what they say is used or kept."""

    enabled: bool = Field(False, description="Whether it is asked.")
    message: str | None = Field(None, description="The question; left out, a good one in the assistant's language.")


class _Behaviour(Config):
    business_name: str | None = Field(None, description="On whose behalf it calls.")
    first_message: str | None = Field(None, description="Its first words; without them it waits to be spoken to.")
    max_duration_seconds: int = Field(600, ge=10, le=14400, description="The longest call, counted from the answer.")
    autonomous_silence_handling: bool = Field(False, description="Check in when nobody speaks, before ending the call.")
    silence_timeout_seconds: int = Field(
        30, ge=1, le=3600, description="Silence that ends the call (without check-ins)."
    )
    voicemail_detection: bool = Field(False, description="Outbound: notice that a machine answered, and act on it.")
    voicemail_message: str | None = Field(
        None, description="Left after the beep of a voicemail; without it the call ends when one is noticed."
    )
    recording_consent: RecordingConsent = Field(RecordingConsent(), description="Inbound: asks before it listens.")
    gdpr_mode: bool = Field(False, description="Record nothing, and forget transcript and analysis after the report.")
    recording_enabled: bool = Field(False, description="Record the call in stereo.")
    webhook_url: str | None = Field(None, description="Where events go; left out, to the address of the organisation.")
    webhook_secret: SecretStr | None = Field(None, description="Signs the events; write-only, returned as null.")
    webhook_events: tuple[WebhookEvent, ...] = Field(ALL_WEBHOOK_EVENTS, description="The events that are sent.")
    analysis_plan: AnalysisPlan = Field(AnalysisPlan(), description="What is made of a call afterwards.")
    speech_config: SpeechConfig = Field(SpeechConfig(), description="Manners of speech.")


class TransientAssistant(_Behaviour):
    """An assistant that lives for one call, and the resolved form of every assistant that a call runs on."""

    name: str | None = Field(None, description="Its name.")
    llm_config: LlmConfig = Field(description="The model and its prompt.")
    stt_config: SttConfig | None = Field(None, description="The recogniser.")
    tts_config: TtsConfig | None = Field(None, description="The voice.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Your own data; sent in every webhook.")


class AssistantSettings(_Behaviour):
    """A stored assistant as a client writes it: only ``name`` is required."""

    name: str = Field(min_length=1, max_length=200, description="Its name.")
    notification_email: EmailStr | None = Field(None, description="Where the report of each call is e-mailed.")
    notification_emails: tuple[EmailStr, ...] = Field(
        (), max_length=5, description="Where else the report of each call is e-mailed, up to five; each gets its own."
    )
    is_active: bool = Field(True, description="Inactive assistants place no calls.")
    llm_config: LlmConfig | None = Field(None, description="The model and its prompt.")
    stt_config: SttConfig | None = Field(None, description="The recogniser.")
    tts_config: TtsConfig | None = Field(None, description="The voice.")
