"""The thinker: asks the language model, hands its words on clause by clause, and asks once more when it fails."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import FunctionSpec
from trunkline.engine.clauses import ClauseCutter
from trunkline.engine.events import Event, ReplyFailed, ReplyFinished, ReplyText, ReplyTools
from trunkline.engine.opening import TRIES, Opening, may_try_again, watched
from trunkline.ports.models import Calls, Delta, LlmSession, ReplyPart, Spent, Turn

FIRST_TOKEN_SECONDS = 5.0
NEXT_TOKEN_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class _Reply:
    """One reply in the making; what was ``handed`` on cannot be taken back."""

    number: int
    asked_at: float
    cutter: ClauseCutter
    first_token_seconds: float | None = None
    handed: bool = False


class Thinker:
    """One call's language model. Several replies may be in the making; a stopped one tells nothing any more."""

    def __init__(
        self,
        opening: Opening[LlmSession],
        functions: Sequence[FunctionSpec],
        tell: Callable[[Event], None],
        crew: Crew,
        clock: Clock,
    ) -> None:
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self._opening = opening
        self._functions = tuple(functions)
        self._complete = asyncio.Event()
        self._complete.set()
        self._tell = tell
        self._crew = crew
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def expect_functions(self) -> None:
        """More functions will be offered: no reply is asked for before."""
        self._complete.clear()

    def offer(self, functions: Sequence[FunctionSpec]) -> None:
        """These functions are there too; what waited for them is asked now."""
        self._functions += tuple(functions)
        self._complete.set()

    def think(self, number: int, history: Sequence[Turn], *, with_tools: bool = True) -> None:
        """Starts reply ``number``; ``with_tools`` offers the model its functions."""
        work = self._run(number, tuple(history), with_tools=with_tools)
        self._tasks[number] = self._crew.start(work, f"reply {number}")

    def stop(self, number: int) -> None:
        """Cancels a reply."""
        task = self._tasks.pop(number, None)
        if task is not None:
            task.cancel()

    def wants(self, number: int) -> bool:
        """Whether the events of this reply are still to be told: it was not stopped."""
        return number in self._tasks

    async def _run(self, number: int, history: Sequence[Turn], *, with_tools: bool) -> None:
        if with_tools:
            await self._complete.wait()
        for attempt in range(1, TRIES + 1):
            reply = _Reply(number, self._clock.monotonic(), ClauseCutter())
            try:
                await self._ask(reply, history, self._functions if with_tools else ())
            except Upstream as error:
                if not may_try_again(error, attempt) or reply.handed:
                    self._tell(ReplyFailed(number, error))
                    return
                await self._opening.renew()
            else:
                self._tell(ReplyFinished(number))
                return

    async def _ask(self, reply: _Reply, history: Sequence[Turn], functions: Sequence[FunctionSpec]) -> None:
        session = await self._opening.get()
        parts = session.reply(history, functions)
        async with watched(parts, FIRST_TOKEN_SECONDS, self._opening.provider, NEXT_TOKEN_SECONDS) as watch:
            async for part in watch.stream:
                watch.fed()
                self._take(reply, part)
        self._hand(reply, reply.cutter.flush())

    def _take(self, reply: _Reply, part: ReplyPart) -> None:
        match part:
            case Delta(text):
                if reply.first_token_seconds is None:
                    reply.first_token_seconds = self._clock.monotonic() - reply.asked_at
                self._hand(reply, reply.cutter.feed(text))
            case Calls(calls):
                self._hand(reply, reply.cutter.flush())
                reply.handed = True
                self._tell(ReplyTools(reply.number, calls))
            case Spent(prompt_tokens, completion_tokens):
                self.prompt_tokens += prompt_tokens
                self.completion_tokens += completion_tokens

    def _hand(self, reply: _Reply, clauses: Sequence[str]) -> None:
        for clause in clauses:
            seconds = None if reply.handed else reply.first_token_seconds
            reply.handed = True
            self._tell(ReplyText(reply.number, clause, seconds))
