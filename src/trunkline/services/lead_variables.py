"""What a campaign's calls say: its own system message in place of the assistant's, and the variables that it all needs."""

from typing import Any

from trunkline.domain.assistant import AssistantSettings
from trunkline.domain.campaign import Campaign
from trunkline.services import planning, variables
from trunkline.storage.secrets import public
from trunkline.storage.unit import Unit


def override(settings: AssistantSettings, template: str | None) -> dict[str, Any] | None:
    """What of the assistant is other in a campaign's calls: with a template, it stands in place of the system messages."""
    if template is None:
        return None
    said = public(settings)["llm_config"]["messages"] if settings.llm_config is not None else []
    others = [message for message in said if message["role"] != "system"]
    return {"llm_config": {"messages": [{"role": "system", "content": template}, *others]}}


async def wanted(unit: Unit, campaign: Campaign) -> frozenset[str]:
    """The names of the variables that each lead must have, as assistant and template are now."""
    assistant = await unit.assistants.find(campaign.assistant_id) if campaign.assistant_id else None
    if assistant is None:
        template = {"llm_config": {"messages": [{"role": "system", "content": campaign.system_message_template or ""}]}}
        return variables.wanted(template)
    config = public(assistant.settings)
    config = planning.merged(config, override(assistant.settings, campaign.system_message_template) or {})
    return variables.wanted(config) - planning.own_names(config).keys()
