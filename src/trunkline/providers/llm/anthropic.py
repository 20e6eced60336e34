"""Anthropic's Claude by messages over SSE, straight on the wire."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import ReplyPart, Turn
from trunkline.providers.llm.anthropic_reply import AnthropicReply, Thoughts
from trunkline.providers.llm.anthropic_request import DISPENSABLE, body_of, takes_temperature
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.server import ServerLine, server_of
from trunkline.providers.offers import model_of
from trunkline.providers.vendor import Vendor, request_id

VERSION = "2026-10-21"
WARM_VERSION = "2023-06-01"
"""The last version of the API in which a model can be given a temperature."""


def headers_of(key: SecretStr, version: str = VERSION) -> dict[str, str]:
    """What every request says of itself and of who sends it."""
    return {"Content-Type": "application/json", "anthropic-version": version, "x-api-key": key.get_secret_value()}


class AnthropicSession:
    """One call's access to Claude. Holds no history, but the thoughts behind its tool calls."""

    def __init__(self, line: ServerLine, config: LlmConfig, thoughts: Thoughts) -> None:
        self._line = line
        self._config = config
        self._thoughts = thoughts

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncGenerator[ReplyPart, None]:
        """Streams one reply. A parameter that the model does not take is left out, and the request sent again."""

        def write(unknown: Collection[str]) -> bytes:
            return body_of(self._config, history, tools, unknown, self._thoughts)

        async with self._line.accepted("/messages", self._config.model, DISPENSABLE, write) as answer:
            reply = AnthropicReply(
                self._line.failing,
                self._thoughts,
                request_id(answer.headers),
                may_be_silent=bool(history) and history[-1].role == "tool",
            )
            async with aclosing(self._line.events(answer, lambda: reply.complete)) as events:
                async for event in events:
                    for part in reply.take(event.data):
                        yield part
                    if reply.ended:
                        break
            for part in reply.finish():
                yield part

    async def aclose(self) -> None:
        """Ends what is still under way."""
        await self._line.aclose()


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
