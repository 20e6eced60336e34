"""Who may hear, think and speak in one call: the configured providers and their fallbacks, each with how to open it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import SecretStr

from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig, llm_choices, stt_choices, tts_choices
from trunkline.domain.plan import CallPlan
from trunkline.engine.breaker import Route, fingerprint
from trunkline.ports.models import LlmSession, Models, Stage, SttStream, TtsSession


class Closable(Protocol):
    """What is opened per call."""

    async def aclose(self) -> None: ...


C = TypeVar("C", bound=Closable)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate(Generic[C]):
    """One provider that can be opened. ``own_key``: on the organisation's key. ``route`` is what its failures count for."""

    stage: Stage
    provider: str
    open: Callable[[], Awaitable[C]]
    model: str | None = None
    own_key: bool = False
    address: str | None = None
    key: str = "platform"

    @property
    def route(self) -> Route:
        """What fails together with it."""
        return Route(self.stage, self.provider, self.model, self.address, self.key)


def candidate(
    plan: CallPlan,
    models: Models,
    stage: Stage,
    config: LlmConfig | SttConfig | TtsConfig,
    open_with: Callable[[SecretStr | None], Awaitable[C]],
) -> Candidate[C]:
    """The provider of ``config``; ``open_with`` is given the organisation's own key where it has one."""
    found = plan.keys.get(models.vendor(config.provider))
    key = SecretStr(found) if found is not None else None
    return Candidate(
        stage,
        config.provider,
        lambda: open_with(key),
        model=models.model(stage, config.provider, config.model),
        own_key=key is not None,
        address=config.base_url if isinstance(config, LlmConfig) else None,
        key=fingerprint(key),
    )


def stt_candidates(
    plan: CallPlan, models: Models, config: SttConfig, sample_rate_hz: int
) -> tuple[Candidate[SttStream], ...]:
    """Those who hear, in the order in which they are tried."""

    def one(choice: SttConfig) -> Candidate[SttStream]:
        return candidate(
            plan, models, "stt", choice, lambda key: models.stt(choice.provider, key).open(choice, sample_rate_hz)
        )

    return tuple(one(choice) for choice in stt_choices(config))


def llm_candidates(plan: CallPlan, models: Models, config: LlmConfig) -> tuple[Candidate[LlmSession], ...]:
    """Those who think, in the order in which they are tried."""

    def one(choice: LlmConfig) -> Candidate[LlmSession]:
        return candidate(
            plan, models, "llm", choice, lambda key: models.llm(choice.provider, key).open(choice, plan.variables)
        )

    return tuple(one(choice) for choice in llm_choices(config))


def tts_candidates(
    plan: CallPlan, models: Models, config: TtsConfig, sample_rate_hz: int
) -> tuple[Candidate[TtsSession], ...]:
    """Those who speak, in the order in which they are tried."""

    def one(choice: TtsConfig) -> Candidate[TtsSession]:
        return candidate(
            plan, models, "tts", choice, lambda key: models.tts(choice.provider, key).open(choice, sample_rate_hz)
        )

    return tuple(one(choice) for choice in tts_choices(config))
