"""A plan comes back whole, and configurations part from their secrets."""

import json

import pytest

from tests.storage import world
from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.storage.plans import plan_from_json, plan_to_json
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
    }
    assert "assistant-secret" not in json.dumps(config)
    assert "tool-secret" not in json.dumps(config)
    assert config == public(settings)
    assert AssistantSettings.model_validate(joined(config, secrets)) == settings
