"""One call's talk with a model that replies with a stream of events, whatever its vendor calls them."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from trunkline.domain.assistant import FunctionSpec
from trunkline.ports.models import ReplyPart, Turn
from trunkline.providers.llm.server import ServerLine
from trunkline.providers.vendor import request_id


class EventReply(Protocol):
    """Puts one reply together from its events. ``ended``: nothing more of use comes."""

    ended: bool

    @property
    def complete(self) -> bool:
        """Whether the vendor said why the reply ended."""

    def take(self, data: bytes) -> Iterable[ReplyPart]:
        """What one event brings. Raises Upstream."""

    def finish(self) -> Iterable[ReplyPart]:
        """What the end brings. Raises Upstream."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request: ``write`` makes its body without some ``dispensable`` parameters, ``begin`` the reply, from the vendor's id
    of the request."""

    path: str
    model: str | None
    dispensable: Mapping[str, Collection[str]]
    write: Callable[[Collection[str]], bytes]
    begin: Callable[[str], EventReply]


class EventSession:
    """ports.models.LlmSession over a ServerLine. Holds no history."""

    def __init__(self, line: ServerLine) -> None:
        self._line = line

    def asking(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> Asking:
        """The vendor's request for a reply."""
        raise TypeError(f"{type(self).__name__} asks for nothing")

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncGenerator[ReplyPart, None]:
        """Streams one reply. A parameter that the model does not take is left out, and the request sent again."""
        asking = self.asking(history, tools)
        async with self._line.accepted(asking.path, asking.model, asking.dispensable, asking.write) as answer:
            reply = asking.begin(request_id(answer.headers))
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
