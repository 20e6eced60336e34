"""Tool templates: tools that are written once, with their secrets, and used by many assistants."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.template import ToolTemplate
from trunkline.domain.tools import Tool
from trunkline.services import addresses, schemas, templates
from trunkline.services.kept_secrets import with_kept_secrets
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import checked, invalid, sentences
from trunkline.storage.secrets import revealed

ToolType = Literal["function", "end_call", "transfer_call", "send_dtmf", "mcp"]
OLDER = ("function_definition", "server_url", "server_secret", "async")
TOOL_TYPES = {"endCall": "end_call", "transferCall": "transfer_call"}
_OLDER_NAME: dict[str, Any] = {"deprecated": True}


class ToolTemplateSettings(BaseModel):
    """A tool template as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(min_length=1, max_length=200, description="Its name.")
    description: str | None = Field(None, max_length=2000, description="What it is for; a note for people.")
    tool_type: ToolType = Field("function", description="The kind of tool.")
    tool_config: dict[str, Any] = Field(
        default_factory=dict,
        description="The tool as `llm_config.tools` takes it, without its `type`: for `function` a webhook tool in the flat "
        "or the nested form (without a name of its own it takes the template's), for `transfer_call` the `destinations`.",
    )
    function_definition: dict[str, Any] | None = Field(
        None,
        description="Older spelling: the function of a nested webhook tool, in place of `tool_config`.",
        json_schema_extra=_OLDER_NAME,
    )
    server_url: str | None = Field(
        None, description="Older spelling: the address that answers.", json_schema_extra=_OLDER_NAME
    )
    server_secret: SecretStr | None = Field(
        None, description="Older spelling: signs the request; never returned.", json_schema_extra=_OLDER_NAME
    )
    is_async: bool | None = Field(
        None, alias="async", description="Older spelling: do not wait for the reply.", json_schema_extra=_OLDER_NAME
    )


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[ToolTemplate]:
    """The organisation's tool templates, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.tool_templates.list_(limit, offset))


async def get(rooms: Rooms, caller: Caller, template_id: str) -> ToolTemplate:
    """One tool template. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.tool_templates.get(template_id)


async def create(rooms: Rooms, caller: Caller, given: dict[str, Any]) -> ToolTemplate:
    """A new tool template. Raises Invalid."""
    settings = checked(ToolTemplateSettings, given)
    now = rooms.clock.now()
    template = ToolTemplate(
        id=new_id(),
        org_id=caller.org_id,
        name=settings.name,
        description=settings.description,
        tool=_tool(rooms, settings, _config(settings, "", {}), {}),
        created_at=now,
        updated_at=now,
    )
    async with rooms.unit(caller) as unit:
        await unit.tool_templates.add(template)
    return template


async def update(rooms: Rooms, caller: Caller, template_id: str, changes: dict[str, Any]) -> ToolTemplate:
    """Changes what is given, for calls that are placed from now on; ``tool_config`` replaces whole, but a secret that is
    null or left out stays with the same address. Raises Invalid and NotFound."""
    async with rooms.unit(caller) as unit:
        before = await unit.tool_templates.get(template_id, lock=True)
        now = {"name": before.name, "description": before.description, "tool_type": before.tool_type}
        settings = checked(ToolTemplateSettings, {**now, **changes})
        tool = before.tool
        if changes.keys() & {"tool_type", "tool_config", *OLDER}:
            stored = revealed(before.tool)
            tool = _tool(rooms, settings, _config(settings, before.tool_type, stored), stored)
        after = replace(
            before, name=settings.name, description=settings.description, tool=tool, updated_at=rooms.clock.now()
        )
        await unit.tool_templates.save(after)
    return after


async def delete(rooms: Rooms, caller: Caller, template_id: str) -> None:
    """Removes a tool template. Raises NotFound, and Conflict (``template_in_use``) while an assistant uses it."""
    async with rooms.unit(caller) as unit:
        await unit.tool_templates.get(template_id, lock=True)
        await unit.run(templates.unused(caller.org_id, template_id))
        await unit.tool_templates.delete(template_id)


def _config(settings: ToolTemplateSettings, stored_type: str, stored: dict[str, Any]) -> dict[str, Any]:
    """The tool as it is asked for, in the newer spelling; ``stored`` is what there is already."""
    older = settings.model_fields_set & {"function_definition", "server_url", "server_secret", "is_async"}
    if not older:
        kept = stored if settings.tool_type == stored_type else {}
        return settings.tool_config if "tool_config" in settings.model_fields_set else kept
    if "tool_config" in settings.model_fields_set or settings.tool_type != "function":
        raise invalid(["function_definition: is the older spelling of tool_config and stands alone, with a function"])
    whole = _nested(stored) if stored_type == "function" else {}
    server = dict(whole.get("server") or {})
    if settings.function_definition is not None:
        whole["function"] = settings.function_definition
    if settings.server_url is not None:
        server["url"] = settings.server_url
    if settings.server_secret is not None:
        server["secret"] = settings.server_secret.get_secret_value()
    if settings.is_async is not None:
        whole["async"] = settings.is_async
    return {**whole, "server": server}


def _nested(stored: dict[str, Any]) -> dict[str, Any]:
    if not stored or "function" in stored:
        return dict(stored)
    function = {name: stored[name] for name in ("name", "description", "parameters")}
    others = {name: stored[name] for name in ("async", "async_response")}
    return {"function": function, "server": {"url": stored["url"]}, **others}


def _tool(rooms: Rooms, settings: ToolTemplateSettings, config: dict[str, Any], stored: dict[str, Any]) -> Tool:
    tools = [_typed(settings, config)]
    if stored:
        tools = with_kept_secrets({"tools": tools}, {"llm_config": {"tools": [stored]}})["tools"]
    try:
        user = TransientAssistant.model_validate({"llm_config": {"provider": "local", "tools": tools}})
    except ValidationError as error:
        raise invalid(map(_named, sentences(error))) from None
    if wrong := [*addresses.problems(user, rooms.limits), *schemas.problems(user)]:
        raise invalid(map(_named, wrong))
    return user.llm_config.tools[0]


def _typed(settings: ToolTemplateSettings, config: dict[str, Any]) -> dict[str, Any]:
    """The tool as an assistant has it. A function without a name or description takes the template's."""
    kind = settings.tool_type
    said = config.get("type", kind)
    if TOOL_TYPES.get(said, said) != kind:
        raise invalid([f"tool_config.type: must be {kind}, as tool_type says, or be left out"])
    if "template_id" in config:
        raise invalid(["tool_config.template_id: a template cannot use another"])
    rest = {name: value for name, value in config.items() if name != "type"}
    if kind != "function":
        return {**rest, "type": kind}
    known = {"name": settings.name, **({"description": settings.description} if settings.description else {})}
    if "function" not in rest and "server" not in rest:
        return {**known, **rest}
    function = rest.get("function")
    return {**rest, "type": kind, "function": {**known, **function} if isinstance(function, dict) else function}


def _named(problem: str) -> str:
    """A problem of the tool, by the name that it has in a template."""
    return problem.replace("llm_config.tools.0", "tool_config").replace("llm_config.tools", "tool_config")
