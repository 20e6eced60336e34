"""Testing a trunk without calling anybody: its name, and whether something that speaks SIP answers OPTIONS."""

import asyncio
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable

from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import ProbeStep
from trunkline.telephony.sip.addresses import Undialable, check_host

PATIENCE_SECONDS = 5.0
_RESEND_SECONDS = 0.5
_DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


class Failed(Exception):
    """A step failed; the message says how."""


async def step(name: str, work: Awaitable[str]) -> ProbeStep:
    """Runs one step and takes its time."""
    start = time.monotonic()
    ok, detail = True, ""
    try:
        detail = await asyncio.wait_for(work, PATIENCE_SECONDS + 1)
    except TimeoutError:
        ok, detail = False, f"no answer within {PATIENCE_SECONDS:g} s"
    except (OSError, Failed, Undialable) as error:
        ok, detail = False, str(error) or type(error).__name__
    return ProbeStep(name, ok, detail, round((time.monotonic() - start) * 1000, 1))


async def resolve(trunk: TrunkPlan) -> str:
    """The trunk's first IPv4 address. Raises OSError, Undialable."""
    check_host(trunk.host)
    found = await asyncio.get_running_loop().getaddrinfo(trunk.host, None, family=socket.AF_INET)
    return str(found[0][4][0])


async def options(trunk: TrunkPlan, address: str, tls: Callable[[], ssl.SSLContext]) -> str:
    """The status line that OPTIONS got from the trunk; any answer shows that it lives. Raises OSError, Failed."""
    port = trunk.port or _DEFAULT_PORTS[trunk.transport]
    if trunk.transport == "udp":
        answer = await _ask_udp(trunk, address, port)
    else:
        answer = await _ask_stream(trunk, address, port, tls() if trunk.transport == "tls" else None)
    status = answer.partition(b"\r\n")[0].decode("utf-8", "replace")
    if not status.startswith("SIP/2.0 "):
        raise Failed("what answered does not speak SIP")
    return status.removeprefix("SIP/2.0 ")


def _request(trunk: TrunkPlan, local: tuple[str, int]) -> bytes:
    host, port = local
    target = f"sip:{trunk.host}" + (f":{trunk.port}" if trunk.port else "")
    lines = (
        f"OPTIONS {target};transport={trunk.transport} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {host}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 70",
        f"From: <sip:probe@{host}:{port}>;tag={secrets.token_hex(6)}",
        f"To: <{target}>",
        f"Call-ID: {secrets.token_hex(12)}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:probe@{host}:{port};transport={trunk.transport}>",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Ear(asyncio.DatagramProtocol):
    """Keeps the first datagram or error."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if not self.heard.done():
            self.heard.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.heard.done():
            self.heard.set_exception(exc)


async def _ask_udp(trunk: TrunkPlan, address: str, port: int) -> bytes:
    loop = asyncio.get_running_loop()
    transport, ear = await loop.create_datagram_endpoint(_Ear, remote_addr=(address, port))
    try:
        request = _request(trunk, transport.get_extra_info("sockname"))
        until = loop.time() + PATIENCE_SECONDS
        while loop.time() < until:
            transport.sendto(request)
            done, _ = await asyncio.wait([ear.heard], timeout=_RESEND_SECONDS)
            if done:
                return ear.heard.result()
        raise Failed(f"no answer within {PATIENCE_SECONDS:g} s")
    finally:
        transport.close()


async def _ask_stream(trunk: TrunkPlan, address: str, port: int, tls: ssl.SSLContext | None) -> bytes:
    name = trunk.host if tls is not None else None
    reader, writer = await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)
    try:
        writer.write(_request(trunk, writer.get_extra_info("sockname")))
        await writer.drain()
        return await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE_SECONDS)
    except asyncio.IncompleteReadError:
        raise Failed("the connection was closed without an answer") from None
    except asyncio.LimitOverrunError:
        raise Failed("what answered does not speak SIP") from None
    finally:
        writer.close()
