"""One call's talk with a model by chat completions over SSE, straight on the wire; vendors differ by their Dialect."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from itertools import count

import aiohttp
from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import ReplyPart, Turn
from trunkline.providers.llm.chat_reply import ChatReply
from trunkline.providers.llm.chat_request import body_of
from trunkline.providers.llm.dialect import COMPATIBLE, Dialect
from trunkline.providers.llm.server import LARGEST_REPLY_BYTES, ServerLine
from trunkline.providers.vendor import request_id

CHAT = "/chat/completions"


def chat_headers(key: SecretStr | None) -> dict[str, str]:
    """What every request says of itself and of who sends it."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key.get_secret_value()}"
    return headers


class ChatSession:
    """One call's access to its model server. Holds no history."""

    def __init__(self, line: ServerLine, config: LlmConfig, dialect: Dialect = COMPATIBLE) -> None:
        self._line = line
        self._config = config
        self._dialect = dialect
        self._numbers = count(1)

    def warm(self) -> None:
        """Opens a connection while the phone rings, and sees that one stays open while the call lasts. What it asks for
        (the list of models) costs nothing."""
        self._line.warm()

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncGenerator[ReplyPart, None]:
        """Streams one reply. A parameter that the server refuses by name is left out, and the request sent again."""
        model = self._config.model

        def write(unknown: Collection[str]) -> bytes:
            return body_of(self._config, history, tools, unknown, self._dialect)

        async with self._line.accepted(CHAT, model, self._dialect.dispensable, write) as answer:
            reply = ChatReply(
                request_id(answer.headers),
                may_be_silent=bool(history) and history[-1].role == "tool",
                failing=self._line.failing,
                prefix=f"call_{next(self._numbers)}",
            )
            async with aclosing(self._parts(answer, reply)) as parts:
                async for part in parts:
                    yield part

    async def _parts(self, answer: aiohttp.ClientResponse, reply: ChatReply) -> AsyncGenerator[ReplyPart, None]:
        """After its tools a model may have nothing to add: it pressed keys and listens."""
        if answer.content_type == "application/json":
            for part in reply.take(await self._whole(answer)):
                yield part
        else:
            async with aclosing(self._line.events(answer, lambda: reply.complete)) as events:
                async for event in events:
                    if event.data.startswith(b"[DONE]"):
                        break
                    for part in reply.take(event.data):
                        yield part
        for part in reply.finish():
            yield part

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        """A reply from a server that does not stream."""
        body = b""
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > LARGEST_REPLY_BYTES:
                raise self._line.failing("{it} sent a reply that is longer than 1 MiB.", retryable=False)
        return body

    async def aclose(self) -> None:
        """Ends what is still under way."""
        await self._line.aclose()
