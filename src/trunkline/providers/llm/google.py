"""Google's Gemini by ``streamGenerateContent``, straight on the wire."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Turn
from trunkline.providers.llm.event_session import Asking, EventSession
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.google_reply import GoogleReply, Signatures
from trunkline.providers.llm.google_request import DISPENSABLE, body_of, wire_name
from trunkline.providers.llm.server import ServerLine, server_of
from trunkline.providers.offers import model_of
from trunkline.providers.vendor import Vendor


class GoogleSession(EventSession):
    """One call's access to Gemini. Holds no history, but the signatures of the thoughts behind its tool calls."""

    def __init__(self, line: ServerLine, config: LlmConfig, signatures: Signatures) -> None:
        super().__init__(line)
        self._config = config
        self._signatures = signatures

    def asking(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> Asking:
        """As EventSession."""
        model = str(self._config.model)
        names = {wire_name(tool.name): tool.name for tool in tools}
        may_be_silent = bool(history) and history[-1].role == "tool"
        return Asking(
            f"/models/{quote(model, safe='')}:streamGenerateContent?alt=sse",
            model,
            DISPENSABLE,
            lambda unknown: body_of(self._config, history, tools, unknown, self._signatures),
            lambda id: GoogleReply(self._line.failing, self._signatures, names, id, may_be_silent=may_be_silent),
        )


class GoogleLlm:
    """Provider ``google``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key
        self._signatures = Signatures()

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> GoogleSession:
        """Opens one call's session, and a connection ahead of its first request."""
        model = str(model_of("llm", "google", config.model)).removeprefix("models/")
        failing = Failing(self._vendor.name, self._key, self._vendor.name)
        headers = {"Content-Type": "application/json", "x-goog-api-key": self._key.get_secret_value()}
        line = ServerLine(server_of(self._vendor), headers, failing, f"/models/{quote(model, safe='')}")
        line.warm()
        return GoogleSession(line, config.model_copy(update={"model": model}), self._signatures)
