"""A party who talks to the scripted brain: lines in, replies out, the history kept as the engine keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.domain.assistant import FlatWebhookTool, FunctionSpec, LlmConfig, Script
from trunkline.ports.models import Calls, Delta, Spent, ToolCall, Turn
from trunkline.providers.local.dialogue.meaning import Embedder
from trunkline.providers.local.dialogue.outcome import ScriptOutcome
from trunkline.providers.local.scripted import ScriptedLlm, ScriptedSession

END_CALL = FunctionSpec(name="end_call", description="Ends the call.")
TRANSFER = FunctionSpec(
    name="transfer_call",
    description="Hands the call over.",
    parameters={
        "type": "object",
        "properties": {"destination": {"type": "string", "enum": ["+31201234567", "+31207654321"]}},
        "required": ["destination"],
    },
)
VARIABLES = {
    "business_name": "Bright Dental",
    "day": "Tuesday",
    "time": "3 pm",
    "address": "12 Mill Road",
    "order": "4711",
    "window": "two and four",
    "amount": "50 euros",
    "due_date": "March 1",
    "subject": "your new boiler",
}


@dataclass
class Talk:
    """One conversation with the brain."""

    session: ScriptedSession
    tools: Sequence[FunctionSpec]
    history: list[Turn] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)

    async def say(self, text: str) -> str:
        """The party says ``text``; what the brain replies."""
        return await self.turn(Turn("user", text))

    async def turn(self, turn: Turn) -> str:
        """Something is added to the history; what the brain replies."""
        self.history.append(turn)
        return await self.reply()

    async def reply(self) -> str:
        """The brain's reply to the history as it stands."""
        text, spent = "", None
        calls: tuple[ToolCall, ...] = ()
        async for part in self.session.reply(self.history, self.tools):
            match part:
                case Delta():
                    text += part.text
                case Calls():
                    calls = part.calls
                case Spent():
                    spent = part
        assert spent == Spent(0, len(text.split()))
        self.history.append(Turn("assistant", text, calls))
        self.calls += calls
        return text

    @property
    def ended(self) -> bool:
        """The brain hung up."""
        return any(call.name == "end_call" for call in self.calls)

    async def outcome(self) -> ScriptOutcome:
        """What it came to."""
        return await self.session.outcome(self.history, self.tools)


async def start(
    script: Script | None,
    *,
    first: str | None = "Hello, this is the assistant of Bright Dental.",
    tools: Sequence[FunctionSpec] = (END_CALL,),
    variables: Mapping[str, str] = VARIABLES,
    embedder: Embedder | None = None,
) -> Talk:
    """A conversation that began with the first message, if there is one."""
    webhooks = tuple(FlatWebhookTool(**tool.model_dump(), url="https://example.com") for tool in tools)
    config = LlmConfig(provider="local", model="scripted", script=script, tools=webhooks)
    session = await ScriptedLlm(embedder).open(config, variables)
    talk = Talk(session, tools)
    if first:
        talk.history.append(Turn("assistant", first))
    return talk
