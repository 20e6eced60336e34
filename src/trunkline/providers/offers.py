"""The catalogue's data: vendors, and by stage and provider the models, options and prices (``catalogue.json``)."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from trunkline.base.logs import logger
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Stage
from trunkline.ports.offers import ModelFacts, ProviderFacts

STAGES: tuple[Stage, ...] = ("llm", "stt", "tts")
OPTIONS: dict[Stage, frozenset[str]] = {
    "llm": frozenset(),
    "stt": frozenset(SttConfig.model_fields) - {"provider", "model", "language", "fallbacks"},
    "tts": frozenset(TtsConfig.model_fields) - {"provider", "model", "voice_id", "language", "speed", "fallbacks"},
}
"""What only some providers have."""

_log = logger("providers")


@cache
def read_catalogue() -> dict[str, dict[str, Any]]:
    """``catalogue.json``: ``vendors``, and by stage and provider the models (id, default, kind, legacy, price)."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text("utf-8")
    catalogue: dict[str, dict[str, Any]] = json.loads(text)
    return catalogue


def vendor_of(provider: str) -> str:
    """Whose key a provider takes."""
    offers = (read_catalogue()[stage].get(provider) for stage in STAGES)
    return next((str(offer["vendor"]) for offer in offers if offer and "vendor" in offer), provider)


def address_of(stage: Stage, provider: str) -> str:
    """The name of the address that a provider of a stage is reached at."""
    offer = read_catalogue()[stage].get(provider, {})
    return str(offer.get("address") or vendor_of(provider))


def model_of(stage: Stage, provider: str, model: str | None) -> str | None:
    """The model that is meant: the default where none is named."""
    if model is not None:
        return model
    models = read_catalogue()[stage].get(provider, {}).get("models", ())
    return next((one["id"] for one in models if one["default"]), None)


def option_problems(stage: Stage, config: LlmConfig | SttConfig | TtsConfig, path: str) -> Iterator[str]:
    """Options that this provider does not have, or not with this value; ``path`` is where the configuration stands. A
    model that the catalogue does not know is passed on, with a warning in the log."""
    yield from _blanks(config, path)
    offer = read_catalogue()[stage].get(config.provider, {})
    known = offer.get("options")
    if known is None:
        return
    model = model_of(stage, config.provider, config.model)
    lacking = next((one.get("without", ()) for one in offer["models"] if one["id"] == model), ())
    given = {name: value for name in sorted(OPTIONS[stage]) if (value := getattr(config, name)) not in (None, ())}
    for name, value in given.items():
        if name not in known:
            yield f"{path}.{name}: {config.provider} has no such option"
        elif name in lacking:
            yield f"{path}.{name}: {model} has no such option"
        elif problem := _beyond(known[name], value):
            yield f"{path}.{name}: {problem} for {config.provider}"
    if isinstance(config, SttConfig):
        yield from _hearing_problems(config, str(offer.get("languages", "")).split(), path)
    if config.model is not None and config.model not in {one["id"] for one in offer["models"]}:
        _log.warning("a model that the catalogue does not know is used", provider=config.provider, model=config.model)


def _blanks(config: LlmConfig | SttConfig | TtsConfig, path: str) -> Iterator[str]:
    """Names that are given and empty: a vendor would only say so in mid-call."""
    for name in ("model", "voice", "voice_id"):
        if getattr(config, name, None) is not None and not getattr(config, name).strip():
            yield f"{path}.{name}: is empty; name one, or leave it out for the default"


def _beyond(limits: dict[str, Any], value: Any) -> str | None:
    """What is wrong with the value of an option."""
    if "min" in limits and not limits["min"] <= value <= limits["max"]:
        return f"must be {limits['min']} to {limits['max']}"
    if "most" in limits and len(value) > limits["most"]:
        return f"must be at most {limits['most']}"
    if "longest" in limits and any(len(one) > limits["longest"] for one in value):
        return f"must each be at most {limits['longest']} characters"
    return None


def _hearing_problems(config: SttConfig, heard: Sequence[str], path: str) -> Iterator[str]:
    """Languages that a recogniser does not hear, and a translation that leads nowhere."""
    named = {"language": [config.language], "languages": config.languages or ()}
    for name, languages in named.items():
        known = [one for one in heard if name == "language" or one != "multi"]
        for language in languages:
            if heard and language.split("-")[0].lower() not in known:
                yield f"{path}.{name}: {config.provider} does not hear {language!r}; it hears {', '.join(known)}"
    if config.translation_enabled and not config.translation_target_languages:
        yield f"{path}.translation_target_languages: name the language that the assistant is to read"


def facts() -> Iterator[ProviderFacts]:
    """Every provider of every stage."""
    catalogue = read_catalogue()
    for stage in STAGES:
        for provider, offer in catalogue[stage].items():
            vendor = vendor_of(provider)
            about = catalogue["vendors"].get(vendor, {})
            yield ProviderFacts(
                id=provider,
                vendor=vendor,
                name=about.get("name", provider),
                category="realtime" if provider.endswith("_realtime") else stage,
                docs_url=about.get("docs_url", ""),
                models=tuple(_model(one, offer.get("price")) for one in offer["models"]),
            )


def _model(one: dict[str, Any], price: dict[str, float] | None) -> ModelFacts:
    return ModelFacts(
        id=one["id"],
        name=one.get("name", one["id"]),
        default=one["default"],
        legacy=one["legacy"],
        price=one.get("price", price),
    )
