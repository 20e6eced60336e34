"""Older and other names of fields: taken for the name they stand for, and never with two meanings at once."""

from collections.abc import Mapping
from typing import Any

from trunkline.services.validation import invalid

ASSISTANT_NAMES = {"agent_id": "assistant_id", "agent": "assistant", "agent_config": "assistant_override"}
ASSISTANT_ID = {"agent_id": "assistant_id"}
TRUNK_NAMES = {"outbound_address": "address", "username": "auth_username", "password": "auth_password"}
TOOL_TYPES = {"endCall": "end_call", "transferCall": "transfer_call"}


def renamed(body: dict[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """The body under its present names, and whether an older one was used. Raises Invalid where both are given with
    different values."""
    used = [name for name in names if name in body]
    if twice := [old for old in used if names[old] in body and body[names[old]] != body[old]]:
        raise invalid(f"{old}: is another name of {names[old]}, which has another value" for old in twice)
    present = {name: value for name, value in body.items() if name not in names}
    return present | {names[old]: body[old] for old in used}, bool(used)


def tools_renamed(config: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """An assistant's configuration with the present spelling of its tools' types, and whether an older one stood there."""
    llm = config.get("llm_config")
    if not isinstance(llm, dict) or not isinstance(llm.get("tools"), list):
        return config, False
    used = any(isinstance(tool, dict) and tool.get("type") in _older() for tool in llm["tools"])
    return config | {"llm_config": llm | {"tools": [_tool(tool) for tool in llm["tools"]]}}, used


def trunk_address(body: dict[str, Any]) -> dict[str, Any]:
    """A trunk's body with ``address`` in place of ``host`` and ``port``."""
    if "host" not in body:
        return body
    rest = {name: value for name, value in body.items() if name not in ("host", "port")}
    host, port = body["host"], body.get("port")
    if not isinstance(host, str) or isinstance(port, bool) or not isinstance(port, int | None):
        raise invalid(["host: must be a string, with port as a number beside it"])
    address = host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if rest.get("address", address) != address:
        raise invalid(["host: is another name of address, which has another value"])
    return rest | {"address": address}


def _tool(tool: Any) -> Any:
    if isinstance(tool, dict) and tool.get("type") in _older():
        return tool | {"type": TOOL_TYPES[tool["type"]]}
    return tool


def _older() -> list[str]:
    return list(TOOL_TYPES)
