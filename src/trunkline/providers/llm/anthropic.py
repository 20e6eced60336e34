"""Anthropic's Claude by messages over SSE, straight on the wire."""

from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Turn
from trunkline.providers.llm.anthropic_reply import AnthropicReply, Thoughts
from trunkline.providers.llm.anthropic_request import DISPENSABLE, body_of, takes_temperature
from trunkline.providers.llm.event_session import Asking, EventSession
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.server import ServerLine, server_of
from trunkline.providers.offers import model_of
from trunkline.providers.vendor import Vendor

VERSION = "2026-10-21"
WARM_VERSION = "2023-06-01"
"""The last version of the API in which a model can be given a temperature."""


def headers_of(key: SecretStr, version: str = VERSION) -> dict[str, str]:
    """What every request says of itself and of who sends it."""
    return {"Content-Type": "application/json", "anthropic-version": version, "x-api-key": key.get_secret_value()}


class AnthropicSession(EventSession):
    """One call's access to Claude. Holds no history, but the thoughts behind its tool calls."""

    def __init__(self, line: ServerLine, config: LlmConfig, thoughts: Thoughts) -> None:
        super().__init__(line)
        self._config = config
        self._thoughts = thoughts

    def asking(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> Asking:
        """As EventSession."""
        may_be_silent = bool(history) and history[-1].role == "tool"
        return Asking(
            "/messages",
            self._config.model,
            DISPENSABLE,
            lambda unknown: body_of(self._config, history, tools, unknown, self._thoughts),
            lambda id: AnthropicReply(self._line.failing, self._thoughts, id, may_be_silent=may_be_silent),
        )


class AnthropicLlm:
    """Provider ``anthropic``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key
        self._thoughts = Thoughts()

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> AnthropicSession:
        """Opens one call's session, and a connection ahead of its first request."""
        meant = config.model_copy(update={"model": model_of("llm", "anthropic", config.model)})
        failing = Failing(self._vendor.name, self._key, self._vendor.name)
        headers = headers_of(self._key, WARM_VERSION if takes_temperature(meant.model) else VERSION)
        line = ServerLine(server_of(self._vendor), headers, failing, "/models?limit=1")
        line.warm()
        return AnthropicSession(line, meant, self._thoughts)
