"""An assistant's configuration: one definition for the API, the database, the plan of a call and the webhooks.

Pydantic, because every one of these places takes foreign bytes; frozen, because a call's configuration never changes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, EmailStr, Field, SecretStr, Tag, model_validator

Scalar = str | int | float | bool


class Config(BaseModel):
    """The root of all configuration objects: unknown fields are refused, nothing changes after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PromptMessage(Config):
    """One message of the prompt; ``{{name}}`` is filled from the call's variables."""

    role: Literal["system", "user", "assistant"] = "system"
    content: str


class FunctionSpec(Config):
    """A function as models are told of it; ``parameters`` is a JSON Schema."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class ToolServer(Config):
    """Where a nested webhook tool is answered. ``secret`` signs the request and is never returned."""

    url: str
    secret: SecretStr | None = None


class FlatWebhookTool(FunctionSpec):
    """A webhook tool in the flat form."""

    url: str
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class NestedWebhookTool(Config):
    """A webhook tool in the nested form."""

    type: Literal["function"]
    function: FunctionSpec
    server: ToolServer
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class EndCallTool(Config):
    """Lets the model end the call."""

    type: Literal["end_call", "endCall"]


class TransferDestination(Config):
    """A party that the model may hand the call over to."""

    type: Literal["number"] = "number"
    number: str
    description: str = ""
    message: str | None = None


class TransferCallTool(Config):
    """Lets the model hand the call over to one of ``destinations``."""

    type: Literal["transfer_call", "transferCall"]
    destinations: tuple[TransferDestination, ...] = Field(min_length=1)


class SendDtmfTool(Config):
    """Lets the model press keys."""

    type: Literal["send_dtmf"]


def _tool_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return {None: "flat", "endCall": "end_call", "transferCall": "transfer_call"}.get(kind, str(kind))


Tool = Annotated[
    Annotated[FlatWebhookTool, Tag("flat")]
    | Annotated[NestedWebhookTool, Tag("function")]
    | Annotated[EndCallTool, Tag("end_call")]
    | Annotated[TransferCallTool, Tag("transfer_call")]
    | Annotated[SendDtmfTool, Tag("send_dtmf")],
    Discriminator(_tool_kind),
]


class ScriptStep(Config):
    """One step of a script: say something, or ask for the value of a slot.

    ``next`` maps an answer (``yes``/``no``, a choice, or ``*`` for any) to the id of the step that follows; without
    it the following step in order is next. ``end`` ends the script.
    """

    id: str = Field(min_length=1)
    say: str | None = None
    ask: str | None = None
    slot: str | None = None
    type: Literal["yes_no", "number", "date_time", "choice", "text"] | None = None
    choices: tuple[str, ...] | dict[str, tuple[str, ...]] | None = Field(
        None, description="The answers of a choice; as an object, each with the other words that mean it."
    )
    next: dict[str, str] | str | None = None


class Script(Config):
    """A goal as slots and steps, for the deterministic brain (``provider`` local, ``model`` scripted)."""

    goal: str
    steps: tuple[ScriptStep, ...] = Field(min_length=1)
    facts: dict[str, str] = Field(default_factory=dict, description="Questions that may be asked, and their answers.")
    closing: str | None = None

    @model_validator(mode="after")
    def _steps_lead_somewhere(self) -> "Script":
        ids = [step.id for step in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps have the same id")
        for step in self.steps:
            targets = [step.next] if isinstance(step.next, str) else list((step.next or {}).values())
            for target in targets:
                if target != "end" and target not in ids:
                    raise ValueError(f"step {step.id!r} leads to {target!r}, which is no step (nor 'end')")
            if step.ask and not (step.slot and step.type):
                raise ValueError(f"step {step.id!r} asks, so it needs a slot and a type")
            if not (step.say or step.ask):
                raise ValueError(f"step {step.id!r} neither says nor asks anything")
        return self


class LlmConfig(Config):
    """Which model thinks, what it is told, and which tools it has."""

    provider: str
    model: str | None = None
    temperature: float = Field(0.7, ge=0, le=2)
    max_completion_tokens: int | None = Field(None, ge=1)
    messages: tuple[PromptMessage, ...] = ()
    tools: tuple[Tool, ...] = ()
    base_url: str | None = Field(None, description="Only openai_compatible: the address of the model server.")
    script: Script | None = Field(None, description="Only local: what the scripted brain runs on.")


class SttConfig(Config):
    """Which recogniser hears."""

    provider: str
    model: str | None = None
    language: str = "en"
    keyterms: tuple[str, ...] = ()


class TtsConfig(Config):
    """Which voice speaks."""

    provider: str
    voice_id: str | None = None
    model: str | None = None
    language: str | None = None
    speed: float = Field(1.0, ge=0.5, le=2.0)


class StructuredDataPlan(Config):
    """What to extract from the conversation; the result is validated against ``schema``."""

    enabled: bool = False
    json_schema: dict[str, Any] | None = Field(None, alias="schema")
    messages: tuple[PromptMessage, ...] = ()


class SuccessEvaluation(Config):
    """Whether the call reached its aim, judged by ``rubric``."""

    enabled: bool = False
    rubric: str | None = None


class AnalysisPlan(Config):
    """What is made of a call after it ended."""

    structured_data_plan: StructuredDataPlan = StructuredDataPlan()
    min_messages_threshold: int = Field(2, ge=0)
    success_evaluation: SuccessEvaluation = SuccessEvaluation()


class TurnTaking(Config):
    """When the assistant speaks and when it yields; all in seconds but ``interruption_min_words``."""

    endpointing_min_delay: float = Field(0.4, ge=0, le=10)
    endpointing_max_delay: float = Field(2.0, ge=0, le=20)
    interruption_min_duration: float = Field(0.3, ge=0, le=5)
    interruption_min_words: int = Field(0, ge=0, le=10)
    false_interruption_timeout: float = Field(1.5, ge=0, le=10)


class Pronunciation(Config):
    """A word to be spoken differently from how it is written."""

    source: str = Field(alias="from", min_length=1)
    target: str = Field(alias="to")


class SilenceHandling(Config):
    """How the assistant checks in when nobody speaks (with ``autonomous_silence_handling``)."""

    messages: tuple[str, ...] = ("Are you still there?",)
    final_message: str | None = "I can't hear you, so I'll hang up now. Goodbye."
    first_check_seconds: float = Field(7, gt=0, le=120)
    interval_seconds: float = Field(12, gt=0, le=120)
    max_attempts: int = Field(3, ge=1, le=10)


class SpeechConfig(Config):
    """Manners of speech and turn taking."""

    turn_taking: TurnTaking = TurnTaking()
    pronunciation: tuple[Pronunciation, ...] = Field((), max_length=50)
    silence: SilenceHandling = SilenceHandling()
    end_call_message: str | None = None
    first_message_outbound: str | None = None
    end_call_phrases: tuple[str, ...] = Field((), max_length=5)


WebhookEvent = Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]
ALL_WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = (
    "assistant-request",
    "tool-calls",
    "status-update",
    "end-of-call-report",
)


class _Behaviour(Config):
    business_name: str | None = None
    first_message: str | None = None
    max_duration_seconds: int = Field(600, ge=10, le=14400)
    autonomous_silence_handling: bool = False
    silence_timeout_seconds: int = Field(30, ge=1, le=3600)
    gdpr_mode: bool = False
    recording_enabled: bool = False
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_events: tuple[WebhookEvent, ...] = ALL_WEBHOOK_EVENTS
    analysis_plan: AnalysisPlan = AnalysisPlan()
    speech_config: SpeechConfig = SpeechConfig()


class TransientAssistant(_Behaviour):
    """An assistant that lives for one call, and the resolved form of every assistant that a call runs on."""

    name: str | None = None
    llm_config: LlmConfig
    stt_config: SttConfig | None = None
    tts_config: TtsConfig | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class AssistantSettings(_Behaviour):
    """A stored assistant as a client writes it: only ``name`` is required."""

    name: str = Field(min_length=1, max_length=200)
    notification_email: EmailStr | None = None
    notification_emails: tuple[EmailStr, ...] = Field((), max_length=5)
    is_active: bool = True
    llm_config: LlmConfig | None = None
    stt_config: SttConfig | None = None
    tts_config: TtsConfig | None = None


class ToolSpec(Config):
    """A webhook tool, whichever form it was written in."""

    function: FunctionSpec
    url: str
    secret: SecretStr | None = None
    is_async: bool = False
    async_response: str | None = None


def webhook_tools(config: LlmConfig) -> dict[str, ToolSpec]:
    """The webhook tools of a configuration by name."""
    specs: dict[str, ToolSpec] = {}
    for tool in config.tools:
        if isinstance(tool, FlatWebhookTool):
            function = FunctionSpec(name=tool.name, description=tool.description, parameters=tool.parameters)
            specs[tool.name] = ToolSpec(
                function=function, url=tool.url, is_async=tool.is_async, async_response=tool.async_response
            )
        elif isinstance(tool, NestedWebhookTool):
            specs[tool.function.name] = ToolSpec(
                function=tool.function,
                url=tool.server.url,
                secret=tool.server.secret,
                is_async=tool.is_async,
                async_response=tool.async_response,
            )
    return specs
