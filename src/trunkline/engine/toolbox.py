"""The toolbox: runs webhook tools, each once, whatever becomes of the talk meanwhile."""

import asyncio
from collections.abc import Callable, Sequence

from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.plan import CallPlan
from trunkline.engine.events import Event, ToolsFinished
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import ToolResult, ToolRunner

LIMIT_SECONDS = 12.0
"""The runner keeps to 10 s by itself; this guards against one that does not."""

_log = logger("engine")


class Toolbox:
    """The tools of one call. An interruption does not touch them; ``finish`` lets them end after the call."""

    def __init__(self, plan: CallPlan, runner: ToolRunner, tell: Callable[[Event], None], crew: Crew) -> None:
        self._plan = plan
        self._runner = runner
        self._tell = tell
        self._crew = crew
        self._running: set[asyncio.Task[None]] = set()

    def run(self, batch: int, calls: Sequence[ToolCall]) -> None:
        """Starts a batch; ToolsFinished tells its results."""
        task = self._crew.start(self._run(batch, calls), f"tools {batch}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Waits for what was started, so that nothing is left half done."""
        if self._running:
            await asyncio.wait(self._running, timeout=LIMIT_SECONDS)

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
