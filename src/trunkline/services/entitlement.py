"""What the assistant of a call may use of models: settled when the call is placed, so that none of it fails in mid-call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.base.errors import Forbidden
from trunkline.domain.assistant import (
    REALTIME,
    Config,
    LlmConfig,
    LlmFallback,
    SttConfig,
    SttFallback,
    TransientAssistant,
    TtsConfig,
    TtsFallback,
    llm_choices,
    stt_choices,
    tts_choices,
)
from trunkline.domain.organisation import Organisation
from trunkline.services.rooms import Rooms

LOCAL = "local"
_NO_LOCAL = "the organisation may not use the local models; name a vendor's, or ask the operator"

Choice = LlmConfig | LlmFallback | SttConfig | SttFallback | TtsConfig | TtsFallback
Defaults = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose call it is, with its own keys by vendor, still sealed."""

    organisation: Organisation
    sealed: Mapping[str, str] = field(repr=False)


def entitled(rooms: Rooms, owner: Owner, assistant: TransientAssistant) -> tuple[TransientAssistant, dict[str, str]]:
    """The assistant with the organisation's defaults filled in, and the keys of the organisation that it needs.

    Raises Invalid for models that cannot be had, also for want of a key, and Forbidden (``local_models_not_allowed``).
    """
    whole = with_defaults(assistant, owner.organisation.provider_defaults)
    rooms.models.check(whole.llm_config, whole.stt_config, whole.tts_config, own=owner.sealed.keys())
    used = tuple(_providers(whole))
    if not owner.organisation.has_local_models_access:
        _check_local(used)
    vendors = dict.fromkeys(rooms.models.vendor(provider) for _, provider in used)
    return whole, {vendor: rooms.vault.open(owner.sealed[vendor]) for vendor in vendors if vendor in owner.sealed}


def with_defaults(assistant: TransientAssistant, defaults: Defaults) -> TransientAssistant:
    """The assistant with the organisation's models and voices where it names a provider and no more."""
    if not defaults:
        return assistant
    stt, tts = assistant.stt_config, assistant.tts_config
    filled = {
        "llm_config": _with_fallbacks(assistant.llm_config, defaults),
        "stt_config": _with_fallbacks(stt, defaults) if stt else None,
        "tts_config": _with_fallbacks(tts, defaults) if tts else None,
    }
    return assistant.model_copy(update=filled)


def _with_fallbacks(config: LlmConfig | SttConfig | TtsConfig, defaults: Defaults) -> Config:
    fallbacks = tuple(_filled(fallback, defaults) for fallback in config.fallbacks)
    return _filled(config, defaults).model_copy(update={"fallbacks": fallbacks})


def _filled(config: Choice, defaults: Defaults) -> Config:
    own = defaults.get(config.provider, {})
    match config:
        case LlmConfig() if config.provider in REALTIME:
            wanted = {"model": own.get("llm_model"), "voice": own.get("voice_id")}
        case LlmConfig() | LlmFallback():
            wanted = {"model": own.get("llm_model")}
        case SttFallback():
            wanted = {"model": own.get("stt_model")}
        case _:
            wanted = {"model": own.get("tts_model"), "voice_id": own.get("voice_id")}
    return config.model_copy(
        update={name: value for name, value in wanted.items() if value and getattr(config, name) is None}
    )


def _providers(assistant: TransientAssistant) -> Iterator[tuple[str, str]]:
    """Where each provider stands that the assistant uses, and its name."""
    llm, stt, tts = assistant.llm_config, assistant.stt_config, assistant.tts_config
    yield from _placed("llm_config", [choice.provider for choice in llm_choices(llm)])
    if llm.provider in REALTIME:
        return
    yield from _placed("stt_config", [choice.provider for choice in stt_choices(stt)] if stt else [])
    yield from _placed("tts_config", [choice.provider for choice in tts_choices(tts)] if tts else [])


def _placed(place: str, providers: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, provider in enumerate(providers):
        yield (place if number == 0 else f"{place}.fallbacks.{number - 1}"), provider


def _check_local(used: Sequence[tuple[str, str]]) -> None:
    places = [place for place, provider in used if provider == LOCAL]
    if places:
        raise Forbidden(
            f"{_NO_LOCAL.capitalize()}.",
            code="local_models_not_allowed",
            title="Local models not allowed",
            details=[f"{place}.provider: {_NO_LOCAL}" for place in places],
        )
