"""What a model may do besides speaking: webhook and MCP tools, and what the platform does itself."""

from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    SecretStr,
    Tag,
    field_validator,
)

from trunkline.domain.config import Config


class FunctionSpec(Config):
    """A function as models are told of it; ``parameters`` is a JSON Schema."""

    name: str = Field(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="What the model calls it by."
    )
    description: str = Field("", description="When and what for the model should use it.")
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}, description="The arguments as a JSON Schema."
    )


class ToolServer(Config):
    """Where a nested webhook tool is answered. ``secret`` signs the request and is never returned."""

    url: str = Field(description="The address that answers.")
    secret: SecretStr | None = Field(None, description="Signs the request; never returned (null).")


class FlatWebhookTool(FunctionSpec):
    """A webhook tool in the flat form."""

    url: str = Field(description="The address that answers.")
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class NestedWebhookTool(Config):
    """A webhook tool in the nested form."""

    type: Literal["function"] = Field(description="Always `function`.")
    function: FunctionSpec = Field(description="The function as the model is told of it.")
    server: ToolServer = Field(description="Where it is answered.")
    is_async: bool = Field(False, alias="async", description="Do not wait for the reply.")
    async_response: str | None = Field(None, description="Spoken while the tool runs for longer than a second.")


class EndCallTool(Config):
    """Lets the model end the call."""

    type: Literal["end_call", "endCall"] = Field(description="`end_call`; `endCall` is the deprecated spelling.")


HeaderName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
_SET_BY_US = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host"})
_LONGEST_HEADER = 8192


class McpTool(Config):
    """The tools of an MCP server (streamable HTTP), offered to the model under their own names."""

    type: Literal["mcp"] = Field(description="Always `mcp`.")
    url: str = Field(description="The address of the server's MCP endpoint.")
    headers: dict[HeaderName, SecretStr | None] = Field(
        default_factory=dict,
        max_length=20,
        description="Sent with every request, for example `Authorization`; the values are never returned (null), and"
        " null keeps the value of the stored tool with the same address.",
    )
    allowed_tools: tuple[str, ...] | None = Field(
        None, description="The names of the tools that the model may use; left out, all of them."
    )

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, SecretStr | None]) -> dict[str, SecretStr | None]:
        for name, value in headers.items():
            if value is None:
                raise ValueError(f"the value of {name} is missing")
            if name.lower() in _SET_BY_US or name.lower().startswith(("mcp-", "transfer-")):
                raise ValueError(f"{name} cannot be set: the platform sets it")
            text = value.get_secret_value()
            if len(text) > _LONGEST_HEADER or not text.isascii() or not text.replace("\t", " ").isprintable():
                raise ValueError(f"the value of {name} must be plain text on one line, of at most 8192 characters")
        return headers


class TransferDestination(Config):
    """A party that the model may hand the call over to."""

    type: Literal["number"] = Field("number", description="Always `number`.")
    number: str = Field(description="E.164 or a SIP URI.")
    description: str = Field("", description="When the model should choose it.")
    message: str | None = Field(None, description="Spoken before the hand-over.")
    mode: Literal["blind", "warm"] = Field(
        "blind", description="`warm`: the party waits while the answering human is told who is calling and why."
    )


class TransferCallTool(Config):
    """Lets the model hand the call over to one of ``destinations``."""

    type: Literal["transfer_call", "transferCall"] = Field(
        description="`transfer_call`; `transferCall` is the deprecated spelling."
    )
    destinations: tuple[TransferDestination, ...] = Field(min_length=1, description="The parties to choose from.")


class SendDtmfTool(Config):
    """Lets the model press keys."""

    type: Literal["send_dtmf"] = Field(description="Always `send_dtmf`.")


class TemplateTool(Config):
    """A tool that is stored as a template; the call runs on the template as it was when the call was placed."""

    template_id: str = Field(min_length=1, max_length=64, description="The id of a tool template.")


def tool_kind(value: Any) -> str:
    """Which kind of tool this is, as data or as an object: ``flat``, ``template``, or its type."""
    if isinstance(value, TemplateTool) or (isinstance(value, dict) and "template_id" in value):
        return "template"
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return {"None": "flat", "endCall": "end_call", "transferCall": "transfer_call"}.get(str(kind), str(kind))


Tool = Annotated[
    Annotated[FlatWebhookTool, Tag("flat")]
    | Annotated[NestedWebhookTool, Tag("function")]
    | Annotated[EndCallTool, Tag("end_call")]
    | Annotated[TransferCallTool, Tag("transfer_call")]
    | Annotated[SendDtmfTool, Tag("send_dtmf")]
    | Annotated[McpTool, Tag("mcp")]
    | Annotated[TemplateTool, Tag("template")],
    Discriminator(tool_kind),
]


def tool_names(tool: Tool) -> tuple[str, ...]:
    """What a model calls a tool by."""
    match tool:
        case FlatWebhookTool():
            return (tool.name,)
        case NestedWebhookTool():
            return (tool.function.name,)
        case McpTool():
            return tool.allowed_tools or ()
        case TemplateTool():
            return ()
        case _:
            return (tool_kind(tool),)


class ToolSpec(Config):
    """A webhook tool, whichever form it was written in."""

    function: FunctionSpec
    url: str
    secret: SecretStr | None = None
    is_async: bool = False
    async_response: str | None = None


OWN_TOOLS = frozenset({"end_call", "transfer_call", "send_dtmf"})
"""The names under which models are offered what the platform does itself."""
