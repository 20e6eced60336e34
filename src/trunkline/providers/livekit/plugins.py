"""The plugins that the operator set up: found and loaded at the start, and what can be asked of each."""

import importlib
import inspect
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.base.errors import Invalid
from trunkline.base.logs import logger
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Llm, Stage, Stt, Tts
from trunkline.providers.livekit import options
from trunkline.providers.offers import STAGES

PREFIX = "livekit:"
SETTING = "TRUNKLINE_LIVEKIT"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ROOM = "trunkline.providers.livekit"
_SHORTEST_SECRET = 8

_log = logger("providers")


@dataclass(frozen=True, slots=True)
class Part:
    """One class of a plugin: what makes the models of one stage. ``given`` are the operator's arguments for it."""

    plugin: str
    stage: Stage
    maker: Any
    given: Mapping[str, Any] = field(repr=False)

    @property
    def provider(self) -> str:
        """Its name in configurations."""
        return PREFIX + self.plugin

    @property
    def takes(self) -> frozenset[str]:
        """The names of its arguments."""
        return frozenset(inspect.signature(self.maker).parameters)

    def without_secrets(self, text: str) -> str:
        """``text`` without what the operator gave: any of that may be a key."""
        for value in self.given.values():
            if isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "[key]")
        return text


class LiveKit:
    """The plugins by the setting: name → arguments of its classes (in the plugin's words), with those of one stage alone
    under ``stt``, ``llm`` or ``tts``. To be closed with ``aclose``."""

    def __init__(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self._settings = settings
        self._parts: dict[tuple[str, Stage], Part] = {}
        self._unusable: dict[tuple[str, Stage], str] = {}
        self._ground: Any = None

    def load(self) -> None:
        """Imports what was set up, if that was not done yet; this may take a second or two. Raises Invalid with a line for
        each plugin that is not installed, or is given an argument that it does not have."""
        if self._ground is not None or not self._settings:
            return
        logging.getLogger("livekit").setLevel(logging.CRITICAL)  # plugins log requests, and keys may stand in them
        problems = [problem for name, given in self._settings.items() for problem in self._load(name, given)]
        if problems:
            raise Invalid("the settings are wrong; correct these environment variables", details=problems)
        self._ground = importlib.import_module(f"{_ROOM}.ground").Ground()

    async def aclose(self) -> None:
        """Closes the connections of all plugins."""
        if self._ground is not None:
            await self._ground.aclose()

    def stt(self, provider: str) -> Stt:
        """What hears. Raises Invalid."""
        return self._made("stt", provider)  # type: ignore[no-any-return]

    def llm(self, provider: str) -> Llm:
        """What thinks. Raises Invalid."""
        return self._made("llm", provider)  # type: ignore[no-any-return]

    def tts(self, provider: str) -> Tts:
        """What speaks. Raises Invalid."""
        return self._made("tts", provider)  # type: ignore[no-any-return]

    def problems(self, stage: Stage, config: LlmConfig | SttConfig | TtsConfig, place: str) -> Iterator[str]:
        """What cannot be had of a configuration that stands at ``place``."""
        self.load()
        part = self._parts.get((config.provider.removeprefix(PREFIX), stage))
        if part is None:
            yield f"{place}.provider: {self._absent(stage, config.provider)}"
            return
        if reason := self._unusable.get((part.plugin, stage)):
            yield f"{place}.provider: {config.provider} cannot be used: {reason}"
            return
        for option in options.problems(stage, config, part.takes):
            yield f"{place}.{option}: {config.provider} has no such option"

    def _made(self, stage: Stage, provider: str) -> Any:
        self.load()
        part = self._parts.get((provider.removeprefix(PREFIX), stage))
        if part is None:
            problem = f"{stage}_config.provider: {self._absent(stage, provider)}"
            raise Invalid(problem, details=[problem])
        module = importlib.import_module(f"{_ROOM}.{stage}")
        return getattr(module, f"LiveKit{stage.title()}")(part, self._ground)

    def _absent(self, stage: Stage, provider: str) -> str:
        name = provider.removeprefix(PREFIX)
        if not _NAME.fullmatch(name):
            return f"{provider!r} names no plugin; write {PREFIX} and its name, as {PREFIX}cartesia"
        if name in self._settings:
            has = ", ".join(f"{one}_config" for one in STAGES if (name, one) in self._parts)
            return f"the plugin {name} is only for {has or 'other things'}"
        how = f"the operator installs it with {_install(name)} and names it in {SETTING}"
        return f"the plugin {name} is not set up here; {how}"

    def _load(self, name: str, given: Mapping[str, Any]) -> Iterator[str]:
        if not _NAME.fullmatch(name):
            yield f"{SETTING}: {name!r} names no plugin"
            return
        try:
            module = importlib.import_module(f"livekit.plugins.{name}")
        except ModuleNotFoundError as error:
            missing = (
                f", which lacks {error.name}" if not f"livekit.plugins.{name}".startswith(error.name or "") else ""
            )
            yield f"{SETTING}: there is no plugin {name}{missing}; install it with {_install(name)}"
            return
        except ImportError as error:
            yield f"{SETTING}: the plugin {name} cannot be loaded ({error})"
            return
        if wrong := [stage for stage in STAGES if not isinstance(given.get(stage, {}), Mapping)]:
            yield f"{SETTING}: {name}: {wrong[0]} must be an object of arguments"
            return
        if not any(hasattr(module, stage.upper()) for stage in STAGES):
            yield f"{SETTING}: the plugin {name} has no recogniser, no language model and no voice"
            return
        shared = {key: value for key, value in given.items() if key not in STAGES}
        left = set(shared)
        for stage in STAGES:
            maker = getattr(module, stage.upper(), None)
            if maker is None:
                continue
            takes = inspect.signature(maker).parameters
            own = dict(given.get(stage, {}))
            yield from (f"{SETTING}: {name}: {stage} has no argument {key!r}" for key in own.keys() - takes.keys())
            left -= takes.keys()
            fitting = {key: value for key, value in shared.items() if key in takes}
            self._keep(Part(name, stage, maker, fitting | own))
        yield from (f"{SETTING}: {name} has no argument {key!r}" for key in sorted(left))

    def _keep(self, part: Part) -> None:
        """Makes one model, for what keeps it from being made (mostly a key that is missing) to be known before a call."""
        self._parts[part.plugin, part.stage] = part
        try:
            part.maker(**part.given)
        except Exception as error:  # noqa: BLE001  # a plugin may raise anything
            reason = part.without_secrets(str(error) or type(error).__name__)
            self._unusable[part.plugin, part.stage] = reason
            _log.warning("a plugin of LiveKit cannot be used", plugin=part.plugin, stage=part.stage, reason=reason)


def _install(name: str) -> str:
    return f'pip install "trunkline[livekit]" livekit-plugins-{name.replace("_", "-")}'
