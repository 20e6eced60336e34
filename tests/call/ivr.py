"""A keypad menu on a real telephone line: plays recorded prompts as RTP, reads keys as RFC 4733 events, and branches.

SIPp does its SIP and names this process's port. It decodes packets by itself and shares no code with the stack under
test. It writes what happened to its standard output, one JSON object a line, and ends when its standard input closes.
"""

import argparse
import asyncio
import json
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bench.rtp_peer import FRAME_SAMPLES, FRAME_SECONDS, SILENT, encode

from tests.providers.prompts import prompt

EVENT_TYPE = 101
KEYS = "0123456789*#ABCD"
PATIENCE_SECONDS = 6.0
MOST_REPEATS = 3
Menu = dict[str, Any]


@dataclass(slots=True)
class Key:
    """One RFC 4733 event, put together from its packets."""

    key: str
    stamp: int
    began: float
    ended: float = 0.0
    samples: int = 0
    packets: int = 0
    last_packets: int = 0


@dataclass(slots=True)
class Line:
    """The packets of one call."""

    sock: socket.socket
    peer: tuple[str, int] | None = None
    keys: list[Key] = field(default_factory=list)
    pressed: "asyncio.Queue[Key]" = field(default_factory=asyncio.Queue)
    playing: list[bytes] = field(default_factory=list)
    sequence: int = 0
    ssrc: int = field(default_factory=lambda: random.getrandbits(32))

    def receive(self) -> None:
        """Takes what came."""
        while True:
            try:
                data, address = self.sock.recvfrom(2048)
            except BlockingIOError:
                return
            if len(data) >= 12 and data[0] >> 6 == 2:
                self.peer = address
                if data[1] & 0x7F == EVENT_TYPE and len(data) >= 16:
                    self._event(struct.unpack("!I", data[4:8])[0], *struct.unpack("!BBH", data[12:16]))

    def _event(self, stamp: int, code: int, flags: int, duration: int) -> None:
        """One packet of an event: those of one key have one time stamp, and the last, with the end bit, comes thrice."""
        now = time.monotonic()
        key = self.keys[-1] if self.keys and self.keys[-1].stamp == stamp else None
        if key is None:
            key = Key(KEYS[code], stamp, now)
            self.keys.append(key)
            self.playing.clear()
        key.packets += 1
        key.samples = max(key.samples, duration)
        if flags & 0x80:
            key.last_packets += 1
            if key.last_packets == 1:
                key.ended = now
                self.pressed.put_nowait(key)

    async def play(self) -> None:
        """Sends a packet every 20 ms: the prompt, or silence."""
        due = time.monotonic()
        while True:
            payload = self.playing.pop(0) if self.playing else SILENT
            if self.peer is not None:
                stamp = self.sequence * FRAME_SAMPLES & 0xFFFFFFFF
                header = struct.pack("!BBHII", 0x80, 0, self.sequence & 0xFFFF, stamp, self.ssrc)
                with suppress(BlockingIOError, ConnectionRefusedError):
                    self.sock.sendto(header + payload, self.peer)
            self.sequence += 1
            due = max(due + FRAME_SECONDS, time.monotonic() - 0.2)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def say(self, names: Sequence[str]) -> None:
        """Begins to play these prompts; the next key stops them."""
        pcm = b"".join(prompt(name) for name in names)
        samples = np.frombuffer(pcm, np.int16)
        whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
        self.playing = [encode(samples[at : at + FRAME_SAMPLES]) for at in range(0, whole, FRAME_SAMPLES)]


def tell(what: str, **more: Any) -> None:
    """Writes down what happened."""
    print(json.dumps({"what": what, **more}), flush=True)  # noqa: T201 (this is how it tells)


async def _key(line: Line) -> str | None:
    """The next key; None when none comes for a while after the prompt."""
    with suppress(TimeoutError):
        key = await asyncio.wait_for(line.pressed.get(), len(line.playing) * FRAME_SECONDS + PATIENCE_SECONDS)
        tell("key", **{name: getattr(key, name) for name in ("key", "stamp", "samples", "began", "ended")})
        return key.key
    return None


async def walk(line: Line, menus: dict[str, Menu], place: str) -> None:
    """Goes through the menus from ``place`` on, until one is an end or nobody presses anything."""
    repeats = 0
    while repeats < MOST_REPEATS:
        menu = menus[place]
        tell("menu", name=place)
        line.say(menu["prompts"])
        if menu.get("end"):
            return
        went = await (_number(line, menu) if "number" in menu else _choice(line, menu))
        repeats = 0 if went else repeats + 1
        place = went or place
    tell("gave up", name=place)


async def _choice(line: Line, menu: Menu) -> str | None:
    key = await _key(line)
    if key is None:
        tell("timeout")
        return None
    if key not in menu["keys"]:
        tell("wrong", entered=key)
        line.say(menu["wrong"])
        await asyncio.sleep(len(line.playing) * FRAME_SECONDS)
        return None
    return str(menu["keys"][key])


async def _number(line: Line, menu: Menu) -> str | None:
    entered = ""
    while (key := await _key(line)) not in (None, "#"):
        entered += str(key)
    right = key == "#" and entered == menu["number"]
    tell("number" if right else "wrong", entered=entered)
    return str(menu["then"]) if right else None


async def _serve(port: int, menus: dict[str, Menu], place: str) -> None:
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", port))
    line = Line(sock)
    loop.add_reader(sock, line.receive)
    tell("ready", port=sock.getsockname()[1])
    closed = asyncio.Event()
    loop.add_reader(sys.stdin, closed.set)
    playing = asyncio.create_task(line.play())
    while line.peer is None and not closed.is_set():  # noqa: ASYNC110 (looked at as often as packets come)
        await asyncio.sleep(0.02)
    walking = asyncio.create_task(walk(line, menus, place))
    await closed.wait()
    for task in (walking, playing):
        task.cancel()
    await asyncio.gather(walking, playing, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Ivr:
    """The running menu, as tests see it."""

    port: int
    log: Path

    def told(self, what: str) -> list[dict[str, Any]]:
        """What happened of that kind, in order."""
        told = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [one for one in told if one["what"] == what]


@contextmanager
def ivr(folder: Path, menus: dict[str, Menu], place: str = "main") -> Iterator[Ivr]:
    """A menu in a process of its own; its log is in ``folder``."""
    log = folder / "ivr.log"
    command = [sys.executable, "-m", "tests.call.ivr", "--menus", json.dumps(menus), "--place", place]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out)
    try:
        running, until = Ivr(0, log), time.monotonic() + 20
        while not (ready := running.told("ready")):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, "the menu did not start"
            time.sleep(0.05)
        yield Ivr(ready[0]["port"], log)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(10)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--menus", type=json.loads, required=True)
    parser.add_argument("--place", default="main")
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.menus, given.place))


if __name__ == "__main__":
    main()
