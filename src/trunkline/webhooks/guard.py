"""Which addresses webhooks may go to: https to the public internet, unless the operator says otherwise.

A URL is looked at before anything is sent, its name is resolved once by the resolver here, every address that comes out
is judged, and the connection is made to exactly those addresses: a name that changes in between (DNS rebinding) gains
nothing, because nobody asks a second time.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from trunkline.base.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HTTP_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
_NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
"""The last part of a host that is no name but a number: browsers and C libraries read such hosts as IPv4 addresses,
whatever base they are in and however many parts they have (WHATWG URL, "ends in a number")."""
SPECIAL_NETWORKS: tuple[tuple[Network, str], ...] = (
    (ipaddress.ip_network("168.63.129.16/32"), "a metadata service"),
    (ipaddress.ip_network("100.64.0.0/10"), "a carrier's shared range"),
    (ipaddress.ip_network("192.0.0.0/24"), "a reserved address"),
    (ipaddress.ip_network("192.88.99.0/24"), "a relay"),
    (ipaddress.ip_network("::ffff:0:0/96"), "an IPv4 address in IPv6 clothes"),
    (ipaddress.ip_network("::/96"), "an IPv4 address in IPv6 clothes"),
    (ipaddress.ip_network("64:ff9b::/96"), "an IPv4 address behind NAT64"),
    (ipaddress.ip_network("64:ff9b:1::/48"), "an IPv4 address behind NAT64"),
    (ipaddress.ip_network("2002::/16"), "an IPv4 address behind 6to4"),
    (ipaddress.ip_network("2001::/32"), "an IPv4 address behind Teredo"),
    (ipaddress.ip_network("fec0::/10"), "a site-local address"),
)


class AddressRefused(Invalid):
    """The address is none that webhooks are sent to."""

    title = "Webhook address refused"
    code = "webhook_address_refused"


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges URLs and addresses. ``allowed`` holds networks (and names) that may be reached though they are not public;
    ``allow_insecure`` lifts every rule but the shape of the URL, for development."""

    allow_insecure: bool = False
    allowed_networks: tuple[Network, ...] = ()
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, *, allow_insecure: bool = False, allowed: Iterable[str] = ()) -> "Guard":
        """Reads an allow-list of addresses, networks (``10.1.0.0/16``) and host names."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in allowed:
            try:
                networks.append(ipaddress.ip_network(entry.strip(), strict=False))
            except ValueError:
                hosts.add(entry.strip().lower().rstrip("."))
        return cls(allow_insecure, tuple(networks), frozenset(hosts))

    def check_url(self, text: str) -> URL:
        """The parsed URL, when its form is allowed; raises AddressRefused. Names are judged later, when they resolve."""
        try:
            url = URL(text)
            host, port = url.host, url.port
        except (ValueError, IndexError):
            raise AddressRefused("the webhook address is no valid URL") from None
        if url.scheme not in ("https", "http") or not host or not port:
            raise AddressRefused("the webhook address must be a full https URL with a host")
        if url.user is not None or url.password is not None:
            raise AddressRefused("the webhook address must not carry a user name or password")
        if not self.allow_insecure:
            self._check_strictly(url, host, port)
        return url

    def _check_strictly(self, url: URL, host: str, port: int) -> None:
        if url.scheme != "https":
            raise AddressRefused("the webhook address must begin with https://")
        if port not in HTTP_PORTS and port < FIRST_FREE_PORT:
            raise AddressRefused(f"port {port} belongs to another service; use 443 or a port from 1024 up")
        literal = _literal(host)
        if literal is not None:
            self.check_address(literal)
        elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise AddressRefused(
                "the webhook address must write its host as a name, or an IP address in its usual form"
            )

    def check_address(self, address: Address, host: str = "") -> None:
        """Raises AddressRefused for an address that is not public and not allow-listed."""
        if self.allow_insecure or host.lower().rstrip(".") in self.allowed_hosts:
            return
        if any(address.version == network.version and address in network for network in self.allowed_networks):
            return
        if kind := _forbidden(address):
            raise AddressRefused(f"the webhook address leads to {kind}, where webhooks are not sent")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _forbidden(address: Address) -> str | None:
    if address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    for network, kind in SPECIAL_NETWORKS:
        if address.version == network.version and address in network:
            return kind
    return None if address.is_global else "a private or reserved address"


class GuardedResolver(AbstractResolver):
    """Resolves through ``inner`` and lets through only what the guard allows; the connector dials what comes out."""

    def __init__(self, guard: Guard, inner: AbstractResolver) -> None:
        self._guard = guard
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``; raises AddressRefused when even one of them is forbidden."""
        found = await self._inner.resolve(host, port, family)
        for entry in found:
            self._guard.check_address(ipaddress.ip_address(entry["host"].partition("%")[0]), host)
        return found

    async def close(self) -> None:
        await self._inner.close()
