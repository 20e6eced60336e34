"""Examines the network: whether the ports can be had, and from where the phone line can be reached."""

import asyncio
import os
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address

from trunkline.cli.doctor_findings import Finding, Patient, fail, ok, warn
from trunkline.cli.ports import listen_problems

RTP_LOOKS = 64
STUN_SECONDS = 2.0
_MAGIC = 0x2112A442
_BINDING, _SUCCESS = 0x0001, 0x0101
_XOR_MAPPED, _MAPPED = 0x0020, 0x0001
_TCP: tuple[socket.SocketKind, ...] = (socket.SOCK_STREAM,)
_UDP: tuple[socket.SocketKind, ...] = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


async def examine(patient: Patient) -> list[Finding]:
    """All of it."""
    return [*ports(patient), rtp(patient), *(await nat(patient))]


def ports(patient: Patient) -> Iterator[Finding]:
    """Whether HTTP and SIP can be listened for."""
    settings = patient.settings
    wanted = [("HTTP port", "TRUNKLINE_HTTP_LISTEN", settings.http_listen, _TCP)]
    wanted.append(("SIP port", "TRUNKLINE_SIP_LISTEN", settings.sip_listen, _UDP))
    if settings.metrics_listen is not None:
        wanted.append(("metrics port", "TRUNKLINE_METRICS_LISTEN", settings.metrics_listen, _TCP))
    for check, name, address, kinds in wanted:
        if patient.running is not None:
            yield ok(check, f"{address}: the platform is running there")
        elif problems := listen_problems(name, address, kinds):
            yield fail(check, "; ".join(problems), f"stop what is there (ss -lntup shows it), or set {name}")
        else:
            yield ok(check, f"{address} is free")


def rtp(patient: Patient) -> Finding:
    """Whether ports for sound can be had, and whether there are enough: two for each leg."""
    text, most = patient.settings.rtp_ports, patient.settings.max_calls
    low, high = (int(port) for port in text.split("-"))
    host = patient.settings.sip_listen.rpartition(":")[0].strip("[]")
    step = max(1, (high - low) // RTP_LOOKS)
    taken = [port for port in range(low, high + 1, step) if not _can_bind(host, port)]
    looked = len(range(low, high + 1, step))
    says = f"{text}, {looked - len(taken)} of {looked} that were tried are free"
    if len(taken) * 2 > looked and patient.running is None:
        return fail("RTP ports", says, "set TRUNKLINE_RTP_PORTS to a range that nothing else uses")
    if (high - low + 1) < 4 * most:
        return warn("RTP ports", f"{says}; {most} calls need up to {4 * most}", "widen TRUNKLINE_RTP_PORTS")
    ephemeral = _ephemeral()
    if ephemeral is not None and low <= ephemeral[1] and ephemeral[0] <= high:
        todo = f"choose a range outside {ephemeral[0]}-{ephemeral[1]}, where this machine takes its own ports from"
        return warn("RTP ports", f"{says}, and others here may take them", todo)
    return ok("RTP ports", f"{says}; open them in the firewall for UDP")


async def nat(patient: Patient) -> list[Finding]:
    """The address that calls come from, and the one that the world sees."""
    host = patient.settings.sip_listen.rpartition(":")[0].strip("[]")
    local = outgoing() if ip_address(host).is_unspecified else host
    if local is None:
        return [warn("local address", "this machine has no way to the internet", "only trunks in its own network work")]
    stun = patient.settings.stun
    if ip_address(local).is_loopback:
        todo = "set TRUNKLINE_SIP_LISTEN to 0.0.0.0:5060 to reach trunks that are not on this machine"
        return [warn("local address", f"{local}: SIP is pinned to this machine", todo)]
    if stun is None:
        return [_without_stun(local)]
    try:
        public = await asyncio.wait_for(_asked(stun), STUN_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        says = f"{stun} does not answer ({type(error).__name__})"
        return [fail("STUN", says, "correct TRUNKLINE_STUN (host:port), or open UDP to it in the firewall")]
    if public == local:
        return [ok("public address", f"{public}, the machine's own: no NAT")]
    says = f"{local} here, {public} for the world"
    return [ok("public address", f"{says}; forward the SIP and RTP ports to {local} for calls that come in")]


def _without_stun(local: str) -> Finding:
    if not ip_address(local).is_private:
        return ok("public address", f"{local}")
    todo = "where the trunk is on the internet, set TRUNKLINE_STUN (as stun.example.com:3478), or place a SIP proxy in front"
    return warn("public address", f"{local} is private, and TRUNKLINE_STUN is not set", todo)


async def _asked(server: str) -> str:
    """Our address as a STUN server sees it (RFC 5389). Raises OSError, ValueError."""
    host, _, port = server.rpartition(":") if ":" in server else (server, "", "3478")
    loop = asyncio.get_running_loop()
    places = await loop.getaddrinfo(host, int(port), family=socket.AF_INET, type=socket.SOCK_DGRAM)
    transaction = os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        await loop.sock_connect(asking, places[0][4])
        await loop.sock_sendall(asking, struct.pack("!HHI", _BINDING, 0, _MAGIC) + transaction)
        while True:
            answer = await loop.sock_recv(asking, 2048)
            if len(answer) >= 20 and answer[8:20] == transaction:
                return _mapped(answer)


def _mapped(answer: bytes) -> str:
    kind, length = struct.unpack("!HH", answer[:4])
    if kind != _SUCCESS:
        raise ValueError("the server refused")
    at = 20
    while at + 4 <= min(len(answer), 20 + length):
        attribute, size = struct.unpack("!HH", answer[at : at + 4])
        value = answer[at + 4 : at + 4 + size]
        if attribute in (_XOR_MAPPED, _MAPPED) and len(value) >= 8 and value[1] == 1:
            address = int.from_bytes(value[4:8], "big")
            return str(IPv4Address(address ^ _MAGIC if attribute == _XOR_MAPPED else address))
        at += 4 + size + (-size % 4)
    raise ValueError("the server told no address")


def outgoing() -> str | None:
    """The address that this machine's packets to the internet carry; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _ephemeral() -> tuple[int, int] | None:
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low, high = file.read().split()
    except OSError:
        return None
    return int(low), int(high)
