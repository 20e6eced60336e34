"""Writes what of the Python client is made: its types, from the OpenAPI document, and its blocking half, from the other.

``--check`` only compares.
"""

import keyword
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trunkline.api.app import OPERATIONS, PREFIX
from trunkline.api.openapi import document
from trunkline.api.settings import ApiSettings

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "src" / "trunkline" / "client"
WIDTH = 116
Json = dict[str, Any]
HEAD = '''"""The objects of the API, as its OpenAPI document describes them. Made by ``make docs``; do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict
'''
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
BLOCKING = (
    ("trunkline.client.aio", "trunkline.client.sync"),
    ("async def ", "def "),
    ("async with ", "with "),
    ("async for ", "for "),
    ("await ", ""),
    ("AsyncIterator", "Iterator"),
    ("AsyncGenerator", "Generator"),
    ("asynccontextmanager", "contextmanager"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("__aiter__", "__iter__"),
    ("aiter_bytes", "iter_bytes"),
    ("aclose", "close"),
    ("aread", "read"),
    ("asyncio.sleep", "time.sleep"),
    ("import asyncio", "import time"),
    ("httpx2.AsyncClient", "httpx2.Client"),
    ("httpx2.AsyncBaseTransport", "httpx2.BaseTransport"),
    ("Async", ""),
)


def types(described: Json) -> str:
    """The module of types."""
    parts = [HEAD]
    schemas = described["components"]["schemas"]
    parts += [_typed_dict(name, schema) for name, schema in schemas.items() if "properties" in schema]
    aliases = [name for name, schema in schemas.items() if "properties" not in schema]
    parts += [_alias(name, schemas[name]) for name in sorted(aliases, key=lambda one: "$ref" in str(schemas[one]))]
    for path in described["paths"].values():
        parts += [_query(operation) for operation in path.values() if not operation.get("deprecated")]
    return "\n\n".join(part for part in parts if part) + "\n"


def _alias(name: str, schema: Json) -> str:
    return f"{name}: TypeAlias = {_kind(schema)}\n{_doc(schema['description'], '')}"


def _typed_dict(name: str, schema: Json) -> str:
    description, properties, required = schema["description"], schema["properties"], set(schema.get("required", ()))
    fields = {key: _field(item, key in required) for key, item in properties.items()}
    if any(keyword.iskeyword(key) for key in fields):
        entries = "".join(f"    {key!r}: {kind!r},\n" for key, kind in fields.items())
        return f"{name} = TypedDict({name!r}, {{\n{entries}}})\n{_doc(description, '')}"
    lines = [f"class {name}(TypedDict):", _doc(description, "    "), ""]
    for key, kind in fields.items():
        lines.append(f"    {key}: {kind}")
        lines.append(_doc(properties[key]["description"], "    "))
    return "\n".join(lines)


def _field(schema: Json, required: bool) -> str:
    return _kind(schema) if required else f"NotRequired[{_kind(schema)}]"


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return f"Literal[{', '.join(repr(value) for value in schema.get('enum', [schema.get('const')]))}]"
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_kind(one) for one in several))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_kind({**schema, "type": one}) for one in kind)
    return _plain(schema, str(kind))


def _plain(schema: Json, kind: str) -> str:
    if kind == "array":
        return f"list[{_kind(schema.get('items', {}))}]"
    return _mapping(schema) if kind == "object" else PLAIN.get(kind, "Any")


def _mapping(schema: Json) -> str:
    values = schema.get("additionalProperties", True)
    return f"dict[str, {_kind(values)}]" if isinstance(values, dict) else "dict[str, Any]"


def _query(operation: Json) -> str:
    paging = {"limit", "offset"}
    found = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    if paging <= set(found):
        found = {name: one for name, one in found.items() if name not in paging}
    if not found:
        return ""
    properties = {name: {**one["schema"], "description": one["description"]} for name, one in found.items()}
    name = operation["operationId"][0].upper() + operation["operationId"][1:] + "Query"
    description = f"What `{operation['operationId']}` can be asked about."
    return _typed_dict(name, {"description": description, "properties": properties})


def _doc(text: str, indent: str) -> str:
    clean = text.replace("\\", "\\\\").replace('"""', "'''").rstrip()
    lines = textwrap.wrap(clean, WIDTH - len(indent) - 6)
    body = f"\n{indent}".join(lines)
    mark = "\n" + indent if len(lines) > 1 or body.endswith('"') else ""
    return f'{indent}"""{body}{mark}"""'


def blocking(text: str) -> str:
    """The blocking half of a module of the asynchronous one."""
    head, _, rest = text.partition("\n")
    for old, new in BLOCKING:
        head, rest = head.replace(old, new), rest.replace(old, new)
    return f"{head}\n# Made from its namesake in aio/ by `make docs`; do not edit.\n{rest}"


def _formatted(text: str) -> str:
    command = [str(Path(sys.executable).parent / "ruff")]
    for step in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        call = [*command, *step, "--stdin-filename", str(CLIENT / "x.py"), "-"]
        text = subprocess.run(call, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


def made() -> Iterator[tuple[Path, str]]:
    """Each made file and what it is to contain."""
    yield CLIENT / "types.py", _formatted(types(document(OPERATIONS, ApiSettings(), PREFIX)))
    for path in sorted((CLIENT / "aio").glob("*.py")):
        yield CLIENT / "sync" / path.name, _formatted(blocking(path.read_text())) if path.read_text() else ""


def main() -> int:
    """Writes the files, or with --check says which are stale."""
    stale = [(path, text) for path, text in made() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path, _ in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run make docs\n")
        return 1 if stale else 0
    for path, text in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
