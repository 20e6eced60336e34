"""Parts a configuration from its secrets, and joins them again; a secret is named by its path."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, SecretStr

Json = Any


def parted(config: BaseModel) -> tuple[dict[str, Json], dict[str, str]]:
    """The configuration as JSON with None in place of every secret, and the secrets by path (``a.0.b``)."""
    secrets: dict[str, str] = {}

    def keep(path: str, secret: SecretStr) -> None:
        secrets[path] = secret.get_secret_value()

    return _plain(_dumped(config), "", keep), secrets


def joined(config: dict[str, Json], secrets: dict[str, str]) -> dict[str, Json]:
    """The configuration with its secrets back in their places."""
    whole: dict[str, Json] = _plain(config, "", lambda path, secret: None)
    for path, secret in secrets.items():
        *way, last = path.split(".")
        place = whole
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        place[int(last) if isinstance(place, list) else last] = secret
    return whole


def revealed(config: BaseModel) -> dict[str, Json]:
    """The configuration as JSON with its secrets in clear: only for what is sealed as a whole."""
    return joined(*parted(config))


def public(config: BaseModel) -> dict[str, Json]:
    """The configuration as it may be shown: without its secrets."""
    return parted(config)[0]


def _dumped(config: BaseModel) -> dict[str, Json]:
    return config.model_dump(mode="python", by_alias=True)


def _plain(value: Json, path: str, keep: Callable[[str, SecretStr], None]) -> Json:
    if isinstance(value, SecretStr):
        keep(path, value)
        return None
    if isinstance(value, dict):
        return {name: _plain(item, f"{path}.{name}" if path else str(name), keep) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}.{place}" if path else str(place), keep) for place, item in enumerate(value)]
    return value
