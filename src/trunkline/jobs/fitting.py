"""Whether structured data fits its JSON Schema.

Schemas come from clients. References to other documents are not followed, and a schema of many parts, or with regular
expressions or references, which can be written so that they never end, is judged in a process of its own that is given up
after a while: live calls must not wait for it.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from trunkline.services.schemas import parts

RISKY_WORDS = ("pattern", "patternProperties", "$ref", "$dynamicRef")
QUICK_PARTS = 100
PATIENCE_SECONDS = 5.0
SHOWN = 5


async def problems(schema: Mapping[str, Any], value: object) -> list[str]:
    """Why ``value`` does not fit, empty when it does."""
    if not _is_risky(schema) and parts(schema) <= QUICK_PARTS:
        return judge(schema, value)
    return await _judge_apart(schema, value)


def judge(schema: Mapping[str, Any], value: object) -> list[str]:
    """The same, here and now."""
    try:
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, registry=Registry())
        found = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    except SchemaError as error:
        return [f"the schema itself is not valid: {error.message}"]
    except (Unresolvable, RecursionError):
        return ["the schema refers to something that is not in it"]
    return [f"{error.json_path}: {error.message}"[:300] for error in found[:SHOWN]]


def _is_risky(schema: object) -> bool:
    if isinstance(schema, Mapping):
        return any(word in schema for word in RISKY_WORDS) or any(_is_risky(part) for part in schema.values())
    if isinstance(schema, list | tuple):
        return any(_is_risky(part) for part in schema)
    return False


async def _judge_apart(schema: Mapping[str, Any], value: object) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trunkline.jobs.fitting",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, _ = await process.communicate(json.dumps([schema, value]).encode())
    except TimeoutError:
        return ["the schema takes too long to be judged"]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return ["the schema could not be judged"]
    listed: list[str] = json.loads(out)
    return listed


def main() -> None:
    """Judges one pair of schema and value from the standard input."""
    schema, value = json.load(sys.stdin)
    json.dump(judge(schema, value), sys.stdout)


if __name__ == "__main__":
    main()
