"""The far end's process on a real socket: a script is played, packets are lost and late, and all is kept."""

import asyncio
import itertools
import socket
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from bench.conversation.calls import FarEndProcess
from bench.conversation.hearing import spurts
from bench.conversation.script import Case, Kind, Line, Step, clip, save
from bench.conversation.wire import Recording
from bench.rtp_peer import decode, encode
from bench.world import PEER_CORE, process

from tests.bench_conversation.recordings import tone

pytestmark = pytest.mark.room

OURS = [(0.3, 1.0), (3.2, 3.6)]
"""When the assistant speaks, in seconds after its first packet."""


def _packet(number: int) -> bytes:
    at = number * 0.02
    loud = any(start <= at < end for start, end in OURS)
    samples = tone(0.02, 4000.0 if loud else 0.0).astype(np.int16)
    return struct.pack("!BBHII", 0x80, 0, number, number * 160, 7) + encode(samples)


async def _talk(port: int, over: asyncio.Future[float]) -> list[bytes]:
    """Sends as the platform does until the far end has played its script; gives what came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", port))
        came: list[bytes] = []
        for number in itertools.count():
            if over.done():
                return came
            sock.send(_packet(number))
            await asyncio.sleep(0.02)
            while True:
                try:
                    came.append(sock.recv(2048))
                except BlockingIOError:
                    break
    raise AssertionError


async def test_a_script_is_played_over_a_bad_line_and_kept(tmp_path: Path) -> None:
    line = Line(loss=0.2, jitter_seconds=0.06, echo_seconds=0.1, echo_db=-15.0)
    case = Case("plain", "clean", "short", (clip(Kind.TURN, "a", tone(0.5)),), (Step(0),), line, seed=3)
    plan, out = tmp_path / "case.npz", tmp_path / "out.npz"
    save(case, plan)
    async with process(PEER_CORE, sys.executable, "-m", "bench.conversation.far_end") as child:
        far_end = FarEndProcess(child)
        listening = asyncio.create_task(far_end.listen())
        port, over = await far_end.open(plan, out)
        came = await asyncio.wait_for(_talk(port, over), 30)
        child.shut()
        await asyncio.wait_for(child.child.wait(), 10)
        await listening
    wire = Recording.load(out)
    (mark,) = wire.marks
    heard = spurts(wire)
    assert len(heard) == len(OURS)
    assert wire.time_of(mark.frame, 0) - heard[0].end == pytest.approx(0.7, abs=0.1)
    numbers = [struct.unpack_from("!H", one, 2)[0] for one in came]
    assert 0.6 < len(numbers) / len(wire.sent) < 0.95
    assert numbers != sorted(numbers)
    assert [wire.sent[number] for number in numbers] == [one[12:] for one in came]
    levels = [float(np.abs(decode(one)).mean()) for one in wire.sent]
    assert min(levels[mark.frame : mark.frame + 25]) > 3500
    echoed = [level for level in levels[: mark.frame] if level > 100]
    assert len(echoed) == pytest.approx(35, abs=3)
    assert max(echoed) < 4000 * 10 ** (-15 / 20) * 1.05
