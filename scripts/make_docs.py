"""Writes what of the manual is made from the code: configuration, API reference, and the tables of providers and emulators.

``--check`` only compares.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provider_tables import filled
from pydantic_core import PydanticUndefined

from trunkline.api.app import OPERATIONS, PREFIX
from trunkline.api.openapi import document
from trunkline.api.settings import ApiSettings
from trunkline.app.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by `make docs`; do not edit. -->\n\n"
CONFIGURATION = """# Configuration

Trunkline is configured by environment variables alone. A wrong one stops the start with exit code 78 and one line for
each variable that is wrong. An empty default means: not set. Lists are JSON, yes and no are `true` and `false`.
"""


def configuration() -> str:
    """The page of all settings."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `TRUNKLINE_{name.upper()}` | {_default(field.default)} | {_line(field.description or '')} |")
    return f"{NOTE}{CONFIGURATION}\n" + "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value in (None, PydanticUndefined, ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def reference(described: dict[str, Any]) -> str:
    """The page of all operations and objects."""
    return NOTE + "\n".join(_reference(described)).rstrip() + "\n"


def _reference(described: dict[str, Any]) -> Iterator[str]:
    operations = [
        (f"{method.upper()} {path}", one) for path, item in described["paths"].items() for method, one in item.items()
    ]
    shared = _shared_errors(operations)
    yield "# API reference\n"
    yield f"{described['info']['description']}\n"
    yield f"Base path `{PREFIX}`. A running platform serves the same, as OpenAPI {described['openapi']}, at"
    yield f"`{PREFIX}/openapi.json`.\n"
    for tag in described["tags"]:
        yield f"- **{tag['name']}**"
        for name, one in operations:
            if tag["name"] in one["tags"]:
                title = _title(name)
                yield f"  - [{title}](#{anchor(title)}): {_line(one['summary'])}"
    yield "- [Errors of every operation](#errors-of-every-operation)\n- [Objects](#objects)\n"
    for name, one in operations:
        yield from _operation(name, one, shared)
    yield "## Errors of every operation\n"
    yield "Every reply that is an error is an [Error](#error). Beside those listed with it, an operation may give:\n"
    yield from _errors(sorted(shared))
    yield "## Objects\n"
    for name, schema in sorted(described["components"]["schemas"].items()):
        yield from _schema(name, schema)


def _title(name: str) -> str:
    return name.replace(PREFIX, "")


def anchor(title: str) -> str:
    """The name under which a heading can be linked to, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _errors_of(operation: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (status, code, example["value"]["message"])
        for status, reply in operation["responses"].items()
        for code, example in reply.get("content", {}).get("application/json", {}).get("examples", {}).items()
    ]


def _shared_errors(operations: list[tuple[str, dict[str, Any]]]) -> set[tuple[str, str, str]]:
    """The errors of all operations that need a key."""
    return set.intersection(*(set(_errors_of(one)) for _, one in operations if one.get("security") != []))


def _errors(listed: list[tuple[str, str, str]]) -> Iterator[str]:
    yield "| error | code | when |\n|---|---|---|"
    yield from (f"| {status} | `{code}` | {_line(message)} |" for status, code, message in listed)
    yield ""


def _operation(name: str, operation: dict[str, Any], shared: set[tuple[str, str, str]]) -> Iterator[str]:
    yield f"## {_title(name)}\n"
    mark = "**Deprecated.** " if operation.get("deprecated") else ""
    yield f"{mark}{operation['summary'].rstrip('.')}. {operation.get('description', '')}".rstrip() + "\n"
    if operation["parameters"]:
        yield "| parameter | in | type | meaning |\n|---|---|---|---|"
        for parameter in operation["parameters"]:
            kind = _type(parameter.get("schema", {}))
            old = "Deprecated. " if parameter.get("deprecated") else ""
            yield f"| `{parameter['name']}` | {parameter['in']} | {kind} | {old}{_line(parameter['description'])} |"
        yield ""
    if "requestBody" in operation:
        yield from _content("Body", operation["requestBody"]["content"])
    for code, reply in operation["responses"].items():
        if "examples" not in next(iter(reply["content"].values())):
            yield from _content(f"Reply {code}", reply["content"])
    if own := [error for error in _errors_of(operation) if error not in shared]:
        yield from _errors(own)


def _content(what: str, content: dict[str, Any]) -> Iterator[str]:
    for media, found in content.items():
        kind = _type(found["schema"]) if media == "application/json" else f"`{media}`"
        yield f"{what}: {kind}\n"
        if "example" in found and media == "application/json":
            yield f"```json\n{json.dumps(found['example'], indent=2, ensure_ascii=False)}\n```\n"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if schema.get("description"):
        yield f"{schema['description'].replace('``', '`')}\n"
    properties = schema.get("properties", {})
    if not properties:
        yield f"{_type(schema)}\n"
        return
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    required = set(schema.get("required", ()))
    for field, value in properties.items():
        default = "required" if field in required else f"`{json.dumps(value['default'])}`" if "default" in value else ""
        old = "Deprecated. " if value.get("deprecated") else ""
        meaning = f"{old}{_line(value.get('description', ''))}{_bounds(value)}"
        yield f"| `{field}` | {_type(value)} | {_line(default)} | {meaning} |"
    yield ""


def _bounds(schema: dict[str, Any]) -> str:
    words = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {} items",
        "maxItems": "at most {} items",
    }
    found = [text.format(f"{schema[word]:g}") for word, text in words.items() if word in schema]
    return f" ({', '.join(found)})" if found else ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(_type(option) for option in schema[word]))
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return ", ".join(f"`{json.dumps(value)}`" for value in values) or _plain_type(schema)


def _plain_type(schema: dict[str, Any]) -> str:
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if schema.get("format") in ("uuid", "date-time", "email") else kind


def _line(text: str) -> str:
    return " ".join(text.replace("``", "`").split()).replace("|", "\\|")


def main() -> int:
    """Writes the pages, or with ``--check`` says which are out of date."""
    pages = {
        "configuration.md": configuration(),
        "api-reference.md": reference(document(OPERATIONS, ApiSettings(), PREFIX)),
        **{name: filled((DOCS / name).read_text()) for name in ("providers.md", "emulators.md")},
    }
    stale = [name for name, text in pages.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/{name} is out of date; run make docs\n")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(pages[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
