"""Whether the addresses that a command is to listen at can be had, asked before anything is started."""

import errno
import socket
from collections.abc import Iterator

from trunkline.app.settings import Settings
from trunkline.base.errors import Invalid

_KINDS = {socket.SOCK_STREAM: "TCP", socket.SOCK_DGRAM: "UDP"}
_PROBLEMS = {
    errno.EADDRINUSE: "another program has it",
    errno.EACCES: "this user may not listen there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


def check_ports(settings: Settings) -> None:
    """Raises Invalid with one line for each address that cannot be had."""
    wanted: tuple[tuple[str, str, tuple[socket.SocketKind, ...]], ...] = (
        ("TRUNKLINE_HTTP_LISTEN", settings.http_listen, (socket.SOCK_STREAM,)),
        ("TRUNKLINE_SIP_LISTEN", settings.sip_listen, (socket.SOCK_DGRAM, socket.SOCK_STREAM)),
    )
    if settings.metrics_listen is not None:
        wanted = (*wanted, ("TRUNKLINE_METRICS_LISTEN", settings.metrics_listen, (socket.SOCK_STREAM,)))
    details = [line for name, address, kinds in wanted for line in _problems(name, address, kinds)]
    if details:
        raise Invalid("the platform cannot listen; stop what is there, or set other addresses", details=details)


def check_listen(name: str, address: str, kinds: tuple[socket.SocketKind, ...]) -> None:
    """Raises Invalid where the address that ``name`` gives is none, or cannot be had."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Invalid(f"{name}: must be an address and a port, as 127.0.0.1:9100, and not {address!r}")
    if details := list(_problems(name, address, kinds)):
        raise Invalid("nobody can listen there; stop what does, or take another port", details=details)


def listen_problems(name: str, address: str, kinds: tuple[socket.SocketKind, ...]) -> list[str]:
    """One line for each way in which nobody can listen there."""
    return list(_problems(name, address, kinds))


def _problems(name: str, address: str, kinds: tuple[socket.SocketKind, ...]) -> Iterator[str]:
    for kind in kinds:
        try:
            _bind(address, kind)
        except OSError as error:
            problem = _PROBLEMS.get(error.errno or 0, error.strerror or str(error))
            yield f"{name}: {address} ({_KINDS[kind]}): {problem}"


def _bind(address: str, kind: socket.SocketKind) -> None:
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=kind, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        if kind is socket.SOCK_STREAM:
            probe.listen()
