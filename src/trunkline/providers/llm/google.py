"""Google's Gemini by ``streamGenerateContent``, straight on the wire."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from urllib.parse import quote

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import ReplyPart, Turn
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.google_reply import GoogleReply, Signatures
from trunkline.providers.llm.google_request import DISPENSABLE, body_of, wire_name
from trunkline.providers.llm.server import ServerLine, server_of
from trunkline.providers.offers import model_of
from trunkline.providers.vendor import Vendor, request_id


class GoogleSession:
    """One call's access to Gemini. Holds no history, but the signatures of the thoughts behind its tool calls."""

    def __init__(self, line: ServerLine, config: LlmConfig, signatures: Signatures) -> None:
        self._line = line
        self._config = config
        self._signatures = signatures

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncGenerator[ReplyPart, None]:
        """Streams one reply. A parameter that the model does not take is left out, and the request sent again."""
        model = str(self._config.model)

        def write(unknown: Collection[str]) -> bytes:
            return body_of(self._config, history, tools, unknown, self._signatures)

        path = f"/models/{quote(model, safe='')}:streamGenerateContent?alt=sse"
        async with self._line.accepted(path, model, DISPENSABLE, write) as answer:
            reply = GoogleReply(
                self._line.failing,
                self._signatures,
                {wire_name(tool.name): tool.name for tool in tools},
                request_id(answer.headers),
                may_be_silent=bool(history) and history[-1].role == "tool",
            )
            async with aclosing(self._line.events(answer, lambda: reply.complete)) as events:
                async for event in events:
                    for part in reply.take(event.data):
                        yield part
            for part in reply.finish():
                yield part

    async def aclose(self) -> None:
        """Ends what is still under way."""
        await self._line.aclose()


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
