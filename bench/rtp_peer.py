"""The far end's sound for many calls: sends G.711 speech on a script and listens to what comes, packet by packet.

SIPp does the SIP and names this process's one UDP port in its SDP. A call is known by the address its packets come
from, to which ours are sent back. It shares no code with the engine that it measures. Run as a process: it measures
until its standard input closes and then prints one JSON object.

A call goes round in turns: it waits until the assistant has been quiet for a while, speaks, and measures from the
sending of its last loud sample to the arrival of the first audible packet. Every second reply is talked over: from the
packet that completes the interruption's duration to the last audible packet. All times are those at which a packet was
really sent or taken from the socket, so that a busy peer does not look like a slow platform.
"""

import argparse
import asyncio
import contextlib
import json
import math
import random
import socket
import struct
import sys
import time
import wave
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FRAME_SAMPLES = 160
FRAME_SECONDS = 0.02
AUDIBLE = 300.0
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
VOICED_SHARE = 0.2
"""A frame this loud beside the loudest (14 dB below it) is speech beyond doubt."""
QUIET_SECONDS = 0.7
SPREAD_SECONDS = 9.0
"""So far apart, about one round, calls begin to speak: people who are called in one second do not go on in step."""
BARGE_AFTER_SECONDS = 0.8
STOPPED_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 6.0
SILENT = b"\xff" * FRAME_SAMPLES


def _decode_table() -> NDArray[np.float32]:
    codes = ~np.arange(256) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + 0x84 << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.float32)


_LINEAR = _decode_table()
_BY_VALUE = np.argsort(_LINEAR, kind="stable")


def encode(samples: NDArray[np.int16]) -> bytes:
    """µ-law of 16-bit samples, by the nearest value of the table."""
    ordered = _LINEAR[_BY_VALUE]
    place = np.clip(np.searchsorted(ordered, samples), 1, 255)
    nearer = np.where(samples - ordered[place - 1] < ordered[place] - samples, place - 1, place)
    return bytes(_BY_VALUE[nearer].astype(np.uint8))


def decode(payload: bytes) -> NDArray[np.float32]:
    """The samples of µ-law, on the scale of 16 bits."""
    found: NDArray[np.float32] = _LINEAR[np.frombuffer(payload, np.uint8)]
    return found


@lru_cache(8192)
def loudness(payload: bytes) -> float:
    """Root mean square of one packet's samples."""
    values = decode(payload)
    return float(np.sqrt(np.mean(values * values)))


def speech_frames(path: str) -> list[bytes]:
    """An 8 kHz mono WAV file as µ-law frames, cut so that it begins and ends in the middle of the voice: what fades away
    would leave it open when the speech was over."""
    with wave.open(path) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    frames = [samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES)]
    levels = np.array([np.sqrt(np.mean(frame.astype(np.float32) ** 2)) for frame in frames])
    voiced = np.flatnonzero(levels > max(AUDIBLE, levels.max() * VOICED_SHARE))
    return [encode(frame) for frame in frames[voiced[0] : voiced[-1] + 1]]


@dataclass(slots=True)
class Figures:
    """What was measured, in milliseconds."""

    responses: list[float] = field(default_factory=list)
    barge_stops: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    own_lateness: list[float] = field(default_factory=list)
    missed_turns: int = 0
    packets: int = 0
    lost: int = 0


@dataclass(slots=True)
class Leg:
    """One call."""

    address: tuple[str, int]
    sequence: int = 0
    ssrc: int = field(default_factory=lambda: random.getrandbits(32))
    script: list[bytes] = field(default_factory=list)
    state: str = "waiting"
    since: float = 0.0
    last_audible: float = 0.0
    first_audible: float = 0.0
    last_arrival: float = 0.0
    last_sequence: int | None = None
    barge: bool = False
    spoken_packets: int = 0
    complete_at: float = 0.0
    spoke_until: float = 0.0


class Peer:
    """All calls behind one port."""

    def __init__(self, sock: socket.socket, utterance: list[bytes], interruption_seconds: float) -> None:
        self.figures = Figures()
        self.legs: dict[tuple[str, int], Leg] = {}
        self._utterance = utterance
        self._interruption_packets = math.ceil(round(interruption_seconds / FRAME_SECONDS, 3))
        self._sock = sock

    def receive(self) -> None:
        """Takes all packets that wait; each came when the kernel had it, not when this process found the time."""
        monotonic = time.monotonic() - time.time()
        while True:
            try:
                data, notes, _, addr = self._sock.recvmsg(2048, 64)
            except BlockingIOError:
                return
            if len(data) < 12 or data[0] >> 6 != 2 or data[1] & 0x7F != 0:
                continue
            seconds, nanoseconds = _TIMESPEC.unpack_from(notes[0][2])
            now = seconds + nanoseconds / 1e9 + monotonic
            leg = self.legs.get(addr)
            if leg is None:
                leg = self.legs[addr] = Leg(addr, since=now + random.uniform(0, SPREAD_SECONDS), last_audible=now)
            self._arrived(leg, data, now)

    def _arrived(self, leg: Leg, data: bytes, now: float) -> None:
        self.figures.packets += 1
        sequence = struct.unpack_from("!H", data, 2)[0]
        if leg.last_sequence is not None:
            self.figures.lost += ((sequence - leg.last_sequence) & 0xFFFF) - 1 if sequence != leg.last_sequence else 0
            self.figures.gaps.append((now - leg.last_arrival) * 1000)
        leg.last_sequence, leg.last_arrival = sequence, now
        if loudness(data[12:]) < AUDIBLE:
            return
        leg.last_audible = now
        if leg.state == "asked":
            self.figures.responses.append((now - leg.spoke_until) * 1000)
            leg.state, leg.first_audible = "hearing", now

    async def speak_until(self, closed: asyncio.Event) -> None:
        """Sends every 20 ms. What it is late by for lack of a processor is left out: all callees do not stutter at once."""
        due = time.monotonic()
        while not closed.is_set():
            late = time.monotonic() - due
            self.figures.own_lateness.append(late * 1000)
            if late > FRAME_SECONDS:
                due += late
            self.tick()
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def tick(self) -> None:
        """Sends every call's next packet and moves its script on."""
        for leg in self.legs.values():
            now = time.monotonic()
            if now - leg.last_arrival > 2.0:
                continue
            self._step(leg, now)
            self._send(leg, leg.script.pop() if leg.script else SILENT)

    def _send(self, leg: Leg, payload: bytes) -> None:
        stamp = (leg.sequence * FRAME_SAMPLES) & 0xFFFFFFFF
        header = struct.pack("!BBHII", 0x80, 0, leg.sequence & 0xFFFF, stamp, leg.ssrc)
        leg.sequence += 1
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            self._sock.sendto(header + payload, leg.address)
        if payload is not SILENT:
            leg.spoken_packets += 1
            leg.spoke_until = time.monotonic()
            if leg.state == "barging" and leg.spoken_packets == self._interruption_packets:
                leg.complete_at = leg.spoke_until

    def _step(self, leg: Leg, now: float) -> None:
        quiet = now - leg.last_audible
        if leg.state == "waiting" and quiet > QUIET_SECONDS and now - leg.since > QUIET_SECONDS:
            leg.state, leg.script = "speaking", self._utterance[::-1]
        elif leg.state == "speaking" and not leg.script:
            leg.state, leg.since = "asked", now
        elif leg.state == "asked" and now - leg.since > LONGEST_WAIT_SECONDS:
            self.figures.missed_turns += 1
            leg.state, leg.since = "waiting", now
        elif leg.state == "hearing":
            self._listen(leg, now, quiet)
        elif leg.state == "barging" and quiet > STOPPED_SECONDS and leg.complete_at:
            self.figures.barge_stops.append(max(0.0, leg.last_audible - leg.complete_at) * 1000)
            leg.state, leg.since = "barged", now
        elif leg.state == "barged" and not leg.script and now - leg.since > QUIET_SECONDS:
            leg.state, leg.since = "waiting", now

    def _listen(self, leg: Leg, now: float, quiet: float) -> None:
        if leg.barge and now - leg.first_audible > BARGE_AFTER_SECONDS:
            leg.state, leg.script, leg.barge = "barging", self._utterance[::-1], False
            leg.spoken_packets, leg.complete_at = 0, 0.0
        elif quiet > QUIET_SECONDS:
            leg.state, leg.since, leg.barge = "waiting", now, True


def percentile(values: list[float], rank: float) -> float | None:
    """A percentile, None of nothing."""
    return round(float(np.percentile(values, rank)), 2) if values else None


async def run(options: argparse.Namespace) -> None:
    """Serves until standard input closes; ``reset`` on standard input forgets what was measured so far."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", options.port))
    peer = Peer(sock, speech_frames(options.speech), options.interruption_seconds)
    loop.add_reader(sock, peer.receive)
    print(json.dumps({"port": sock.getsockname()[1]}), flush=True)
    closed = asyncio.Event()

    def told() -> None:
        line = sys.stdin.readline()
        if line.strip() == "reset":
            peer.figures = Figures()
        elif not line:
            loop.remove_reader(sys.stdin)
            closed.set()

    loop.add_reader(sys.stdin, told)
    await peer.speak_until(closed)
    found = peer.figures
    print(
        json.dumps(
            {
                "turns": len(found.responses),
                "missed_turns": found.missed_turns,
                "response_ms": found.responses,
                "barge_in_stop_ms": found.barge_stops,
                "packet_gap_ms_p50": percentile(found.gaps, 50),
                "packet_gap_ms_p99": percentile(found.gaps, 99),
                "peer_lateness_ms_p99": percentile(found.own_lateness, 99),
                "peer_lateness_ms_max": percentile(found.own_lateness, 100),
                "packets": found.packets,
                "lost": found.lost,
            }
        ),
        flush=True,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="The far end's sound for many calls.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--speech", required=True, help="8 kHz mono WAV of one utterance")
    parser.add_argument("--interruption-seconds", type=float, default=0.3)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
