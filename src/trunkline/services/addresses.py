"""Checks the addresses for events and tools that clients give us, as far as their text tells."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from trunkline.domain.assistant import AssistantSettings, McpTool, TransientAssistant, webhook_tools
from trunkline.services.rooms import Limits

HTTP_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
"""A host that ends so is an IPv4 address in disguise."""


def webhook_problem(url: str, limits: Limits) -> str | None:
    """What is wrong with an address for events and tools, None when nothing is. Where its name leads is checked at
    each delivery, since that can change."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("https", "http") or not host or any(sign.isspace() for sign in url):
        return "must be an https address"
    if parts.username is not None or parts.password is not None:
        return "must not contain a user or a password"
    if limits.allow_insecure_webhooks:
        return None
    if parts.scheme != "https":
        return "must be an https address"
    if port is not None and port not in HTTP_PORTS and port < FIRST_FREE_PORT:
        return f"must use port 443, 80 or one from {FIRST_FREE_PORT} up"
    return "must not lead to a private address" if _is_private(host, limits.webhook_allow_list) else None


def problems(config: AssistantSettings | TransientAssistant, limits: Limits) -> list[str]:
    """What is wrong with the addresses in an assistant's configuration, as details."""
    found = []
    if config.webhook_url and (wrong := webhook_problem(config.webhook_url, limits)):
        found.append(f"webhook_url: {wrong}")
    for name, tool in webhook_tools(config.llm_config).items() if config.llm_config else ():
        if wrong := webhook_problem(tool.url, limits):
            found.append(f"llm_config.tools: the url of {name} {wrong}")
    for place, one in enumerate(config.llm_config.tools if config.llm_config else ()):
        if isinstance(one, McpTool) and (wrong := webhook_problem(one.url, limits)):
            found.append(f"llm_config.tools.{place}.url: {wrong}")
    return found


def _is_private(host: str, allowed: Sequence[str]) -> bool:
    host = host.rstrip(".")
    if host in (entry.strip().lower().rstrip(".") for entry in allowed):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(_NUMBER.fullmatch(host.rpartition(".")[2]))
    return not address.is_global and not any(_holds(entry, address) for entry in allowed)


def _holds(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:
        return False
