"""Which models a call hears, thinks and speaks with, and who stands in for each."""

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, field_validator, model_validator

from trunkline.domain.config import Config, PromptMessage
from trunkline.domain.script import Script
from trunkline.domain.tools import (
    FlatWebhookTool,
    FunctionSpec,
    McpTool,
    NestedWebhookTool,
    TemplateTool,
    Tool,
    ToolSpec,
    tool_names,
)


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
    temperature: Annotated[float, Strict()] | None = Field(
        None, ge=0, le=2, description="How freely it chooses its words."
    )
    max_completion_tokens: int | None = Field(None, ge=1, description="The longest reply, in tokens.")
    base_url: str | None = Field(None, description="Only openai_compatible: the address of the model server.")
    reasoning_effort: ReasoningEffort | None = Field(None, description="How long it thinks before it speaks.")
    script: Script | None = Field(None, description="Only local: what the scripted brain runs on.")


class LlmConfig(Config):
    """Which model thinks, what it is told, and which tools it has."""

    provider: str = Field(description="The provider, as `local` or `openai`.")
    model: str | None = Field(None, description="The model; left out, the default of the provider.")
    temperature: Annotated[float, Strict()] = Field(0.7, ge=0, le=2, description="How freely it chooses its words.")
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
        if any(isinstance(tool, TemplateTool) for tool in self.tools):
            return self  # looked at again once the template is in its place
        known = {name for tool in self.tools for name in tool_names(tool)}
        for step in self.script.steps if self.script else ():
            if step.tool and step.tool not in known:
                raise ValueError(f"step {step.id!r} of the script calls {step.tool!r}, which is none of the tools")
        return self


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
