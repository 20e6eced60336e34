"""The one catalogue: which providers and models there are, who makes them, and whether a configuration can be had."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.base.logs import logger
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.analyst import Analyst
from trunkline.ports.models import Llm, Stt, Tts, VoiceFacts
from trunkline.ports.turn import TurnModel
from trunkline.ports.vad import Vad
from trunkline.providers.llm.openai_compatible import OpenAiCompatibleLlm
from trunkline.providers.local import embedder, recognisers, voices, weights
from trunkline.providers.local.embedder import Embedder
from trunkline.providers.local.pico import PicoTts
from trunkline.providers.local.recognisers import LocalStt
from trunkline.providers.local.scripted import ScriptedAnalyst, ScriptedLlm
from trunkline.providers.local.silero import SileroVad
from trunkline.providers.local.smart_turn import SmartTurn
from trunkline.providers.local.threads import Once

T = TypeVar("T")

_log = logger("providers")

LOCAL = "local"
OPENAI_COMPATIBLE = "openai_compatible"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What an operator set for the models: addresses, keys, and how many threads hear."""

    openai_compatible_url: str | None = None
    openai_compatible_key: SecretStr | None = None
    allow_private_model_urls: bool = False
    stt_threads: int = 1


def read_catalogue() -> dict[str, dict[str, Any]]:
    """``catalogue.json``: by stage and provider the models (id, default, kind, legacy) and the price."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text("utf-8")
    catalogue: dict[str, dict[str, Any]] = json.loads(text)
    return catalogue


class Catalogue:
    """ports.models.Models, and the models that listen to every call. Leaving the ``async with`` closes them all."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._offers = read_catalogue()
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
        for model in (self._local_stt, self._local_tts, self._embedder, self._turn.made):
            if model is not None:
                await asyncio.to_thread(model.close)

    async def warm(self) -> None:
        """Loads the default local models, so that no call waits for them. Raises Upstream where one cannot be used."""
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

    def stt(self, provider: str) -> Stt:
        return _pick(self._stt, provider, "stt_config")

    def llm(self, provider: str) -> Llm:
        return _pick(self._llm, provider, "llm_config")

    def tts(self, provider: str) -> Tts:
        return _pick(self._tts, provider, "tts_config")

    def voices(self) -> list[VoiceFacts]:
        return voices.facts()

    def check(self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None) -> None:
        problems = [*self._llm_problems(llm), *self._stt_problems(stt), *self._tts_problems(tts)]
        if problems:
            raise Invalid("The models of this assistant cannot be had: " + "; ".join(problems), details=problems)

    def _llm_problems(self, config: LlmConfig) -> list[str]:
        if config.provider not in self._llm:
            return [_unknown(self._llm, config.provider, "llm_config")]
        if config.provider == OPENAI_COMPATIBLE:
            return self._network_llm_problems(config)
        problems = self._unknown_model(config.model, "llm")
        if config.base_url is not None:
            problems.append(f"llm_config.base_url: only {OPENAI_COMPATIBLE} has one")
        return problems

    def _network_llm_problems(self, config: LlmConfig) -> list[str]:
        problems = []
        if not config.model:
            problems.append("llm_config.model: name the model that the server is to run")
        if config.script is not None:
            problems.append(f"llm_config.script: only the provider {LOCAL} runs scripts")
        try:
            problem = self._openai_compatible.problem(config)
        except ValueError:
            problem = "it is no URL"
        if problem:
            problems.append(f"llm_config.base_url: {problem}")
        return problems

    def _stt_problems(self, config: SttConfig | None) -> list[str]:
        if config is None:
            return ["stt_config: is required with a text model"]
        if config.provider not in self._stt:
            return [_unknown(self._stt, config.provider, "stt_config")]
        return recognisers.problems(config)

    def _tts_problems(self, config: TtsConfig | None) -> list[str]:
        if config is None:
            return ["tts_config: is required with a text model"]
        if config.provider not in self._tts:
            return [_unknown(self._tts, config.provider, "tts_config")]
        problems = self._unknown_model(config.model, "tts")
        if absent := weights.missing(weights.PICO):
            problems.append(f"tts_config.model: {absent}")
        try:
            voices.choose(config)
        except Invalid as error:
            problems.append(error.message)
        return problems

    def _unknown_model(self, model: str | None, stage: str) -> list[str]:
        known = [offer["id"] for offer in self._offers[stage][LOCAL]["models"]]
        if model is None or model in known:
            return []
        return [f"{stage}_config.model: there is no local model {model!r}; there is {' and '.join(known)}"]


def _embedder() -> Embedder | None:
    reason = embedder.unusable()
    if reason is None:
        return Embedder()
    _log.warning("the scripted brain works without its embedding model", reason=reason)
    return None


def _pick(makers: Mapping[str, T], provider: str, field: str) -> T:
    if provider not in makers:
        problem = _unknown(makers, provider, field)
        raise Invalid(problem, details=[problem])
    return makers[provider]


def _unknown(makers: Mapping[str, object], provider: str, field: str) -> str:
    return f"{field}.provider: there is no provider {provider!r}; there are {', '.join(sorted(makers))}"
