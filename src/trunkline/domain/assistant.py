"""An assistant's configuration: one definition for the API, the database, the plan of a call and the webhooks.

Pydantic, because every one of these places takes foreign bytes; frozen, because a call's configuration never changes.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    EmailStr,
    Field,
    SecretStr,
    Tag,
    field_validator,
    model_validator,
)

Scalar = str | int | float | bool


class Config(BaseModel):
    """The root of all configuration objects: unknown fields are refused, nothing changes after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PromptMessage(Config):
    """One message of the prompt; ``{{name}}`` is filled from the call's variables."""

    role: Literal["system", "user", "assistant"] = Field("system", description="Who speaks in the prompt.")
    content: str = Field(description="The text; `{{name}}` is filled from the variables of the call.")


class FunctionSpec(Config):
    """A function as models are told of it; ``parameters`` is a JSON Schema."""

    name: str = Field(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="What the model calls it by."
    )
    description: str = Field("", description="When and what for the model should use it.")
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}, description="The arguments as a JSON Schema."
    )


class ToolServer(Config):
    """Where a nested webhook tool is answered. ``secret`` signs the request and is never returned."""

    url: str = Field(description="The address that answers.")
    secret: SecretStr | None = Field(None, description="Signs the request; never returned (null).")


class FlatWebhookTool(FunctionSpec):
    """A webhook tool in the flat form."""

    url: str = Field(description="The address that answers.")
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class NestedWebhookTool(Config):
    """A webhook tool in the nested form."""

    type: Literal["function"] = Field(description="Always `function`.")
    function: FunctionSpec = Field(description="The function as the model is told of it.")
    server: ToolServer = Field(description="Where it is answered.")
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class EndCallTool(Config):
    """Lets the model end the call."""

    type: Literal["end_call", "endCall"] = Field(description="`end_call`; `endCall` is the deprecated spelling.")


HeaderName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
_SET_BY_US = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host"})
_LONGEST_HEADER = 8192


class McpTool(Config):
    """The tools of an MCP server (streamable HTTP), offered to the model under their own names."""

    type: Literal["mcp"] = Field(description="Always `mcp`.")
    url: str = Field(description="The address of the server's MCP endpoint.")
    headers: dict[HeaderName, SecretStr | None] = Field(
        default_factory=dict,
        max_length=20,
        description="Sent with every request, for example `Authorization`; the values are never returned (null), and"
        " null keeps the value of the stored tool with the same address.",
    )
    allowed_tools: tuple[str, ...] | None = Field(
        None, description="The names of the tools that the model may use; left out, all of them."
    )

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, SecretStr | None]) -> dict[str, SecretStr | None]:
        for name, value in headers.items():
            if value is None:
                raise ValueError(f"the value of {name} is missing")
            if name.lower() in _SET_BY_US or name.lower().startswith(("mcp-", "transfer-")):
                raise ValueError(f"{name} cannot be set: the platform sets it")
            text = value.get_secret_value()
            if len(text) > _LONGEST_HEADER or not text.isascii() or not text.replace("\t", " ").isprintable():
                raise ValueError(f"the value of {name} must be plain text on one line, of at most 8192 characters")
        return headers


class TransferDestination(Config):
    """A party that the model may hand the call over to."""

    type: Literal["number"] = Field("number", description="Always `number`.")
    number: str = Field(description="E.164 or a SIP URI.")
    description: str = Field("", description="When the model should choose it.")
    message: str | None = Field(None, description="Spoken before the hand-over.")
    mode: Literal["blind", "warm"] = Field(
        "blind", description="`warm`: the party waits while the answering human is told who is calling and why."
    )


class TransferCallTool(Config):
    """Lets the model hand the call over to one of ``destinations``."""

    type: Literal["transfer_call", "transferCall"] = Field(
        description="`transfer_call`; `transferCall` is the deprecated spelling."
    )
    destinations: tuple[TransferDestination, ...] = Field(min_length=1, description="The parties to choose from.")


class SendDtmfTool(Config):
    """Lets the model press keys."""

    type: Literal["send_dtmf"] = Field(description="Always `send_dtmf`.")


def _tool_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return {None: "flat", "endCall": "end_call", "transferCall": "transfer_call"}.get(kind, str(kind))


Tool = Annotated[
    Annotated[FlatWebhookTool, Tag("flat")]
    | Annotated[NestedWebhookTool, Tag("function")]
    | Annotated[EndCallTool, Tag("end_call")]
    | Annotated[TransferCallTool, Tag("transfer_call")]
    | Annotated[SendDtmfTool, Tag("send_dtmf")]
    | Annotated[McpTool, Tag("mcp")],
    Discriminator(_tool_kind),
]


class ScriptStep(Config):
    """One step of a script: say something, ask for the value of a slot, or have a tool bring it.

    ``next`` maps an answer (``yes``/``no``, a choice, a tool's result, ``failed`` for a tool that brought none, or ``*``
    for any) to the id of the step that follows; without it the following step in order is next. ``end`` ends the script.
    """

    id: str = Field(min_length=1, description="Its name, unique in the script.")
    say: str | None = Field(None, description="Spoken when the step begins.")
    ask: str | None = Field(None, description="The question; asked again when the answer was not understood.")
    tool: str | None = Field(
        None, description="The tool that is called, by its name; what it brings is kept in the slot."
    )
    arguments: dict[str, Scalar] | None = Field(
        None,
        description="The arguments of the tool; `{{name}}` is filled. Left out, slots, variables and words that fit them.",
    )
    slot: str | None = Field(None, description="Where the answer is kept.")
    type: Literal["yes_no", "number", "date_time", "choice", "text"] | None = Field(
        None, description="What kind of answer is expected."
    )
    choices: tuple[str, ...] | dict[str, tuple[str, ...]] | None = Field(
        None, description="The answers of a choice; as an object, each with the other words that mean it."
    )
    next: dict[str, str] | str | None = Field(
        None, description="The id of the step that follows, by answer or always; `end` ends the script."
    )

    @model_validator(mode="after")
    def _asks_or_calls(self) -> "ScriptStep":
        if self.tool and (self.ask or self.type or self.choices):
            raise ValueError(f"step {self.id!r} calls a tool, so it cannot ask")
        if self.arguments is not None and not self.tool:
            raise ValueError(f"step {self.id!r} has arguments, but no tool")
        return self


class Script(Config):
    """A goal as slots and steps, for the deterministic brain (``provider`` local, ``model`` scripted)."""

    goal: str = Field(description="What the call is for, in a few words.")
    steps: tuple[ScriptStep, ...] = Field(min_length=1, description="The steps, in order.")
    facts: dict[str, str] = Field(default_factory=dict, description="Questions that may be asked, and their answers.")
    closing: str | None = Field(None, description="The last words when all steps are done.")

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
            if not (step.say or step.ask or step.tool):
                raise ValueError(f"step {step.id!r} neither says nor asks anything, nor calls a tool")
        return self


class TurnDetection(Config):
    """How a realtime model notices that the party's turn is over. Values outside what the vendor takes are clamped."""

    threshold: float = Field(0.5, description="How loud speech has to be, 0 to 1.")
    prefix_padding_ms: int = Field(300, description="How much sound before the speech is heard too, in milliseconds.")
    silence_duration_ms: int = Field(200, description="The silence that ends a turn, in milliseconds.")
    idle_timeout_ms: int | None = Field(
        None, description="With nobody speaking for so many milliseconds the model speaks by itself; left out, never."
    )


ReasoningEffort = Literal["none", "minimal", "low", "medium", "high"]
MOST_FALLBACKS = 3


class LlmFallback(Config):
    """Who thinks where the provider before it fails; what is left out is as in the `llm_config` it stands in."""

    provider: str = Field(description="The provider.")
    model: str | None = Field(None, description="The model; left out, the default of the provider.")
    temperature: float | None = Field(None, ge=0, le=2, description="How freely it chooses its words.")
    max_completion_tokens: int | None = Field(None, ge=1, description="The longest reply, in tokens.")
    base_url: str | None = Field(None, description="Only openai_compatible: the address of the model server.")
    reasoning_effort: ReasoningEffort | None = Field(None, description="How long it thinks before it speaks.")
    script: Script | None = Field(None, description="Only local: what the scripted brain runs on.")


class LlmConfig(Config):
    """Which model thinks, what it is told, and which tools it has."""

    provider: str = Field(description="The provider, as `local` or `openai`.")
    model: str | None = Field(None, description="The model; left out, the default of the provider.")
    temperature: float = Field(0.7, ge=0, le=2, description="How freely it chooses its words.")
    max_completion_tokens: int | None = Field(None, ge=1, description="The longest reply, in tokens.")
    reasoning_effort: ReasoningEffort | None = Field(
        None,
        description="How long it thinks before it speaks, where the model can think; left out, as little as it can.",
    )
    voice: str | None = Field(
        None, description="Only realtime models: the voice; left out, the default of the provider."
    )
    turn_detection: TurnDetection | None = Field(
        None, description="Only realtime models: how turns are noticed; left out, the default of the provider."
    )
    speed: float | None = Field(None, ge=0.25, le=2, description="Only realtime models: how fast it speaks.")
    messages: tuple[PromptMessage, ...] = Field((), description="The prompt.")
    tools: tuple[Tool, ...] = Field((), description="What the model may do besides speaking.")
    base_url: str | None = Field(None, description="Only openai_compatible: the address of the model server.")
    script: Script | None = Field(None, description="Only local: what the scripted brain runs on.")
    fallbacks: tuple[LlmFallback, ...] = Field(
        (), max_length=MOST_FALLBACKS, description="Who thinks instead when the provider fails, in order."
    )

    @model_validator(mode="after")
    def _tools_of_the_script_are_there(self) -> "LlmConfig":
        if any(isinstance(tool, McpTool) and tool.allowed_tools is None for tool in self.tools):
            return self  # which tools its server has is known in the call
        known = {name for tool in self.tools for name in _names(tool)}
        for step in self.script.steps if self.script else ():
            if step.tool and step.tool not in known:
                raise ValueError(f"step {step.id!r} of the script calls {step.tool!r}, which is none of the tools")
        return self


def _names(tool: Tool) -> tuple[str, ...]:
    """What a model calls a tool by."""
    match tool:
        case FlatWebhookTool():
            return (tool.name,)
        case NestedWebhookTool():
            return (tool.function.name,)
        case McpTool():
            return tool.allowed_tools or ()
        case _:
            return (_tool_kind(tool),)


class SttFallback(Config):
    """Who hears where the provider before it fails."""

    provider: str = Field(description="The provider, as `local` or `deepgram`.")
    model: str | None = Field(None, description="The model; left out, the default of the provider.")
    language: str | None = Field(
        None, description="The language that is spoken; left out, as in the `stt_config` it stands in."
    )
    keyterms: tuple[str, ...] = Field((), max_length=100, description="Words that should be recognised well.")
    smart_format: bool | None = Field(None, description="Deepgram: write dates, amounts and the like as people do.")
    numerals: bool | None = Field(None, description="Deepgram: write numbers as digits.")
    filler_words: bool | None = Field(None, description="Deepgram: keep words as `uh`.")
    no_delay: bool | None = Field(None, description="Deepgram: do not wait for context before formatting.")
    utterance_end_ms: int | None = Field(
        None, description="Deepgram: the gap between words that ends an utterance, 1000 to 5000 milliseconds."
    )
    endpointing: float | None = Field(
        None,
        description="The silence after which words are final: Deepgram 0 to 5000 milliseconds, Gladia 0.01 to 1 second.",
    )
    tag_audio_events: bool | None = Field(None, description="ElevenLabs: name sounds as `(laughs)` among the words.")
    include_timestamps: bool | None = Field(None, description="ElevenLabs: give the time of every word.")
    sample_rate: Literal[8000, 16000] | None = Field(
        None, description="ElevenLabs: the rate in Hz it is given; left out, that of the line."
    )
    languages: tuple[str, ...] | None = Field(None, description="Gladia: the languages that may be spoken.")
    code_switching: bool | None = Field(None, description="Gladia: the language may change between utterances.")
    region: Literal["us-west", "eu-west"] | None = Field(None, description="Gladia: where it is recognised.")
    custom_vocabulary: tuple[str, ...] | None = Field(None, description="Gladia: words that should be recognised well.")
    translation_enabled: bool | None = Field(None, description="Gladia: translate what is said.")
    translation_target_languages: tuple[str, ...] | None = Field(
        None, description="Gladia: the languages to translate into; the assistant reads the first."
    )


class SttConfig(SttFallback):
    """Which recogniser hears."""

    language: str = Field("en", description="The language that is spoken, as `en`; `multi` for several.")
    fallbacks: tuple[SttFallback, ...] = Field(
        (), max_length=MOST_FALLBACKS, description="Who hears instead when the provider fails, in order."
    )


class TtsFallback(Config):
    """Who speaks where the provider before it fails."""

    provider: str = Field(
        description="The provider, as `local` or `elevenlabs`; `11labs` is another name of the latter."
    )
    voice_id: str | None = Field(
        None, description="The voice, as `GET /voices` lists it; left out, the default of the provider."
    )
    model: str | None = Field(None, description="The model; left out, the default of the provider.")
    language: str | None = Field(None, description="The language of the voice; left out, its own.")
    speed: float | None = Field(None, ge=0.5, le=2.0, description="How fast it speaks; 1 is natural.")
    stability: float | None = Field(None, ge=0, le=1, description="ElevenLabs: how even the voice is.")
    similarity_boost: float | None = Field(None, ge=0, le=1, description="ElevenLabs: how close to the original voice.")
    style: float | None = Field(None, ge=0, le=1, description="ElevenLabs: how much of the speaker's manner is kept.")
    use_speaker_boost: bool | None = Field(None, description="ElevenLabs: closer to the speaker, a little slower.")
    apply_text_normalization: Literal["auto", "on", "off"] | None = Field(
        None, description="ElevenLabs: whether numbers and the like are written out before they are spoken."
    )
    instructions: str | None = Field(None, description="OpenAI and Google: how it is to be spoken, in words.")
    speaking_rate: float | None = Field(None, ge=0.25, le=2, description="Google: how fast it speaks; 1 is natural.")

    @field_validator("provider")
    @classmethod
    def _by_its_name(cls, provider: str) -> str:
        return "elevenlabs" if provider == "11labs" else provider


class TtsConfig(TtsFallback):
    """Which voice speaks."""

    speed: float = Field(1.0, ge=0.5, le=2.0, description="How fast it speaks; 1 is natural.")
    fallbacks: tuple[TtsFallback, ...] = Field(
        (), max_length=MOST_FALLBACKS, description="Who speaks instead when the provider fails, in order."
    )


def llm_choices(config: LlmConfig) -> tuple[LlmConfig, ...]:
    """The configuration itself and those of its fallbacks, in the order in which they are tried."""
    shared = {"fallbacks": (), "model": None, "base_url": None, "script": None, "reasoning_effort": None}
    return (
        config,
        *(config.model_copy(update=shared | _given(fallback)) for fallback in config.fallbacks),
    )


def stt_choices(config: SttConfig) -> tuple[SttConfig, ...]:
    """As ``llm_choices``. A fallback has the language and the key terms unless it has its own."""
    shared = {"language": config.language, "keyterms": config.keyterms}
    return (config, *(SttConfig(**(shared | _given(fallback))) for fallback in config.fallbacks))


def tts_choices(config: TtsConfig) -> tuple[TtsConfig, ...]:
    """As ``llm_choices``. A fallback has the language and the speed unless it has its own."""
    shared = {"language": config.language, "speed": config.speed}
    return (config, *(TtsConfig(**(shared | _given(fallback))) for fallback in config.fallbacks))


def _given(fallback: Config) -> dict[str, Any]:
    """What a fallback says of its own."""
    return {
        name: value
        for name in type(fallback).model_fields
        if (value := getattr(fallback, name)) is not None and value != ()
    }


REALTIME = frozenset({"xai_realtime", "openai_realtime", "google_realtime"})
"""The providers whose models hear and speak by themselves."""


class StructuredDataPlan(Config):
    """What to extract from the conversation; the result is validated against ``schema``."""

    enabled: bool = Field(False, description="Whether it is done.")
    json_schema: dict[str, Any] | None = Field(None, alias="schema", description="A JSON Schema of the result.")
    messages: tuple[PromptMessage, ...] = Field((), description="The prompt; left out, a good one.")


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
    notification_email: EmailStr | None = Field(None, description="Where reports are mailed.")
    notification_emails: tuple[EmailStr, ...] = Field(
        (), max_length=5, description="Where reports are mailed, up to five."
    )
    is_active: bool = Field(True, description="Inactive assistants place no calls.")
    llm_config: LlmConfig | None = Field(None, description="The model and its prompt.")
    stt_config: SttConfig | None = Field(None, description="The recogniser.")
    tts_config: TtsConfig | None = Field(None, description="The voice.")


class ToolSpec(Config):
    """A webhook tool, whichever form it was written in."""

    function: FunctionSpec
    url: str
    secret: SecretStr | None = None
    is_async: bool = False
    async_response: str | None = None


OWN_TOOLS = frozenset({"end_call", "transfer_call", "send_dtmf"})
"""The names under which models are offered what the platform does itself."""


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
