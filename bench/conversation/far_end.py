"""The far end's sound for many calls, each on a port of its own: plays a case by RTP and keeps all packets both ways.

SIPp does the SIP. It shares no code with the engine that it measures. Run as a process: each line of standard input,
``{"case": <file>, "out": <file>}``, opens a port, told as ``{"case": ..., "port": ...}``; when the script is played and the
recording written it prints ``{"case": ..., "done": true, "late_ms": ...}``. It leaves when standard input closes.
"""

import asyncio
import contextlib
import gc
import json
import os
import socket
import struct
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from bench.conversation.noises import decibels
from bench.conversation.player import Player
from bench.conversation.script import FRAME_SAMPLES, Plan, load
from bench.conversation.voices import Sound
from bench.conversation.wire import Fate, Recording
from bench.rtp_peer import AUDIBLE, decode, encode, loudness

FRAME_SECONDS = 0.02
SO_TIMESTAMPNS = 35
GONE_SECONDS = 3.0
"""A call from which nothing comes for so long is over."""
_TIMESPEC = struct.Struct("@ll")
_ROOM = np.array([0.15, 0.7, 0.15])
"""What a handset's small room does to the echo."""


class Leg:
    """One call."""

    def __init__(self, name: str, out: Path, plan: Plan) -> None:
        self.name = name
        self.out = out
        self.recording = Recording()
        self.over = False
        self.late_ms = 0.0
        self._plan = plan
        self._fate = Fate(plan.line, plan.seed)
        self._player: Player | None = None
        self._address: tuple[str, int] | None = None
        self._echo: deque[tuple[float, bytes]] = deque()
        self._ambience_at = 0
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setblocking(False)
        self._sock.bind(("127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._sock, self._receive)

    def close(self) -> None:
        """Frees the port."""
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()

    def _receive(self) -> None:
        """Takes all packets that wait; each came when the kernel had it."""
        while True:
            try:
                data, notes, _, address = self._sock.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if len(data) != 12 + FRAME_SAMPLES or data[0] >> 6 != 2 or data[1] & 0x7F != 0:
                continue
            seconds, nanoseconds = _TIMESPEC.unpack_from(notes[0][2])
            self._arrived(data, seconds + nanoseconds / 1e9, address)

    def _arrived(self, data: bytes, at: float, address: tuple[str, int]) -> None:
        self._address = address
        self._player = self._player or Player(self._plan, at)
        self.recording.got_at.append(at)
        self.recording.numbers.append(struct.unpack_from("!H", data, 2)[0])
        self.recording.got.append(data[12:])
        if loudness(data[12:]) >= AUDIBLE:
            self._player.heard(at)
        if self._plan.line.echo_seconds:
            self._echo.append((at + self._plan.line.echo_seconds, data[12:]))

    def tick(self, late_seconds: float) -> None:
        """Sends the next 20 ms, if the call is on."""
        if self._player is None or self.over:
            return
        now = time.time()
        self.late_ms = max(self.late_ms, late_seconds * 1000)
        payload = self._mixed(self._player.frame(now), now)
        late = self._fate.next()
        number = len(self.recording.sent)
        self.recording.sent_at.append(now)
        self.recording.sent.append(payload)
        if late is not None:
            header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * FRAME_SAMPLES & 0xFFFFFFFF, self.port)
            self._send_in(late, header + payload)
        self.over = self._player.done or now - self.recording.got_at[-1] > GONE_SECONDS

    def keep(self) -> None:
        """Writes the recording."""
        assert self._player is not None
        self.recording.marks = self._player.marks
        self.recording.save(self.out)

    def _mixed(self, speech: Sound | None, now: float) -> bytes:
        ambience = self._plan.ambience
        mixed = np.take(ambience, range(self._ambience_at, self._ambience_at + FRAME_SAMPLES), mode="wrap")
        self._ambience_at = (self._ambience_at + FRAME_SAMPLES) % len(ambience)
        if speech is not None:
            mixed = mixed + speech
        if self._echo and self._echo[0][0] <= now:
            ours = decode(self._echo.popleft()[1]).astype(np.float64)
            mixed = mixed + np.convolve(ours, _ROOM, "same") * decibels(self._plan.line.echo_db)
        return encode(np.clip(np.rint(mixed), -32_768, 32_767).astype(np.int16))

    def _send_in(self, seconds: float, packet: bytes) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._send, packet)
        else:
            self._send(packet)

    def _send(self, packet: bytes) -> None:
        if self._address is not None and self._sock.fileno() >= 0:
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                self._sock.sendto(packet, self._address)


class FarEnd:
    """All calls."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}

    def told(self, order: dict[str, Any]) -> None:
        """Opens a port for a case, or gives one up (``drop``)."""
        if "drop" in order:
            if leg := self._legs.pop(order["drop"], None):
                leg.close()
            return
        leg = Leg(order["case"], Path(order["out"]), load(Path(order["case"])))
        self._legs[leg.name] = leg
        _say({"case": leg.name, "port": leg.port})

    async def play_until(self, closed: asyncio.Event) -> None:
        """Sends every 20 ms. What it is late by for lack of a processor is left out and told."""
        due = time.monotonic()
        while not closed.is_set():
            late = time.monotonic() - due
            if late > FRAME_SECONDS:
                due += late
            for leg in list(self._legs.values()):
                leg.tick(late)
                if leg.over:
                    self._finish(leg)
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _finish(self, leg: Leg) -> None:
        leg.keep()
        leg.close()
        del self._legs[leg.name]
        _say({"case": leg.name, "done": True, "late_ms": round(leg.late_ms, 1)})


def _say(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


async def run() -> None:
    """Serves until standard input closes."""
    far_end, closed = FarEnd(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        if line := sys.stdin.readline():
            far_end.told(json.loads(line))
        else:
            loop.remove_reader(sys.stdin)
            closed.set()

    loop.add_reader(sys.stdin, told)
    await far_end.play_until(closed)


def main() -> None:
    """Goes before others where it may, and never pauses to collect garbage: what stutters is not the far end."""
    gc.disable()
    with contextlib.suppress(PermissionError):
        os.nice(-10)
    asyncio.run(run())


if __name__ == "__main__":
    main()
