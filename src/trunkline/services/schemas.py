"""Checks the JSON Schemas that clients give us, before a call runs on them."""

from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from trunkline.domain.assistant import AssistantSettings, FunctionSpec, TransientAssistant

MOST_PARTS = 2000
MOST_BYTES = 64 * 1024
"""What all schemas of an assistant may have in parts, and one in bytes: a check takes half a millisecond a part, and live
calls wait for it."""
_KEPT = 512


def problems(config: AssistantSettings | TransientAssistant) -> list[str]:
    """What is wrong with the schemas in an assistant's configuration, as details."""
    data = config.analysis_plan.structured_data_plan.json_schema
    named = [("analysis_plan.structured_data_plan.schema", data)] if data is not None else []
    for place, tool in enumerate(config.llm_config.tools if config.llm_config else ()):
        function = tool if isinstance(tool, FunctionSpec) else getattr(tool, "function", None)
        if function is not None:
            named.append((f"llm_config.tools.{place}.parameters", function.parameters))
    wrong, counted = [], 0
    for name, schema in named:
        counted += parts(schema)
        if found := _too_many(counted) or problem(schema):
            wrong.append(f"{name}: {found}")
    return wrong


def problem(schema: dict[str, Any]) -> str | None:
    """What is wrong with one schema."""
    text = orjson.dumps(schema)
    if len(text) > MOST_BYTES:
        return f"is larger than {MOST_BYTES // 1024} KiB"
    return _too_many(parts(schema)) or _judged(text)


def parts(schema: Any) -> int:
    """How many objects and items of lists there are in a schema."""
    found, waiting = 0, [schema]
    while waiting:
        part = waiting.pop()
        inner = list(part.values() if isinstance(part, dict) else part)
        nested = [one for one in inner if isinstance(one, dict | list)]
        found += len(nested) if isinstance(part, dict) else len(inner)
        waiting += nested
    return found


def _too_many(count: int) -> str | None:
    if count <= MOST_PARTS:
        return None
    return f"has more than {MOST_PARTS} parts (objects and items of lists), with those of the schemas before it"


@lru_cache(_KEPT)
def _judged(text: bytes) -> str | None:
    try:
        Draft202012Validator.check_schema(orjson.loads(text))
    except SchemaError as error:
        return f"is no valid JSON Schema: {error.json_path}: {error.message}"[:300]
    except RecursionError:
        return "is no valid JSON Schema: it nests too deep"
    return None
