"""JSON Schemas of clients are looked at before a call runs on them."""

from typing import Any

import pytest

from trunkline.domain.assistant import TransientAssistant
from trunkline.services.schemas import problems

pytestmark = pytest.mark.unit


def assistant(schema: Any = None, parameters: Any = None) -> TransientAssistant:
    function = {"name": "look", **({"parameters": parameters} if parameters is not None else {})}
    tools = [
        {"type": "end_call"},
        {"type": "function", "function": function, "server": {"url": "https://example.com"}},
        {**function, "url": "https://example.com"},
    ]
    return TransientAssistant.model_validate(
        {
            "llm_config": {"provider": "local", "tools": tools},
            "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": schema}},
        }
    )


def test_good_schemas_and_none_have_no_problem() -> None:
    assert problems(assistant()) == []
    assert problems(assistant({"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "object"})) == []


@pytest.mark.parametrize("schema", [{"type": "thing"}, {"properties": [1]}, {"required": "n"}, {"minimum": "1"}])
def test_what_is_no_schema_is_named(schema: dict[str, Any]) -> None:
    [problem] = problems(assistant(schema))
    assert problem.startswith("analysis_plan.structured_data_plan.schema: is no valid JSON Schema: $.")
    found = problems(assistant(parameters=schema))
    assert [problem.partition(":")[0] for problem in found] == [
        "llm_config.tools.1.parameters",
        "llm_config.tools.2.parameters",
    ]
