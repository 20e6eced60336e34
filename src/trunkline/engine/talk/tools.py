"""The tools of a reply: each runs once, its result goes into the history, and the wait for it is not silent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.domain.assistant import FunctionSpec, ToolSpec, webhook_tools
from trunkline.engine.effects import RunTools
from trunkline.engine.history import Entry, History, result_text
from trunkline.engine.prompt import ToolKind, tool_kinds
from trunkline.engine.talk.desk import Desk, Timer
from trunkline.engine.talk.mouth import Mouth
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import ToolResult

MAX_ROUNDS = 8
PATIENCE_SECONDS = 1.0
_TOO_MANY = "too many tool calls in a row: answer the customer now, without a tool"


@dataclass(slots=True, eq=False)
class _Batch:
    number: int
    entry: Entry
    open: set[str]


class Tools:
    """Runs one batch at a time. ``rounds`` counts the replies in a row that wanted tools."""

    def __init__(self, desk: Desk, mouth: Mouth, history: History) -> None:
        config = desk.plan.assistant.llm_config
        self.rounds = 0
        self._desk = desk
        self._mouth = mouth
        self._history = history
        self._kinds = tool_kinds(config)
        self._webhooks = webhook_tools(config)
        self._batch: _Batch | None = None
        self._numbers = 0
        self._ids: set[str] = set()
        self._slow = False

    def offered(self, tools: Sequence[FunctionSpec]) -> None:
        """More tools that servers run; a name that is taken stays what it is."""
        for tool in tools:
            self._kinds.setdefault(tool.name, ToolKind.SERVER)

    @property
    def running(self) -> bool:
        """Whether a result is still awaited."""
        return self._batch is not None

    @property
    def asking(self) -> bool:
        """Whether a server is at work."""
        batch = self._batch
        return batch is not None and any(
            call.id in batch.open and self._kinds.get(call.name) is ToolKind.SERVER for call in batch.entry.calls
        )

    def run(self, calls: Sequence[ToolCall], entry: Entry) -> list[tuple[ToolKind, ToolCall]]:
        """Starts the servers' tools among ``calls`` and gives those that are ours to do; ``entry`` is the reply's turn."""
        calls = self._told_apart(calls)
        entry.calls = (*entry.calls, *calls)
        self.rounds += 1
        self._numbers += 1
        self._batch = _Batch(self._numbers, entry, {call.id for call in calls})
        runnable = [call for call in calls if self._fit(call)]
        asked = [call for call in runnable if self._kinds[call.name] is ToolKind.SERVER]
        if asked:
            self._desk.do(RunTools(self._numbers, tuple(asked)))
            self._patience(asked)
        return [(self._kinds[call.name], call) for call in runnable if call not in asked]

    def _told_apart(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """Each call once, under an id that no other call of the conversation has: some models repeat a call, and some
        servers count their ids from the start in every reply."""
        once: list[ToolCall] = []
        for call in calls:
            if call not in once:
                once.append(call)
        return tuple(replace(call, id=self._free_id(call.id)) for call in once)

    def _free_id(self, wanted: str) -> str:
        free, number = wanted, 1
        while free in self._ids or not free:
            number += 1
            free = f"{wanted or 'call'}_{number}"
        self._ids.add(free)
        return free

    def _fit(self, call: ToolCall) -> bool:
        """Whether a call can be run; the model is told why one cannot."""
        problem = call.problem
        if self.rounds > MAX_ROUNDS:
            problem = _TOO_MANY
        elif call.name not in self._kinds:
            problem = f"there is no tool named {call.name!r}"
        if problem:
            self.answer(call.id, problem, failed=True)
        return not problem

    def finished(self, batch: int, results: Sequence[ToolResult]) -> None:
        """The servers answered (or did not, which the results say)."""
        if self._batch is None or self._batch.number != batch:
            return
        self._desk.forget(Timer.TOOL)
        for result in results:
            self._keep(result)
        for call in self._batch.entry.calls:
            if self._kinds.get(call.name) is ToolKind.SERVER:
                self._keep(ToolResult(call.id, "the tool gave no result", failed=True))

    def answer(self, call_id: str, content: str, *, failed: bool = False) -> None:
        """The result of a tool that is ours."""
        self._keep(ToolResult(call_id, content, failed))

    def complete(self) -> Entry | None:
        """The turn whose tools have all their results by now; once a batch."""
        batch = self._batch
        if batch is None or batch.open:
            return None
        self._batch, self._slow = None, False
        return batch.entry

    def exhausted(self) -> bool:
        """Whether even the reply after the last round allowed wanted tools: then nothing more is asked."""
        return self.rounds > MAX_ROUNDS + 1

    def slow(self) -> None:
        """A tool runs for longer than a second."""
        self._slow = self._batch is not None

    def fill_the_wait(self, *, quiet: bool) -> None:
        """Says what a slow tool has to say meanwhile, once a batch, as soon as nobody speaks."""
        if not self._slow or not quiet or self._batch is None:
            return
        self._slow = False
        for call in self._batch.entry.calls:
            words = self._words_for(call)
            if words and call.id in self._batch.open:
                self._history.meanwhile(self._mouth.say(words).entry, self._batch.entry)
                return

    def _patience(self, calls: Sequence[ToolCall]) -> None:
        if any(self._words_for(call) for call in calls):
            self._desk.timer(Timer.TOOL, self._desk.now + PATIENCE_SECONDS)

    def _words_for(self, call: ToolCall) -> str | None:
        tool: ToolSpec | None = self._webhooks.get(call.name)
        return tool.async_response if tool is not None and not tool.is_async else None

    def _keep(self, result: ToolResult) -> None:
        if self._batch is not None and result.tool_call_id in self._batch.open:
            self._batch.open.discard(result.tool_call_id)
            self._batch.entry.results[result.tool_call_id] = result_text(result)
