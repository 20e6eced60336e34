"""SIP addresses: what a destination is dialled as, and what the stack may be given at all.

The stack corrupts its memory when it is handed an address that it cannot dial (another scheme, an odd host name, an
unknown transport), so nothing reaches it that did not pass here.
"""

import re
from collections.abc import Mapping

from trunkline.domain.plan import TrunkPlan

TRANSPORTS = ("udp", "tcp", "tls")

_E164 = re.compile(r"\+?[0-9]{2,20}")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_USER = r"[A-Za-z0-9+_.!~*'()&=$,%-]{1,128}"
_SIP_URI = re.compile(
    rf"sip:(?:(?P<user>{_USER})@)?(?P<host>[A-Za-z0-9._-]{{1,253}})(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?P<params>(?:;[A-Za-z0-9_.-]{1,32}(?:=[A-Za-z0-9_.:+-]{1,64})?)*)"
)
_HEADER_ADDRESS = re.compile(r"<?sips?:(?:([^@<>;]*)@)?([^:;>?]+)", re.IGNORECASE)


class Undialable(ValueError):
    """An address that cannot be dialled; the message says why."""


def check_host(host: str) -> str:
    """The host itself. Raises Undialable where it is no IPv4 address and no host name."""
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise Undialable(f"the host {host!r} is no IPv4 address and no host name")
    return host


def trunk_domain(trunk: TrunkPlan) -> str:
    """``host`` or ``host:port`` of a trunk."""
    check_host(trunk.host)
    if trunk.port is not None and not 0 < trunk.port < 65536:
        raise Undialable(f"{trunk.port} is no port")
    return trunk.host if trunk.port is None else f"{trunk.host}:{trunk.port}"


def target_uri(destination: str, domain: str, transport: str) -> str:
    """What goes into the Request-URI: a number at the trunk, a SIP URI as it is. Raises Undialable."""
    if transport not in TRANSPORTS:
        raise Undialable(f"the transport {transport!r} is not one of {', '.join(TRANSPORTS)}")
    if _E164.fullmatch(destination):
        return f"sip:{destination}@{domain};transport={transport}"
    found = _SIP_URI.fullmatch(destination)
    if found is None:
        raise Undialable("the destination is neither a number like +31201234567 nor a URI like sip:name@host")
    check_host(found["host"])
    if found["port"] is not None and not 0 < int(found["port"]) < 65536:
        raise Undialable(f"{found['port']} is no port")
    named = re.search(r";transport=([^;]*)", found["params"], re.IGNORECASE)
    if named is not None and named[1].lower() not in TRANSPORTS:
        raise Undialable(f"the transport {named[1]!r} is not one of {', '.join(TRANSPORTS)}")
    return destination


def user_of(address: str) -> str:
    """The user part of a SIP address in a header or URI, empty where there is none."""
    found = _HEADER_ADDRESS.search(address)
    return (found[1] or "") if found else ""


def domain_of(address: str) -> str:
    """The ``host`` or ``host:port`` of a SIP address, empty where there is none."""
    found = re.search(r"sips?:(?:[^@<>;]*@)?([A-Za-z0-9._-]+(?::[0-9]+)?)", address, re.IGNORECASE)
    return found[1] if found else ""


def header(headers: Mapping[str, str], *names: str) -> str:
    """A header by its name or its compact form, in whatever case the peer writes it (RFC 3261 section 7.3), else empty."""
    wanted = {name.lower() for name in names}
    return next((value for name, value in headers.items() if name.lower() in wanted), "")
