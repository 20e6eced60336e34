"""What the vendors of chat completions have in common: one class, which each of them gives its name and its dialect."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import SecretStr

from trunkline.base.logs import logger
from trunkline.domain.assistant import LlmConfig
from trunkline.providers.llm.chat_session import ChatSession, chat_headers
from trunkline.providers.llm.dialect import Dialect
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.server import ServerLine, server_of
from trunkline.providers.offers import model_of
from trunkline.providers.vendor import Vendor

_log = logger("providers")


class ChatVendorLlm:
    """ports.models.Llm of a vendor that has chat completions."""

    provider: ClassVar[str]
    dialect: ClassVar[Dialect]

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> ChatSession:
        """Opens one call's session, and a connection ahead of its first request."""
        meant = config.model_copy(update={"model": model_of("llm", self.provider, config.model)})
        self._tell_what_is_lowered(meant)
        failing = Failing(self._vendor.name, self._key, self._vendor.name)
        line = ServerLine(server_of(self._vendor), chat_headers(self._key), failing, "/models")
        session = ChatSession(line, meant, self.dialect)
        session.warm()
        return session

    def _tell_what_is_lowered(self, config: LlmConfig) -> None:
        thinking, asked = self.dialect.thinking(config.model), config.reasoning_effort
        if thinking is None or asked is None:
            return
        effort = thinking.effort(asked, bool(config.tools)) or "none"
        if effort != asked:
            _log.warning("the model does not think as long as asked", model=config.model, asked=asked, effort=effort)
