"""A plan comes back whole, and configurations part from their secrets."""

import json

import pytest

from tests.storage import world
from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.storage.plans import PlanBroken, plan_from_json, plan_salvaged, plan_to_json
from trunkline.storage.secrets import joined, parted, public, revealed

pytestmark = pytest.mark.unit


def plan() -> CallPlan:
    settings = revealed(world.assistant().settings)
    kept = {name: settings[name] for name in TransientAssistant.model_fields if name in settings}
    return CallPlan(
        call_id="call-outbound-1",
        org_id="org-a",
        direction=Direction.OUTBOUND,
        destination="+31612345678",
        caller_id="+31850835037",
        number_id="number",
        number_name="Main line",
        trunk=TrunkPlan("trunk", 3, "Main", "sip.example.com", 5061, "tls", "required", "user", "trunk-password", True),
        assistant=TransientAssistant.model_validate(kept),
        variables={"name": "Zoë"},
        metadata={"order": {"id": 1}},
        webhook_url="https://example.com/hook",
        webhook_secret="assistant-secret",
    )


def test_a_plan_comes_back_whole_with_its_secrets() -> None:
    before = plan()
    after = plan_from_json(plan_to_json(before))
    assert after == before
    assert after.assistant.webhook_secret is not None
    assert after.assistant.webhook_secret.get_secret_value() == "assistant-secret"
    assert after.trunk is not None
    assert after.trunk.auth_password == "trunk-password"


def test_a_plan_without_a_trunk_comes_back() -> None:
    text = json.loads(plan_to_json(plan()))
    assert plan_from_json(json.dumps({**text, "trunk": None})).trunk is None


def test_no_secret_stands_in_the_repr_of_a_plan() -> None:
    assert "secret" not in repr(plan()).replace("webhook_secret", "").replace("secret=", "")
    assert "trunk-password" not in repr(plan())


def test_a_configuration_parts_from_its_secrets_and_joins_them_again() -> None:
    settings = world.assistant().settings
    config, secrets = parted(settings)
    assert secrets == {
        "webhook_secret": "assistant-secret",
        "llm_config.tools.0.server.secret": "tool-secret",
        "llm_config.tools.1.headers.Authorization": "mcp-secret",
    }
    assert "assistant-secret" not in json.dumps(config)
    assert "tool-secret" not in json.dumps(config)
    assert "mcp-secret" not in json.dumps(config)
    assert config == public(settings)
    assert AssistantSettings.model_validate(joined(config, secrets)) == settings


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"assistant": 1}', '{"assistant": {"llm_config": {"provider": 1}}}'])
def test_what_is_no_plan_is_broken_and_salvaged_as_far_as_it_goes(text: str) -> None:
    with pytest.raises(PlanBroken):
        plan_from_json(text)
    assert plan_salvaged(text, "call-outbound-1", "org-a").webhook_url is None


def test_of_a_broken_plan_what_its_receiver_is_told_by_is_salvaged() -> None:
    whole = json.loads(plan_to_json(plan()))
    broken = {**whole, "assistant": {**whole["assistant"], "llm_config": {"provider": 1}, "gdpr_mode": True, "odd": 1}}
    with pytest.raises(PlanBroken):
        plan_from_json(json.dumps(broken))
    salvaged = plan_salvaged(json.dumps(broken), "call-outbound-1", "org-a")
    assert (salvaged.webhook_url, salvaged.webhook_secret) == ("https://example.com/hook", "assistant-secret")
    assert salvaged.assistant.gdpr_mode
    assert salvaged.trunk is None
