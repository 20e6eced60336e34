"""Writes the pages of the manual that are made from the code: configuration and API reference. ``--check`` only compares."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from trunkline.api.app import openapi_document
from trunkline.app.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by `make docs`; do not edit. -->\n\n"


def configuration() -> str:
    """The page of all settings."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else f"`{field.default}`"
        rows.append(f"| `TRUNKLINE_{name.upper()}` | {default} | {field.description} |")
    head = "# Configuration\n\nTrunkline is configured by environment variables alone. A wrong one stops the start with a line that names it.\n\n"
    return NOTE + head + "\n".join(rows) + "\n"


def reference(document: dict[str, Any]) -> str:
    """The page of all operations and objects."""
    return NOTE + "\n".join(_reference(document)).rstrip() + "\n"


def _reference(document: dict[str, Any]) -> Iterator[str]:
    yield "# API reference\n"
    yield f"Base path `/api/v1`. The same as the machine-readable `/api/v1/openapi.json` (OpenAPI {document['openapi']}).\n"
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield from _operation(method, path, operation)
    yield "# Objects\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _schema(name, schema)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    mark = "**Deprecated.** " if operation.get("deprecated") else ""
    yield f"{mark}{operation.get('description') or operation.get('summary', '')}\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | type | meaning |\n|---|---|---|---|"
        for parameter in parameters:
            meaning = _line(parameter.get("description", ""))
            yield f"| `{parameter['name']}` | {parameter['in']} | {_type(parameter.get('schema', {}))} | {meaning} |"
        yield ""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"Body: {_type(body)}\n"
    replies = ", ".join(f"`{code}` {_line(reply['description'])}" for code, reply in operation["responses"].items())
    yield f"Replies: {replies}\n"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    properties = schema.get("properties", {})
    if not properties:
        yield f"{_type(schema)}\n"
        return
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    required = set(schema.get("required", ()))
    for field, value in properties.items():
        default = "required" if field in required else f"`{json.dumps(value['default'])}`" if "default" in value else ""
        yield f"| `{field}` | {_type(value)} | {_line(default)} | {_line(value.get('description', ''))} |"
    yield ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(_type(option) for option in schema[word]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Writes the pages, or with ``--check`` says which are out of date."""
    pages = {"configuration.md": configuration(), "api-reference.md": reference(openapi_document())}
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
