"""The local brain: a deterministic dialogue engine behind the port of a language model. It is no LLM, and says so.

What it tells and the party did not hear, because it was interrupted, it tells again before it asks on. When its script
is done it says the closing and hangs up, where the assistant has the tool ``end_call``. Where it has not, hanging up is
not its to do: it says goodbye once more, goes on answering questions and obeying the hard rules, and is silent to
whatever else is said, so that ``silence_timeout_seconds``, an end-call phrase or the other side ends the call.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from trunkline.domain.assistant import FunctionSpec, LlmConfig, Script, ScriptStep, TransferCallTool, webhook_tools
from trunkline.domain.transcript import Message
from trunkline.ports.analyst import Analysis
from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, Turn
from trunkline.providers.local.dialogue.draft import TRANSFER_CALL
from trunkline.providers.local.dialogue.history import Replay
from trunkline.providers.local.dialogue.meaning import Embedder, Meaning
from trunkline.providers.local.dialogue.outcome import ScriptOutcome, outcome_of
from trunkline.providers.local.dialogue.rules import EXAMPLES
from trunkline.providers.local.dialogue.state import Setting
from trunkline.providers.local.dialogue.text import sentences

MODEL = "scripted"
_WORDS_A_DELTA = 3
# Without a script: the hard rules, and a message.
_MESSAGE_SCRIPT = Script(
    goal="pass on a message",
    steps=(
        ScriptStep(
            id="message",
            ask="I'm an automated assistant and can take a message. What should I pass on?",
            slot="message",
            type="text",
        ),
        ScriptStep(
            id="right",
            say="I've noted: {{message}}.",
            ask="Is that right?",
            slot="message_confirmed",
            type="yes_no",
            next={"yes": "end", "no": "again"},
        ),
        ScriptStep(
            id="again",
            ask="I'm sorry. Please say your message once more.",
            slot="message",
            type="text",
            next="right",
        ),
    ),
    closing="Thank you, I'll pass it on. Goodbye.",
)


class ScriptedSession:
    """The brain of one call. It holds nothing but memos: every reply is worked out from the whole history."""

    def __init__(self, script: Script | None, variables: Mapping[str, str], meaning: Meaning) -> None:
        self._script = script
        self._variables = dict(variables)
        self._meaning = meaning
        self._replay = Replay()

    def _setting(self, tools: Sequence[FunctionSpec]) -> Setting:
        return Setting(
            script=self._script or _MESSAGE_SCRIPT,
            variables=self._variables,
            tools=tuple(tools),
            meaning=self._meaning,
            takes_message=self._script is None,
        )

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """Streams the next reply a few words at a time, then its tool calls, then the words that it took."""
        state = await self._replay.after(self._setting(tools), history)
        words = state.reply.split()
        for at in range(0, len(words), _WORDS_A_DELTA):
            group = " ".join(words[at : at + _WORDS_A_DELTA])
            yield Delta(group if at + _WORDS_A_DELTA >= len(words) else group + " ")
            await asyncio.sleep(0)
        if state.running:
            yield Calls(state.running)
        yield Spent(0, len(words))

    async def outcome(self, history: Sequence[Turn], tools: Sequence[FunctionSpec] = ()) -> ScriptOutcome:
        """What the conversation came to."""
        setting = self._setting(tools)
        return outcome_of(setting, await self._replay.at_end(setting, history))

    async def aclose(self) -> None:
        """Nothing is open."""


class ScriptedLlm:
    """Provider ``local``, model ``scripted``."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> ScriptedSession:
        """Opens the brain of one call; the texts that questions are compared with are embedded now."""
        meaning = Meaning(self._embedder)
        facts = [one for key in config.script.facts for one in sentences(key)] if config.script else []
        await meaning.learn([*facts, *(text for texts in EXAMPLES.values() for text in texts)])
        return ScriptedSession(config.script, variables, meaning)


async def outcome(
    script: Script | None,
    history: Sequence[Turn],
    *,
    variables: Mapping[str, str] | None = None,
    tools: Sequence[FunctionSpec] = (),
    embedder: Embedder | None = None,
) -> ScriptOutcome:
    """What a conversation on ``script`` came to, from its history alone."""
    session = ScriptedSession(script, variables or {}, Meaning(embedder))
    return await session.outcome(history, tools)


class ScriptedAnalyst:
    """Reads a finished call through its script: the slots that were filled, the outcome, a summary from a template."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder

    async def summarise(
        self, plan_llm: LlmConfig, variables: Mapping[str, str], messages: Sequence[Message]
    ) -> Analysis:
        """The analysis of one call; ``model`` is ``scripted``."""
        history = [Turn(message.role.value, message.content) for message in messages]
        tools = [tool.function for tool in webhook_tools(plan_llm).values()]
        if any(isinstance(tool, TransferCallTool) for tool in plan_llm.tools):
            tools.append(FunctionSpec(name=TRANSFER_CALL))
        found = await outcome(plan_llm.script, history, variables=variables, tools=tools, embedder=self._embedder)
        return Analysis(summary=found.summary, slots=found.slots, outcome=found.outcome, model=MODEL)
