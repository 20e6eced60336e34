"""What a call costs: from what each provider was used for, their prices, and the platform's fee. US dollars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.domain.events import StageUsage, Usage
from trunkline.ports.offers import PRICE_UNITS, ProviderFacts

CURRENCY = "USD"
ANY = "*"
"""Stands for every model of a provider, in prices that an operator gives."""
MILLION, THOUSAND, MINUTE = 1_000_000, 1_000, 60
_DIGITS = 6
_FIGURES = {
    "stt": ("seconds", "prompt_tokens", "completion_tokens", "audio_prompt_tokens"),
    "tts": ("characters", "seconds"),
    "llm": (
        "prompt_tokens",
        "completion_tokens",
        "cached_tokens",
        "cached_audio_tokens",
        "audio_prompt_tokens",
        "audio_completion_tokens",
        "seconds",
    ),
}

Price = Mapping[str, float]
Prices = Mapping[str, Mapping[str, Mapping[str, Price | None]]]
"""By stage (llm, stt, tts), provider and model (``*``: any); null where there is none."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What is reckoned with: prices, the models that are meant where none is named, and the fee for an answered minute."""

    prices: Prices = field(default_factory=dict)
    defaults: Mapping[tuple[str, str], str] = field(default_factory=dict)
    fee_per_minute: float = 0.0

    def price(self, stage: str, provider: str, model: str | None) -> Price | None:
        """What a model is reckoned with; None where no price is known."""
        stage = _stage(stage)
        known = self.prices.get(stage, {}).get(provider, {})
        meant = model or self.defaults.get((stage, provider), "")
        return known[meant] if meant in known else known.get(ANY)


def tariff(providers: Iterable[ProviderFacts], own: Prices, fee_per_minute: float = 0.0) -> Tariff:
    """The catalogue's prices with the operator's ``own`` in their place: those of a model stand for that model, those of
    ``*`` for all others of its provider."""
    prices: dict[str, dict[str, dict[str, Price | None]]] = {}
    defaults: dict[tuple[str, str], str] = {}
    for facts in providers:
        stage = _stage(facts.category)
        prices.setdefault(stage, {})[facts.id] = {model.id: model.price for model in facts.models}
        for model in facts.models:
            if model.default:
                defaults[stage, facts.id] = model.id
    for stage, by_provider in own.items():
        for provider, by_model in by_provider.items():
            known = {} if ANY in by_model else prices.get(stage, {}).get(provider, {})
            prices.setdefault(stage, {})[provider] = {**known, **by_model}
    return Tariff(prices, defaults, fee_per_minute)


def cost_of(usage: Usage, seconds: int, tariff: Tariff) -> dict[str, Any]:
    """The ``cost`` of a call that was answered for ``seconds``. What ran on the organisation's own key is shown and not
    in the total; what has no price is named in ``unpriced``."""
    due = [_usd(used, tariff.price(used.stage, used.provider, used.model)) for used in usage.stages]
    stages = [_stage_cost(used, usd, tariff) for used, usd in zip(usage.stages, due, strict=True)]
    fee = seconds / MINUTE * tariff.fee_per_minute
    billed = [usd for used, usd in zip(usage.stages, due, strict=True) if usd is not None and not used.own_key]
    unpriced = [_name(stage) for stage in stages if stage["usd"] is None]
    return {
        "currency": CURRENCY,
        "total": round(sum(billed) + fee, _DIGITS),
        "platform_fee": round(fee, _DIGITS),
        "stages": stages,
        "unpriced": list(dict.fromkeys(unpriced)),
    }


def added(cost: Mapping[str, Any], used: StageUsage, tariff: Tariff) -> dict[str, Any]:
    """The ``cost`` of a call with something that it was used for later."""
    more = cost_of(Usage(stages=(used,)), 0, tariff)
    return {
        **cost,
        "total": round(cost["total"] + more["total"], _DIGITS),
        "stages": [*cost["stages"], *more["stages"]],
        "unpriced": list(dict.fromkeys([*cost["unpriced"], *more["unpriced"]])),
    }


def with_stages(usage: Usage, assistant: Mapping[str, Any]) -> Usage:
    """The usage of a call that tells totals alone, by the stages of the assistant that it ran on. Which of several
    providers did the work nobody can say then: a stage with fallbacks stays without a provider."""
    if usage.stages:
        return usage
    totals = (
        ("stt", {"seconds": usage.stt_seconds}),
        ("llm", {"prompt_tokens": usage.llm_prompt_tokens, "completion_tokens": usage.llm_completion_tokens}),
        ("tts", {"characters": usage.tts_characters}),
    )
    stages = tuple(_alone(stage, assistant, used) for stage, used in totals if any(used.values()))
    return Usage(
        usage.stt_seconds, usage.llm_prompt_tokens, usage.llm_completion_tokens, usage.tts_characters, stages=stages
    )


def _alone(stage: str, assistant: Mapping[str, Any], used: Mapping[str, Any]) -> StageUsage:
    config = assistant.get(f"{stage}_config") or {}
    if config.get("fallbacks") or "provider" not in config:
        return StageUsage(stage, "unknown", **used)
    return StageUsage(stage, config["provider"], config.get("model"), **used)


def _stage_cost(used: StageUsage, usd: float | None, tariff: Tariff) -> dict[str, Any]:
    stage = _stage(used.stage)
    return {
        "stage": used.stage,
        "provider": used.provider,
        "model": used.model or tariff.defaults.get((stage, used.provider)),
        "own_key": used.own_key,
        "usage": {name: value for name in _FIGURES.get(stage, ()) if (value := getattr(used, name))},
        "usd": None if usd is None else round(usd, _DIGITS),
    }


def _usd(used: StageUsage, price: Price | None) -> float | None:
    """What it costs; None where no price is known of what was used, or not of all that is billed by the token."""
    due = {unit: amount for unit, amount in _amounts(used).items() if amount}
    if price is None:
        return None if due else 0.0
    ways = [unit for unit in due if unit in price and unit not in _TOKENS]
    if _TOKENS & price.keys():
        ways += [unit for unit in due if unit in _TOKENS]
    if due and not ways and "call" not in price:
        return None
    rates = [next((price[name] for name in (unit, *_INSTEAD.get(unit, ())) if name in price), None) for unit in ways]
    billed = [due[unit] * rate for unit, rate in zip(ways, rates, strict=True) if rate is not None]
    return sum(billed) + price.get("call", 0.0) if len(billed) == len(ways) else None


_CACHED_SOUND = "cached_audio_input"
_TOKENS = frozenset({"input", "cached_input", "output", "audio_input", "audio_output", _CACHED_SOUND})
_INSTEAD = {"cached_input": ("input",), _CACHED_SOUND: ("cached_input", "audio_input")}
"""What is taken, in this order, where a vendor has no price of its own for it."""


def _amounts(used: StageUsage) -> dict[str, float]:
    both = used.cached_tokens + used.audio_prompt_tokens
    cached_sound = max(used.cached_audio_tokens, both - used.prompt_tokens)  # some vendors do not tell them apart
    return {
        "input": max(used.prompt_tokens - both + cached_sound, 0) / MILLION,
        "cached_input": max(used.cached_tokens - cached_sound, 0) / MILLION,
        _CACHED_SOUND: cached_sound / MILLION,
        "output": max(used.completion_tokens - used.audio_completion_tokens, 0) / MILLION,
        "audio_input": max(used.audio_prompt_tokens - cached_sound, 0) / MILLION,
        "audio_output": used.audio_completion_tokens / MILLION,
        "minute": used.seconds / MINUTE,
        "thousand_characters": used.characters / THOUSAND,
    }


def _stage(name: str) -> str:
    return "llm" if name in ("realtime", "analysis") else name


def _name(stage: Mapping[str, Any]) -> str:
    model = f"/{stage['model']}" if stage["model"] else ""
    return f"{stage['stage']} {stage['provider']}{model}"


def price_problems(prices: object) -> list[str]:
    """What is wrong with prices that an operator gave, each as ``<place>: <problem>``."""
    if not isinstance(prices, dict):
        return ["must be an object: stage, provider, model, unit"]
    problems = []
    for stage, by_provider in prices.items():
        if stage not in _FIGURES:
            problems.append(f"{stage}: there is no such stage; there are {', '.join(sorted(_FIGURES))}")
        elif not isinstance(by_provider, dict):
            problems.append(f"{stage}: must be an object of providers")
        else:
            problems += [
                wrong for name, one in by_provider.items() for wrong in _provider_problems(f"{stage}.{name}", one)
            ]
    return problems


def _provider_problems(place: str, by_model: object) -> Iterable[str]:
    if not isinstance(by_model, dict):
        yield f"{place}: must be an object of models"
        return
    for model, price in by_model.items():
        if price is not None and not isinstance(price, dict):
            yield f"{place}.{model}: must be an object of units, or null"
        for unit, value in (price or {}).items() if isinstance(price, dict) else ():
            if unit not in PRICE_UNITS:
                yield f"{place}.{model}.{unit}: there is no such unit; there are {', '.join(PRICE_UNITS)}"
            elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
                yield f"{place}.{model}.{unit}: must be a number of US dollars, 0 or more"
