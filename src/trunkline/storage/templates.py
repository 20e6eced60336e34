"""Tool and analysis templates in the database; the secrets of tools are sealed apart."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, String, bindparam, cast, select

from trunkline.domain.template import AnalysisTemplate, ToolTemplate
from trunkline.domain.tools import Tool
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.secrets import joined, parted
from trunkline.storage.steps import Query, Steps
from trunkline.storage.vault import Vault

_tools, _analyses, _assistants = tables.tool_templates, tables.analysis_templates, tables.assistants
_TOOL: TypeAdapter[Tool] = TypeAdapter(Tool)


class ToolTemplates(Nouns[ToolTemplate]):
    """The tool templates of an organisation."""

    table = _tools
    noun = "tool template"
    logged_as = "tool_template"

    def _item(self, row: RowMapping) -> ToolTemplate:
        return _tool_template(row, self._vault)

    def _values(self, item: ToolTemplate) -> dict[str, Any]:
        config, secrets = parted(item.tool)
        config.pop("type", None)
        return {
            "id": item.id,
            "org_id": item.org_id,
            "name": item.name,
            "description": item.description,
            "tool_type": item.tool_type,
            "tool_config": config,
            "secrets_sealed": self._vault.seal(json.dumps(secrets)) if secrets else None,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
        }


class AnalysisTemplates(Nouns[AnalysisTemplate]):
    """The analysis templates of an organisation."""

    table = _analyses
    noun = "analysis template"
    logged_as = "analysis_template"

    def _item(self, row: RowMapping) -> AnalysisTemplate:
        return _analysis_template(row)

    def _values(self, item: AnalysisTemplate) -> dict[str, Any]:
        plain = {c.name: getattr(item, c.name) for c in self.table.columns if c.name != "schema"}
        return plain | {"schema": item.json_schema}


_ONE_TOOL = select(_tools).where(_tools.c.org_id == bindparam("of_org"), _tools.c.id == bindparam("of_id"))
_ONE_ANALYSIS = select(_analyses).where(_analyses.c.org_id == bindparam("of_org"), _analyses.c.id == bindparam("of_id"))
_USERS = (
    select(_assistants.c.id, _assistants.c.name, _assistants.c.config)
    .where(
        _assistants.c.org_id == bindparam("of_org"),
        cast(_assistants.c.config, String).contains(bindparam("of_id", type_=String)),
    )
    .order_by(_assistants.c.name, _assistants.c.id)
)


def tool(org_id: str, template_id: str, vault: Vault) -> Steps[ToolTemplate | None]:
    """A tool template; None where the organisation has no such."""
    rows = yield Query(_ONE_TOOL, {"of_org": org_id, "of_id": template_id})
    return _tool_template(rows[0], vault) if rows else None


def analysis(org_id: str, template_id: str) -> Steps[AnalysisTemplate | None]:
    """An analysis template; None where the organisation has no such."""
    rows = yield Query(_ONE_ANALYSIS, {"of_org": org_id, "of_id": template_id})
    return _analysis_template(rows[0]) if rows else None


def users(org_id: str, template_id: str) -> Steps[list[tuple[str, str]]]:
    """The assistants that use a template: their ids and names."""
    rows = yield Query(_USERS, {"of_org": org_id, "of_id": template_id})
    return [(row["id"], row["name"]) for row in rows if template_id in _used(row["config"])]


def _used(config: Mapping[str, Any]) -> set[str | None]:
    plan = (config.get("analysis_plan") or {}).get("structured_data_plan") or {}
    tools = (config.get("llm_config") or {}).get("tools") or ()
    return {plan.get("template_id"), *(one.get("template_id") for one in tools)}


def _tool_template(row: Mapping[str, Any] | RowMapping, vault: Vault) -> ToolTemplate:
    values = dict(row)
    kind, config, sealed = values.pop("tool_type"), values.pop("tool_config"), values.pop("secrets_sealed")
    config = joined(config, json.loads(vault.open(sealed)) if sealed else {})
    is_flat = kind == "function" and "function" not in config
    return ToolTemplate(tool=_TOOL.validate_python(config if is_flat else {**config, "type": kind}), **values)


def _analysis_template(row: Mapping[str, Any] | RowMapping) -> AnalysisTemplate:
    values = dict(row)
    return AnalysisTemplate(json_schema=values.pop("schema"), **values)
