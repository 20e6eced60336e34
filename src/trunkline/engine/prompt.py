"""What the model is told besides the conversation: the functions it may call, and the words that stand ready."""

from enum import Enum

from trunkline.domain.assistant import (
    EndCallTool,
    FunctionSpec,
    LlmConfig,
    SendDtmfTool,
    TransferCallTool,
    TransferDestination,
    webhook_tools,
)
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan

END_CALL = "end_call"
TRANSFER_CALL = "transfer_call"
SEND_DTMF = "send_dtmf"

NO_TOOLS_NOTICE = "The tools of an outside server could not be reached: they cannot be used in this call."

APOLOGIES = {
    "en": "I'm sorry, I have a technical problem and can't go on. Goodbye.",
    "nl": "Het spijt me, ik heb een technisch probleem en kan niet verder. Tot ziens.",
    "de": "Es tut mir leid, ich habe ein technisches Problem und kann nicht weitermachen. Auf Wiederhören.",
    "fr": "Je suis désolé, j'ai un problème technique et ne peux pas continuer. Au revoir.",
    "es": "Lo siento, tengo un problema técnico y no puedo continuar. Adiós.",
    "it": "Mi dispiace, ho un problema tecnico e non posso continuare. Arrivederci.",
}


class ToolKind(Enum):
    """Who runs a function: a server (by webhook or MCP), or we."""

    SERVER = "server"
    END_CALL = END_CALL
    TRANSFER_CALL = TRANSFER_CALL
    SEND_DTMF = SEND_DTMF


def destinations(config: LlmConfig) -> tuple[TransferDestination, ...]:
    """The parties that the model may hand the call over to."""
    return tuple(
        destination for tool in config.tools if isinstance(tool, TransferCallTool) for destination in tool.destinations
    )


def tool_kinds(config: LlmConfig) -> dict[str, ToolKind]:
    """Every function that the model is offered, by name; a webhook tool cannot take a name of ours."""
    kinds = dict.fromkeys(webhook_tools(config), ToolKind.SERVER)
    for tool in config.tools:
        if isinstance(tool, EndCallTool):
            kinds[END_CALL] = ToolKind.END_CALL
        elif isinstance(tool, TransferCallTool):
            kinds[TRANSFER_CALL] = ToolKind.TRANSFER_CALL
        elif isinstance(tool, SendDtmfTool):
            kinds[SEND_DTMF] = ToolKind.SEND_DTMF
    return kinds


def function_specs(config: LlmConfig) -> tuple[FunctionSpec, ...]:
    """The functions as models are told of them: webhook tools, then ``end_call``, ``transfer_call``, ``send_dtmf``."""
    kinds = tool_kinds(config)
    specs = [tool.function for name, tool in webhook_tools(config).items() if kinds[name] is ToolKind.SERVER]
    if END_CALL in kinds:
        specs.append(FunctionSpec(name=END_CALL, description="End the call. Say goodbye first."))
    if TRANSFER_CALL in kinds:
        specs.append(_transfer_spec(destinations(config)))
    if SEND_DTMF in kinds:
        specs.append(_DTMF_SPEC)
    return tuple(specs)


def _transfer_spec(targets: tuple[TransferDestination, ...]) -> FunctionSpec:
    choices = "; ".join(f"{target.number}: {target.description or 'no description'}" for target in targets)
    numbers = list(dict.fromkeys(target.number for target in targets))
    return FunctionSpec(
        name=TRANSFER_CALL,
        description=f"Hand the customer over to another party. The destinations are: {choices}",
        parameters={
            "type": "object",
            "properties": {"destination": {"type": "string", "enum": numbers}},
            "required": ["destination"],
        },
    )


_DTMF_SPEC = FunctionSpec(
    name=SEND_DTMF,
    description="Press keys on the phone, for example in a menu. Then reply with nothing to go on listening.",
    parameters={
        "type": "object",
        "properties": {
            "digits": {"type": "string", "description": "0-9 * # A-D; w waits half a second; w alone: say nothing yet."}
        },
        "required": ["digits"],
    },
)


def instructions(plan: CallPlan) -> str:
    """What a realtime model is told before all: the system messages of the prompt."""
    return "\n\n".join(message.content for message in plan.assistant.llm_config.messages if message.role == "system")


def first_message(plan: CallPlan) -> str | None:
    """The words with which the assistant opens, None when it waits for the party."""
    assistant = plan.assistant
    outbound = assistant.speech_config.first_message_outbound if plan.direction is Direction.OUTBOUND else None
    return (outbound or assistant.first_message or "").strip() or None


def language(plan: CallPlan) -> str:
    """The language that the assistant speaks, in two letters: its voice's, else the one that it hears, else English."""
    tts, stt = plan.assistant.tts_config, plan.assistant.stt_config
    named = (tts.language if tts else None) or (stt.language if stt else None) or "en"
    return named[:2].lower()


def apology(plan: CallPlan) -> str:
    """What the party is told when a provider failed for good, in the assistant's language."""
    return APOLOGIES.get(language(plan), APOLOGIES["en"])
