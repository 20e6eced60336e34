"""Which model servers a tenant may name: public addresses only, checked again at every connection."""

import asyncio
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_V6_WITHIN = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


class AddressRefused(OSError):
    """The name leads to an address that is not public. An OSError, as resolvers are expected to raise."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: not loopback, private, link-local, multicast, or mapped to such."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _V6_WITHIN):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def refusal(url: str) -> str | None:
    """Why the text cannot be a tenant's model server, without asking DNS; None when nothing speaks against it."""
    try:
        parsed = URL(url)
        host = parsed.host
    except ValueError:
        return "it is no URL"
    if parsed.scheme not in ("http", "https") or not host:
        return "it has to start with http:// or https:// and a host"
    if parsed.user or parsed.password:
        return "it must not hold a user name or password"
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return "its address is not public"
    try:
        return None if is_public(host) else "its address is not public"
    except ValueError:
        return _odd_number(host)


def _odd_number(host: str) -> str | None:
    """Refuses hosts that are numbers in disguise (0x7f000001, 2130706433, 127.1)."""
    try:
        return None if is_public(socket.inet_ntoa(socket.inet_aton(host))) else "its address is not public"
    except (OSError, ValueError):
        return None


class PublicResolver(AbstractResolver):
    """Resolves names, and gives only public addresses: what is connected to is what was checked."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of ``host``. Raises AddressRefused where one of them is not."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results = [
            ResolveResult(
                hostname=host, host=str(where[0]), port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, where in found
        ]
        if not all(is_public(result["host"]) for result in results):
            raise AddressRefused(f"the address of {host} is not public")
        return results

    async def close(self) -> None:
        """Nothing is held."""
