"""Many conversations at once over real SIP and RTP: calls per core, CPU, memory, latency as heard on the wire."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.rtp_peer import SPREAD_SECONDS, percentile
from bench.speech import utterance
from bench.world import (
    PEER_CORE,
    Platform,
    Process,
    cpu_seconds,
    in_state,
    platform,
    prepare,
    process,
    resident_mb,
)
from trunkline.testing.ports import free_port

HERE = Path(__file__).parent
ENDPOINTING_MS = 400.0
AT_ONCE = 20
LATENESS_LIMIT_MS = 20.0


@asynccontextmanager
async def _callees(calls: int) -> AsyncIterator[tuple[Process, int]]:
    """SIPp for the signalling and one process for the sound of all callees."""
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        speech = Path(folder) / "speech.wav"
        await utterance(speech)
        port = free_port()
        async with process(PEER_CORE, sys.executable, "-m", "bench.rtp_peer", "--speech", str(speech)) as peer:
            rtp_port = (await peer.line())["port"]
            sipp = [
                "sipp", "-sf", str(HERE / "uas.xml"), "-i", "127.0.0.1", "-p", str(port), "-l", str(calls + 50),
                "-key", "rtp_port", str(rtp_port), "-nostdin", "-nr",
            ]  # fmt: skip
            async with process(PEER_CORE, *sipp, quiet=True):
                await asyncio.sleep(0.5)
                yield peer, port


async def _set_up(house: Platform, order: dict[str, Any], calls: int) -> float:
    """Places ``calls`` calls, ``AT_ONCE`` requests at a time; seconds until all were answered."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            await house.api.post("/calls/outbound", order)

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(calls)))
    while (live := await in_state(house.api, "in-progress")) < calls:
        if time.monotonic() - began > 60:
            raise RuntimeError(f"only {live} of {calls} calls were answered within a minute")
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def measure(calls: int, seconds: float) -> dict[str, Any]:
    """One run with ``calls`` conversations; ``ok`` says that no frame was late and no turn was missed."""
    async with _callees(calls) as (peer, port), platform() as house:
        order = await prepare(house.api, port)
        before = resident_mb(house.pid)
        took = await _set_up(house, order, calls)
        await asyncio.sleep(SPREAD_SECONDS + 2)
        await peer.tell("reset")
        await house.process.tell("reset")
        began, cpu = time.monotonic(), cpu_seconds(house.pid)
        await asyncio.sleep(seconds)
        elapsed, used = time.monotonic() - began, cpu_seconds(house.pid) - cpu
        after = resident_mb(house.pid)
        await house.process.tell("lateness")
        late = await house.process.line()
        alive = await in_state(house.api, "in-progress")
        peer.shut()
        wire = await peer.line()
    added = [value - ENDPOINTING_MS for value in wire["response_ms"]]
    return {
        "calls": calls,
        "alive": alive,
        "turns": wire["turns"],
        "missed_turns": wire["missed_turns"],
        "frame_lateness_ms_p99": round(late["p99"], 2),
        "packet_gap_ms_p99": wire["packet_gap_ms_p99"],
        "packets_lost": wire["lost"],
        "peer_lateness_ms_p99": wire["peer_lateness_ms_p99"],
        "core_percent": round(100 * used / elapsed, 1),
        "cpu_ms_per_call_second": round(1000 * used / (elapsed * calls), 2),
        "memory_mb_per_call": round((after - before) / calls, 2),
        "setups_per_second": round(calls / took, 1),
        "added_latency_ms_p50": percentile(added, 50),
        "added_latency_ms_p95": percentile(added, 95),
        "barge_in_stop_ms_p95": percentile(wire["barge_in_stop_ms"], 95),
        "barge_ins": len(wire["barge_in_stop_ms"]),
        "ok": alive == calls and late["p99"] < LATENESS_LIMIT_MS and wire["turns"] > 0 and not wire["missed_turns"],
    }
