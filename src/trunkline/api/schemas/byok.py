"""Keys of your own for vendors, as they are asked for and shown: by id alone."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr

from trunkline.api.schemas.base import Asked, Shown
from trunkline.ports.offers import ModelFacts, ProviderFacts
from trunkline.services.byok import ProviderDefaults

_VENDOR = (
    "Whose key it is: `deepgram`, `openai`, `elevenlabs`, `resend`, `xai`, `gladia`, `mistral`, `anthropic`, `google` or"
    " `inworld`."
)


class NewProviderKey(Asked):
    """A key of yours."""

    provider: str = Field(min_length=1, max_length=100, description=_VENDOR)
    api_key: SecretStr = Field(description="The key, as the vendor gave it to you; never shown again.")


class ProviderNamed(Asked):
    """Whose key is to be forgotten."""

    provider: str = Field(min_length=1, max_length=100, description=_VENDOR)


class ByokQuery(Asked):
    """How a key is taken."""

    verify: bool = Field(
        False,
        description="Ask the vendor first: 400 `key_refused` where it does not take the key, 502 where it cannot be asked;"
        " nothing is stored then.",
    )


class SecretIds(Shown):
    """The ids of the stored keys; null where there is none."""

    deepgram_secret_id: str | None = Field(description="The key for Deepgram.")
    openai_secret_id: str | None = Field(description="The key for OpenAI.")
    elevenlabs_secret_id: str | None = Field(description="The key for ElevenLabs.")
    resend_secret_id: str | None = Field(description="The key for Resend; kept, and not used in this release.")
    xai_secret_id: str | None = Field(description="The key for xAI.")
    gladia_secret_id: str | None = Field(description="The key for Gladia.")
    mistral_secret_id: str | None = Field(description="The key for Mistral.")
    anthropic_secret_id: str | None = Field(description="The key for Anthropic.")
    google_secret_id: str | None = Field(description="The key for Google.")
    inworld_secret_id: str | None = Field(description="The key for Inworld.")


class ByokReply(Shown):
    """Which keys of yours are stored."""

    success: bool = Field(description="Always true.")
    byok_keys: SecretIds = Field(description="Their ids.")


class ModelShown(Shown):
    """A model."""

    id: str = Field(description="The `model` of a configuration.")
    name: str = Field(description="Its name.")
    default: bool = Field(description="Whether it is taken where none is named.")
    legacy: bool = Field(description="Whether its vendor has newer ones in its place.")
    price: dict[str, float] | None = Field(
        description="What it is reckoned with, in US dollars: for a million tokens (`input`, `cached_input`, `output`,"
        " `audio_input`, `audio_output`), a `minute`, a `thousand_characters`, a `call`. Null: no price is known."
    )


class ProviderShown(Shown):
    """A provider, in one of the stages that it has."""

    id: str = Field(description="The `provider` of a configuration.")
    name: str = Field(description="Its name.")
    category: Literal["llm", "stt", "tts", "realtime"] = Field(description="What it does.")
    docs_url: str = Field(description="Its own documentation.")
    models: list[ModelShown] = Field(description="Its models; others are passed on as they are named.")


class ByokConfigReply(Shown):
    """What there is to choose from, and what you chose."""

    providers: list[ProviderShown] = Field(description="Every provider, once for each stage.")
    byok_config: dict[str, ProviderDefaults] = Field(description="Your defaults, by provider.")


class NewByokConfig(Asked):
    """Your defaults for one provider."""

    provider: str = Field(min_length=1, max_length=100, description="The provider, as a configuration names it.")
    config: ProviderDefaults = Field(description="In place of what was set before; empty removes it.")


class ByokConfigSet(Shown):
    """Your defaults."""

    byok_config: dict[str, ProviderDefaults] = Field(description="All of them, by provider.")


def shown(ids: Mapping[str, str | None]) -> dict[str, Any]:
    """The ids of keys as a reply shows them."""
    return {"success": True, "byok_keys": {f"{vendor}_secret_id": id for vendor, id in ids.items()}}


def config_shown(defaults: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """An organisation's defaults as a reply shows them: every name, null where nothing is set."""
    return {provider: ProviderDefaults.model_validate(one).model_dump() for provider, one in defaults.items()}


def providers_shown(providers: Iterable[ProviderFacts]) -> list[dict[str, Any]]:
    """Providers as a reply shows them."""
    return [
        {
            "id": facts.id,
            "name": facts.name,
            "category": facts.category,
            "docs_url": facts.docs_url,
            "models": [_model(model) for model in facts.models],
        }
        for facts in providers
    ]


def _model(model: ModelFacts) -> dict[str, Any]:
    price = None if model.price is None else dict(model.price)
    return {"id": model.id, "name": model.name, "default": model.default, "legacy": model.legacy, "price": price}
