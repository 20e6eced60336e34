"""The toolbox: runs the tools of servers, each once, whatever becomes of the talk meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import McpTool
from trunkline.domain.plan import CallPlan
from trunkline.engine.events import Event, ToolsFinished, ToolsOffered
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult, ToolRunner

LIMIT_SECONDS = 12.0
"""The runner keeps to 10 s by itself; this guards against one that does not."""
OFFER_SECONDS = 4.0
"""The same for the 3 s in which it asks which tools there are."""

_log = logger("engine")


class Toolbox:
    """The tools of one call. An interruption does not touch them; ``finish`` lets them end after the call."""

    def __init__(self, plan: CallPlan, runner: ToolRunner, tell: Callable[[Event], None], crew: Crew) -> None:
        self._plan = plan
        self._runner = runner
        self._tell = tell
        self._crew = crew
        self._running: set[asyncio.Task[None]] = set()

    @property
    def asks(self) -> bool:
        """Whether there are servers that have to be asked which tools they have."""
        return any(isinstance(tool, McpTool) for tool in self._plan.assistant.llm_config.tools)

    def ask(self) -> None:
        """Asks them; ToolsOffered tells their tools, always."""
        self._start(self._ask(), "offer")

    def run(self, batch: int, calls: Sequence[ToolCall]) -> None:
        """Starts a batch; ToolsFinished tells its results."""
        self._start(self._run(batch, calls), f"tools {batch}")

    async def finish(self) -> None:
        """Waits for what was started, so that nothing is left half done, and lets the servers go."""
        if self._running:
            await asyncio.wait(self._running, timeout=LIMIT_SECONDS)
        await self._runner.close(self._plan.call_id)

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = self._crew.start(work, name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                offered = await self._runner.offered(self._plan)
        except Exception as error:  # noqa: BLE001 (the model waits for an answer, whatever ails the runner)
            _log.error("the tools could not be asked for", call_id=self._plan.call_id, exc_info=error)
            offered = Offered(problems=("the tools could not be asked for",))
        self._tell(ToolsOffered(offered.tools, offered.problems))

    async def _run(self, batch: int, calls: Sequence[ToolCall]) -> None:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                results = await self._runner.run(self._plan, calls)
        except TimeoutError:
            results = _failed(calls, "The tool did not answer in time.")
        except Exception as error:  # noqa: BLE001 (the model waits for an answer, whatever ails the runner)
            _log.error("the tools failed", call_id=self._plan.call_id, exc_info=error)
            results = _failed(calls, "The tool could not be run.")
        self._tell(ToolsFinished(batch, results))


def _failed(calls: Sequence[ToolCall], why: str) -> list[ToolResult]:
    return [ToolResult(call.id, why, failed=True) for call in calls]
