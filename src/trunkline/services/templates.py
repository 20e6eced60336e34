"""What an assistant takes from templates: checked when it is stored, put in its place when a call is planned."""

from collections.abc import Mapping
from typing import Any

from trunkline.base.errors import Conflict
from trunkline.domain.assistant import AssistantSettings, LlmConfig, TransientAssistant
from trunkline.domain.template import AnalysisTemplate, ToolTemplate
from trunkline.domain.tools import TemplateTool
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage import templates
from trunkline.storage.secrets import revealed
from trunkline.storage.steps import Steps
from trunkline.storage.unit import Unit
from trunkline.storage.vault import Vault

Config = AssistantSettings | TransientAssistant
_ANALYSIS = "analysis_plan.structured_data_plan.template_id"


async def check(unit: Unit, settings: AssistantSettings) -> None:
    """Raises Invalid for templates that the organisation does not have. Those that it has stay until this is over."""
    tools = {id: await unit.tool_templates.find(id, lock=True) for id in dict.fromkeys(_tool_places(settings).values())}
    wanted = _analysis_id(settings)
    analysis = None if wanted is None else await unit.analysis_templates.find(wanted, lock=True)
    _check_there(settings, tools, analysis)
    if tools and settings.llm_config is not None:
        checked(LlmConfig, _with_tools(settings.llm_config, tools), under="llm_config")


async def resolved(rooms: Rooms, org_id: str, assistant: TransientAssistant) -> TransientAssistant:
    """The assistant with its templates' contents in place of their ids: what a call runs on, whatever becomes of the
    templates. Raises Invalid that names a template that is not there."""
    if not _tool_places(assistant) and _analysis_id(assistant) is None:
        return assistant
    return await rooms.database.brief(_resolving(org_id, assistant, rooms.vault), write=False)


def unused(org_id: str, template_id: str) -> Steps[None]:
    """Raises Conflict (``template_in_use``) that names the assistants which use a template."""
    users = yield from templates.users(org_id, template_id)
    if users:
        named = [f"{id} ({name})" for id, name in users]
        raise Conflict(
            f"the template is used by {len(users)} assistant{'s' if len(users) > 1 else ''}; change them first: "
            + ", ".join(named[:10])
            + (", ..." if len(named) > 10 else ""),
            code="template_in_use",
            title="Template in use",
        )


def _resolving(org_id: str, assistant: TransientAssistant, vault: Vault) -> Steps[TransientAssistant]:
    tools: dict[str, ToolTemplate | None] = {}
    for id in dict.fromkeys(_tool_places(assistant).values()):
        tools[id] = yield from templates.tool(org_id, id, vault)
    wanted = _analysis_id(assistant)
    analysis = None if wanted is None else (yield from templates.analysis(org_id, wanted))
    _check_there(assistant, tools, analysis)
    config = {**revealed(assistant), "llm_config": _with_tools(assistant.llm_config, tools)}
    if analysis is not None:
        config["analysis_plan"] = _with_analysis(config["analysis_plan"], analysis)
    return checked(TransientAssistant, config)


def _check_there(config: Config, tools: Mapping[str, ToolTemplate | None], analysis: AnalysisTemplate | None) -> None:
    problems = [
        f"llm_config.tools.{place}.template_id: there is no tool template {id}"
        for place, id in _tool_places(config).items()
        if tools[id] is None
    ]
    wanted = _analysis_id(config)
    if wanted is not None and analysis is None:
        problems.append(f"{_ANALYSIS}: there is no analysis template {wanted}")
    if problems:
        raise invalid(problems)


def _with_tools(llm: LlmConfig, found: Mapping[str, ToolTemplate | None]) -> dict[str, Any]:
    config = revealed(llm)
    tools = [
        revealed(template.tool) if (template := found.get(tool.get("template_id", ""))) is not None else tool
        for tool in config["tools"]
    ]
    return {**config, "tools": tools}


def _with_analysis(plan: dict[str, Any], template: AnalysisTemplate) -> dict[str, Any]:
    """What the plan itself says wins."""
    own = plan["structured_data_plan"]
    taken = {
        "schema": template.json_schema if own["schema"] is None else own["schema"],
        "messages": own["messages"] or [message.model_dump() for message in template.messages],
        "template_id": None,
    }
    return {**plan, "structured_data_plan": {**own, **taken}}


def _tool_places(config: Config) -> dict[int, str]:
    tools = config.llm_config.tools if config.llm_config is not None else ()
    return {place: tool.template_id for place, tool in enumerate(tools) if isinstance(tool, TemplateTool)}


def _analysis_id(config: Config) -> str | None:
    return config.analysis_plan.structured_data_plan.template_id
