"""The one catalogue: which providers and models there are, who makes them, and whether a configuration can be had."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.base.logs import logger
from trunkline.domain.assistant import (
    REALTIME,
    LlmConfig,
    SttConfig,
    TtsConfig,
    llm_choices,
    stt_choices,
    tts_choices,
)
from trunkline.ports.analyst import Analyst
from trunkline.ports.models import Llm, Stage, Stt, Tts
from trunkline.ports.offers import ProviderFacts, VoiceFacts
from trunkline.ports.realtime import Realtime
from trunkline.ports.turn import TurnModel
from trunkline.ports.vad import Vad
from trunkline.providers import makers, offers, verifying
from trunkline.providers.livekit import plugins as livekit
from trunkline.providers.llm.openai_compatible import OpenAiCompatibleLlm
from trunkline.providers.local import embedder, recognisers, voices, weights
from trunkline.providers.local.embedder import Embedder
from trunkline.providers.local.pico import PicoTts
from trunkline.providers.local.recognisers import LocalStt
from trunkline.providers.local.scripted import ScriptedAnalyst, ScriptedLlm
from trunkline.providers.local.silero import SileroVad
from trunkline.providers.local.smart_turn import SmartTurn
from trunkline.providers.local.threads import Once
from trunkline.providers.offers import read_catalogue
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import KeptVoices, published, voice_problems

T = TypeVar("T")
C = TypeVar("C", LlmConfig, SttConfig, TtsConfig)

_log = logger("providers")

LOCAL = "local"
OPENAI_COMPATIBLE = "openai_compatible"
VOICES_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What an operator set for the models: how many threads hear, and by vendor addresses (in place of the catalogue's)
    and the platform's own keys."""

    urls: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)

    openai_compatible_url: str | None = None
    openai_compatible_key: SecretStr | None = None
    allow_private_model_urls: bool = False
    stt_threads: int = 1
    livekit: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)


class Catalogue:
    """ports.models.Models, and the models that listen to every call. Leaving the ``async with`` closes them all."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._offers = read_catalogue()
        self._keys = dict(settings.keys)
        self._vendors = {
            name: Vendor(name, settings.urls.get(name) or about["url"])
            for name, about in self._offers["vendors"].items()
        }
        for name, about in self._offers["vendors"].items():
            self._vendors[name].beside = self._vendors.get(about.get("beside", ""))
        self._kept_voices = KeptVoices()
        self._embedder = _embedder()
        self._local_stt = LocalStt(settings.stt_threads)
        self._local_tts = PicoTts()
        self._vad = Once(SileroVad)
        self._turn = Once(SmartTurn)
        self._stt: dict[str, Stt] = {LOCAL: self._local_stt}
        self._tts: dict[str, Tts] = {LOCAL: self._local_tts}
        self._openai_compatible = OpenAiCompatibleLlm(
            settings.openai_compatible_url, settings.openai_compatible_key, settings.allow_private_model_urls
        )
        self._livekit = livekit.LiveKit(settings.livekit)
        self._llm: dict[str, Llm] = {
            LOCAL: ScriptedLlm(self._embedder),
            OPENAI_COMPATIBLE: self._openai_compatible,
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections to model servers and ends the threads of the local models."""
        await self._openai_compatible.aclose()
        await self._livekit.aclose()
        await asyncio.gather(*(vendor.aclose() for vendor in self._vendors.values()))
        for model in (self._local_stt, self._local_tts, self._embedder, self._turn.made):
            if model is not None:
                await asyncio.to_thread(model.close)

    async def warm(self) -> None:
        """Loads the default local models, so that no call waits for them. Raises Upstream where one cannot be used."""
        self._livekit.load()
        loads = [self.vad(), self.turn(), self._local_stt.warm(), self._local_tts.warm()]
        await asyncio.gather(*loads, *([self._embedder.warm()] if self._embedder else []))

    async def vad(self) -> Vad:
        """The one voice activity detector of this process."""
        return await self._vad.get()

    async def turn(self) -> TurnModel:
        """The one end-of-turn model of this process."""
        return await self._turn.get()

    def analyst(self) -> Analyst:
        """Who sums up calls where no language model does."""
        return ScriptedAnalyst(self._embedder)

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        if provider in makers.STT:
            return makers.STT[provider](*self._reached("stt", provider, key))
        if provider.startswith(livekit.PREFIX):
            return self._livekit.stt(provider)
        return _pick(self._stt, provider, "stt_config", makers.STT)

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        if provider in makers.LLM:
            return makers.LLM[provider](*self._reached("llm", provider, key))
        if provider.startswith(livekit.PREFIX):
            return self._livekit.llm(provider)
        return _pick(self._llm, provider, "llm_config", makers.LLM)

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        if provider in makers.TTS:
            return makers.TTS[provider](*self._reached("tts", provider, key))
        if provider.startswith(livekit.PREFIX):
            return self._livekit.tts(provider)
        return _pick(self._tts, provider, "tts_config", makers.TTS)

    def realtime(self, provider: str, key: SecretStr | None = None) -> Realtime:
        if provider in makers.REALTIME:
            return makers.REALTIME[provider](*self._reached("llm", provider, key))
        return _pick({}, provider, "llm_config", makers.REALTIME)

    def _reached(self, stage: Stage, provider: str, key: SecretStr | None) -> tuple[Vendor, SecretStr]:
        """Where a provider is, and the key for it. Raises Invalid without one."""
        own = key or self._keys.get(offers.vendor_of(provider))
        if own is None:
            problem = f"{stage}_config.provider: {_keyless(provider)}"
            raise Invalid(problem, details=[problem])
        return self._vendors[offers.address_of(stage, provider)], own

    def vendor(self, provider: str) -> str:
        return offers.vendor_of(provider)

    def model(self, stage: Stage, provider: str, model: str | None) -> str | None:
        return offers.model_of(stage, provider, model)

    def voices(self) -> list[VoiceFacts]:
        return voices.facts()

    async def vendor_voices(self, keys: Mapping[str, SecretStr]) -> list[VoiceFacts]:
        """As the port says; what a vendor told is kept for five minutes."""
        own = {**self._keys, **keys}
        known = {provider: offers.vendor_of(provider) for provider in makers.TTS}
        told = await asyncio.gather(
            *(
                self._told(self._vendors[offers.address_of("tts", provider)], own[vendor])
                for provider, vendor in known.items()
                if vendor in own
            )
        )
        realtime = [published(provider) for provider in makers.REALTIME if offers.vendor_of(provider) in own]
        return [voice for voices_of_one in (*told, *realtime) for voice in voices_of_one]

    async def _told(self, vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
        """The voices of one vendor; none where it takes too long, or says what nobody can read."""
        try:
            async with asyncio.timeout(VOICES_SECONDS):
                return await self._kept_voices.of(vendor, key)
        except (TimeoutError, LookupError, TypeError, AttributeError, ValueError) as error:
            _log.warning("a vendor does not tell its voices", vendor=vendor.name, kind=type(error).__name__)
            return []

    def providers(self) -> list[ProviderFacts]:
        return list(offers.facts())

    async def verify(self, vendor: str, key: SecretStr) -> None:
        await verifying.verify(self._vendors, vendor, key)

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        problems = [
            problem
            for place, choice in _places("llm_config", llm_choices(llm))
            for problem in [*self._llm_problems(choice, place), *self._key_problems(choice.provider, place, own)]
        ]
        problems += _mixed(llm)
        if llm.provider not in REALTIME:
            problems += self._stt_problems(stt, own)
            problems += self._tts_problems(tts, own)
        if problems:
            raise Invalid("The models of this assistant cannot be had: " + "; ".join(problems), details=problems)

    def _key_problems(self, provider: str, place: str, own: Collection[str] | None) -> Iterator[str]:
        vendor = offers.vendor_of(provider)
        if own is not None and vendor in self._vendors and vendor not in own and vendor not in self._keys:
            yield f"{place}.provider: {_keyless(provider)}"

    def _llm_problems(self, config: LlmConfig, place: str) -> list[str]:
        provider = config.provider
        if provider == OPENAI_COMPATIBLE:
            return self._network_llm_problems(config, place)
        if provider.startswith(livekit.PREFIX):
            return [*self._livekit.problems("llm", config, place), *_text_only(config, place)]
        network = provider in makers.LLM or provider in makers.REALTIME
        if not network and provider not in self._llm:
            return [_unknown(self._llm, provider, place, {**makers.LLM, **makers.REALTIME})]
        problems = list(offers.option_problems("llm", config, place)) if network else []
        problems += voice_problems(provider, config.voice, f"{place}.voice")
        if provider == LOCAL:
            problems += self._unknown_model(config.model, "llm", place)
        if network and config.script is not None:
            problems.append(f"{place}.script: only the provider {LOCAL} runs scripts")
        if config.base_url is not None:
            problems.append(f"{place}.base_url: only {OPENAI_COMPATIBLE} has one")
        if provider not in REALTIME:
            problems += _realtime_only(config, place)
        return problems

    def _network_llm_problems(self, config: LlmConfig, place: str) -> list[str]:
        problems = _realtime_only(config, place)
        if not config.model:
            problems.append(f"{place}.model: name the model that the server is to run")
        if config.script is not None:
            problems.append(f"{place}.script: only the provider {LOCAL} runs scripts")
        try:
            problem = self._openai_compatible.problem(config)
        except ValueError:
            problem = "it is no URL"
        if problem:
            problems.append(f"{place}.base_url: {problem}")
        return problems

    def _stt_problems(self, config: SttConfig | None, own: Collection[str] | None) -> Iterator[str]:
        if config is None:
            yield "stt_config: is required with a text model"
            return
        for place, choice in _places("stt_config", stt_choices(config)):
            if choice.provider.startswith(livekit.PREFIX):
                yield from self._livekit.problems("stt", choice, place)
                continue
            if choice.provider not in self._stt and choice.provider not in makers.STT:
                yield _unknown(self._stt, choice.provider, place, makers.STT)
                continue
            yield from offers.option_problems("stt", choice, place)
            yield from self._key_problems(choice.provider, place, own)
            if choice.provider == LOCAL:
                yield from (problem.replace("stt_config", place, 1) for problem in recognisers.problems(choice))

    def _tts_problems(self, config: TtsConfig | None, own: Collection[str] | None) -> Iterator[str]:
        if config is None:
            yield "tts_config: is required with a text model"
            return
        for place, choice in _places("tts_config", tts_choices(config)):
            if choice.provider.startswith(livekit.PREFIX):
                yield from self._livekit.problems("tts", choice, place)
                continue
            if choice.provider not in self._tts and choice.provider not in makers.TTS:
                yield _unknown(self._tts, choice.provider, place, makers.TTS)
                continue
            yield from offers.option_problems("tts", choice, place)
            yield from voice_problems(choice.provider, choice.voice_id, f"{place}.voice_id")
            yield from self._key_problems(choice.provider, place, own)
            if choice.provider == LOCAL:
                yield from self._local_voice_problems(choice, place)

    def _local_voice_problems(self, config: TtsConfig, place: str) -> Iterator[str]:
        yield from self._unknown_model(config.model, "tts", place)
        if absent := weights.missing(weights.PICO):
            yield f"{place}.model: {absent}"
        try:
            voices.choose(config)
        except Invalid as error:
            yield error.message.replace("tts_config", place, 1)

    def _unknown_model(self, model: str | None, stage: Stage, place: str) -> list[str]:
        known = [offer["id"] for offer in self._offers[stage][LOCAL]["models"]]
        if model is None or model in known:
            return []
        return [f"{place}.model: there is no local model {model!r}; there is {' and '.join(known)}"]


def _places(place: str, choices: Sequence[C]) -> Iterator[tuple[str, C]]:
    """Each choice with where it stands: the configuration itself, and its fallbacks."""
    for number, choice in enumerate(choices):
        yield (place if number == 0 else f"{place}.fallbacks.{number - 1}"), choice


def _mixed(llm: LlmConfig) -> Iterator[str]:
    """A model that hears and speaks by itself cannot stand in for one that does not, nor the other way round."""
    realtime = llm.provider in REALTIME
    for number, fallback in enumerate(llm.fallbacks):
        if (fallback.provider in REALTIME) != realtime:
            kind = "realtime models" if realtime else "text models"
            yield f"llm_config.fallbacks.{number}.provider: use one of the {kind}, as {llm.provider} is"


def _realtime_only(config: LlmConfig, place: str) -> list[str]:
    given = {"voice": config.voice, "turn_detection": config.turn_detection, "speed": config.speed}
    return [f"{place}.{name}: only realtime models have one" for name, value in given.items() if value is not None]


def _text_only(config: LlmConfig, place: str) -> list[str]:
    problems = _realtime_only(config, place)
    if config.script is not None:
        problems.append(f"{place}.script: only the provider {LOCAL} runs scripts")
    if config.base_url is not None:
        problems.append(f"{place}.base_url: only {OPENAI_COMPATIBLE} has one")
    return problems


def _keyless(provider: str) -> str:
    vendor = offers.vendor_of(provider)
    return (
        f"there is no key for {vendor}; store your own with POST /byok, or have the operator set"
        f" TRUNKLINE_{vendor.upper()}_KEY"
    )


def _embedder() -> Embedder | None:
    reason = embedder.unusable()
    if reason is None:
        return Embedder()
    _log.warning("the scripted brain works without its embedding model", reason=reason)
    return None


def _pick(known: Mapping[str, T], provider: str, field: str, more: Mapping[str, object]) -> T:
    if provider not in known:
        problem = _unknown(known, provider, field, more)
        raise Invalid(problem, details=[problem])
    return known[provider]


def _unknown(known: Mapping[str, object], provider: str, field: str, more: Mapping[str, object]) -> str:
    names = ", ".join(sorted({*known, *more}))
    return f"{field}.provider: there is no provider {provider!r}; there are {names}"
