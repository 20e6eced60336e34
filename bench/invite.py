"""How long from the request on the HTTP socket to the INVITE on the wire, and how many calls are set up a second."""

import asyncio
import time
from typing import Any, cast

from bench.rtp_peer import percentile
from bench.world import platform, prepare

REQUESTS = 60
PAUSE_SECONDS = 0.12


class _Busy(asyncio.DatagramProtocol):
    """A SIP peer that notes when an INVITE came and says that it is busy."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[float] = asyncio.Queue()
        self._seen: set[bytes] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = time.perf_counter()
        if not data.startswith(b"INVITE "):
            return
        lines = data.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]
        kept = {line.split(b":", 1)[0].strip().lower(): line for line in reversed(lines)}
        if kept[b"call-id"] not in self._seen:
            self._seen.add(kept[b"call-id"])
            self.arrived.put_nowait(now)
        vias = [line for line in lines if line.lower().startswith(b"via:")]
        reply = [
            b"SIP/2.0 486 Busy Here",
            *vias,
            kept[b"from"],
            kept[b"to"] + b";tag=b",
            kept[b"call-id"],
            kept[b"cseq"],
        ]
        assert self._transport is not None
        self._transport.sendto(b"\r\n".join([*reply, b"Content-Length: 0", b"", b""]), addr)


async def measure() -> dict[str, Any]:
    """Places calls one after the other on a quiet platform; milliseconds."""
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(_Busy, local_addr=("127.0.0.1", 0))
    try:
        async with platform() as house:
            order = await prepare(house.api, transport.get_extra_info("sockname")[1])
            took = []
            for turn in range(REQUESTS):
                began = time.perf_counter()
                await house.api.post("/calls/outbound", order)
                arrived = await asyncio.wait_for(peer.arrived.get(), 10)
                if turn >= 5:
                    took.append((arrived - began) * 1000)
                await asyncio.sleep(PAUSE_SECONDS)
    finally:
        transport.close()
    return {"request_to_invite_ms_p50": percentile(took, 50), "request_to_invite_ms_p95": percentile(took, 95)}
