"""The thinker: asks the language model, hands its words on clause by clause, and finds one that answers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import FunctionSpec
from trunkline.engine.candidates import Candidate
from trunkline.engine.clauses import ClauseCutter
from trunkline.engine.events import Event, ReplyFailed, ReplyFinished, ReplyText, ReplyTools
from trunkline.engine.opening import Opening, Trial
from trunkline.engine.rejoining import Rejoiner, continuing
from trunkline.engine.watching import watched
from trunkline.ports.models import Calls, Delta, LlmSession, ReplyPart, Spent, Turn

FIRST_TOKEN_SECONDS = 5.0
NEXT_TOKEN_SECONDS = 10.0

_log = logger("engine")


@dataclass(slots=True, eq=False)
class _Reply:
    """One reply in the making; what was ``handed`` on cannot be taken back, nor can its tools (``called``)."""

    number: int
    asked_at: float = 0.0
    cutter: ClauseCutter = field(default_factory=ClauseCutter)
    rejoiner: Rejoiner = field(default_factory=lambda: Rejoiner(""))
    first_token_seconds: float | None = None
    handed: list[str] = field(default_factory=list)
    called: bool = False

    def begin(self, now: float) -> None:
        """It is asked for, for the first time or to be completed."""
        self.asked_at, self.first_token_seconds = now, None
        self.cutter, self.rejoiner = ClauseCutter(), Rejoiner(" ".join(self.handed))


class Thinker:
    """One call's language model. Several replies may be in the making; a stopped one tells nothing any more. A reply that
    breaks off is completed by asking again with what was said of it; tools that it called are never called again."""

    def __init__(
        self,
        opening: Opening[LlmSession],
        functions: Sequence[FunctionSpec],
        tell: Callable[[Event], None],
        crew: Crew,
        clock: Clock,
    ) -> None:
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
        trial, reply = self._opening.trial(), _Reply(number)
        functions = self._functions if with_tools else ()
        while True:
            try:
                await self._ask(trial, reply, history, functions)
            except Upstream as error:
                if reply.called:
                    _log.warning("a reply broke off after its tool calls", provider=error.provider, error=error.message)
                elif trial.goes_on(error):
                    continue
                else:
                    self._tell(ReplyFailed(number, trial.verdict(error)))
                    return
            self._tell(ReplyFinished(number))
            return

    async def _ask(
        self,
        trial: Trial[LlmSession],
        reply: _Reply,
        history: Sequence[Turn],
        functions: Sequence[FunctionSpec],
    ) -> None:
        reply.begin(self._clock.monotonic())
        opened = await trial.open()
        candidate = opened.candidate
        turns = continuing(history, " ".join(reply.handed)) if reply.handed else history
        parts = opened.session.reply(turns, functions)
        async with watched(parts, trial.left_seconds, candidate.provider, NEXT_TOKEN_SECONDS) as watch:
            async for part in watch.stream:
                watch.fed()
                if reply.first_token_seconds is None:
                    reply.first_token_seconds = self._clock.monotonic() - reply.asked_at
                    trial.worked()
                self._take(reply, candidate, part)
        self._hand(reply, self._rest(reply))

    def _take(self, reply: _Reply, candidate: Candidate[LlmSession], part: ReplyPart) -> None:
        match part:
            case Delta(text):
                self._hand(reply, reply.cutter.feed(reply.rejoiner.feed(text)))
            case Calls(calls):
                self._hand(reply, self._rest(reply))
                reply.called = True
                self._tell(ReplyTools(reply.number, calls))
            case Spent():
                self._opening.used(
                    candidate,
                    prompt_tokens=part.prompt_tokens,
                    completion_tokens=part.completion_tokens,
                    cached_tokens=part.cached_tokens,
                    audio_prompt_tokens=part.audio_prompt_tokens,
                    audio_completion_tokens=part.audio_completion_tokens,
                )

    def _rest(self, reply: _Reply) -> list[str]:
        """What is left at the end of the words."""
        return [*reply.cutter.feed(reply.rejoiner.flush()), *reply.cutter.flush()]

    def _hand(self, reply: _Reply, clauses: Sequence[str]) -> None:
        for clause in clauses:
            seconds = None if reply.handed else reply.first_token_seconds
            reply.handed.append(clause)
            self._tell(ReplyText(reply.number, clause, seconds))
