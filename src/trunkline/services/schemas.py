"""Checks the JSON Schemas that clients give us, before a call runs on them."""

from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from trunkline.domain.assistant import AssistantSettings, FunctionSpec, TransientAssistant

_KEPT = 512


def problems(config: AssistantSettings | TransientAssistant) -> list[str]:
    """What is wrong with the schemas in an assistant's configuration, as details."""
    data = config.analysis_plan.structured_data_plan.json_schema
    named = [("analysis_plan.structured_data_plan.schema", data)] if data is not None else []
    for place, tool in enumerate(config.llm_config.tools if config.llm_config else ()):
        function = tool if isinstance(tool, FunctionSpec) else getattr(tool, "function", None)
        if function is not None:
            named.append((f"llm_config.tools.{place}.parameters", function.parameters))
    return [f"{name}: is no valid JSON Schema: {wrong}" for name, schema in named if (wrong := problem(schema))]


def problem(schema: dict[str, Any]) -> str | None:
    return _judged(orjson.dumps(schema))


@lru_cache(_KEPT)
def _judged(text: bytes) -> str | None:
    try:
        Draft202012Validator.check_schema(orjson.loads(text))
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"[:300]
    except RecursionError:
        return "it nests too deep"
    return None
