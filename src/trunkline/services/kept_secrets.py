"""Secrets of tools that a client cannot send back, because no reply shows them: what is null stays as it is stored."""

from typing import Any


def with_kept_secrets(llm_config: Any, stored: dict[str, Any]) -> Any:
    """A new ``llm_config`` in which tools have the secrets of the stored tools with the same address: a
    ``server.secret`` that is null or left out, and each value of an MCP tool's ``headers`` that is null."""
    if not isinstance(llm_config, dict) or not isinstance(llm_config.get("tools"), list | tuple):
        return llm_config
    tools = stored["llm_config"]["tools"]
    secrets = {server["url"]: server["secret"] for server in map(_server, tools) if server}
    headers = {tool["url"]: tool["headers"] for tool in tools if _headers(tool)}
    return {
        **llm_config,
        "tools": [_with_kept_headers(_with_kept_secret(tool, secrets), headers) for tool in llm_config["tools"]],
    }


def _with_kept_secret(tool: Any, kept: dict[str, str | None]) -> Any:
    server = _server(tool)
    if server is None:
        return tool
    secret = server.get("secret")
    return {**tool, "server": {**server, "secret": (secret or None) if secret is not None else kept.get(server["url"])}}


def _with_kept_headers(tool: Any, kept: dict[str, dict[str, str]]) -> Any:
    headers = _headers(tool)
    if not headers:
        return tool
    stored = kept.get(tool["url"], {})
    whole = {name: stored.get(name) if value is None else value for name, value in headers.items()}
    return {**tool, "headers": whole}


def _server(tool: Any) -> dict[str, Any] | None:
    server = tool.get("server") if isinstance(tool, dict) else None
    return server if isinstance(server, dict) and isinstance(server.get("url"), str) else None


def _headers(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict) or tool.get("type") != "mcp" or not isinstance(tool.get("url"), str):
        return {}
    headers = tool.get("headers")
    return headers if isinstance(headers, dict) else {}
