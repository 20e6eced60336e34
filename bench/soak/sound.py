"""The sound of the far end: RTP legs that speak, are silent, press keys, stop, or send what is no sound at all."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections import deque
from enum import Enum

from bench.rtp_peer import FRAME_SAMPLES, FRAME_SECONDS, SILENT

EVENT_TYPE = 101
RTCP_TYPES = range(192, 224)
"""RFC 5761 section 4."""
KEYS = "0123456789*#ABCD"
KEY_FRAMES = 5
KEY_ENDS = 3
LINGER_SECONDS = 1.5
"""Sound that still comes so long after the end of a call comes from a leg that was not closed."""
_JITTER_FRAMES = 25


class Manner(Enum):
    """How a leg sends."""

    SOUND = "sound"
    NOTHING = "nothing"
    GARBAGE = "garbage"
    ODD = "odd"
    """Good sound, and between it packets that are tiny, cut off, of other types and of other sources."""


class Sound:
    """One leg's RTP on a port of its own."""

    def __init__(self, speech: list[bytes], manner: Manner, chance: random.Random) -> None:
        self.manner = manner
        self.on = False
        self.packets = 0
        self.late_packets = 0
        self._ended_at: float | None = None
        self._speech = speech
        self._chance = chance
        self._to: tuple[str, int] | None = None
        self._script: deque[bytes] = deque()
        self._keys: deque[bytes] = deque()
        self._sequence = chance.getrandbits(15)
        self._stamp = chance.getrandbits(31)
        self._ssrc = chance.getrandbits(32)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.bind(("127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._sock, self._receive)

    def send_to(self, address: tuple[str, int] | None) -> None:
        """Where the other side wants it."""
        self._to = address or self._to

    def speak(self, seconds: float) -> None:
        """Says its words over and over for about so long."""
        for at in range(int(seconds / FRAME_SECONDS)):
            self._script.append(self._speech[at % len(self._speech)])

    def hush(self) -> None:
        """Stops speaking."""
        self._script.clear()

    def press(self, keys: str) -> None:
        """Presses keys as RFC 4733 events of 100 ms with pauses as long."""
        for key in keys:
            code = KEYS.index(key)
            for frame in range(1, KEY_FRAMES + 1):
                self._keys.append(struct.pack("!BBH", code, 10, frame * FRAME_SAMPLES))
            self._keys.extend([struct.pack("!BBH", code, 0x80 | 10, KEY_FRAMES * FRAME_SAMPLES)] * KEY_ENDS)
            self._keys.extend([b""] * KEY_FRAMES)

    def end(self) -> None:
        """The call is over: what comes later is counted as left over."""
        self.on = False
        self._ended_at = self._ended_at or time.monotonic()

    def close(self) -> None:
        """Frees the port."""
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()

    def tick(self) -> None:
        """Sends the packets of 20 ms."""
        if not self.on or self._to is None:
            return
        if self.manner is Manner.SOUND or self.manner is Manner.ODD:
            self._send_sound()
        if self.manner is Manner.GARBAGE or (self.manner is Manner.ODD and self._chance.random() < 0.3):
            self._put(self._garbage())

    def _send_sound(self) -> None:
        event = self._keys.popleft() if self._keys else b""
        if event:
            marked = 0x80 if event[2:] == struct.pack("!H", FRAME_SAMPLES) else 0
            self._put(self._header(EVENT_TYPE | marked) + event)
        else:
            self._put(self._header(0) + (self._script.popleft() if self._script else SILENT))
            self._stamp = (self._stamp + FRAME_SAMPLES) & 0xFFFFFFFF

    def _header(self, kind: int) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return struct.pack("!BBHII", 0x80, kind, self._sequence, self._stamp, self._ssrc)

    def _garbage(self) -> bytes:
        chance = self._chance
        match chance.randrange(6):
            case 0:
                return chance.randbytes(chance.randrange(1, 12))
            case 1:
                return bytes([chance.randrange(128)]) + chance.randbytes(chance.randrange(12, 1400))  # never version 2
            case 2:
                return struct.pack("!BBHII", 0x80, 0, chance.getrandbits(16), 0, self._ssrc)
            case 3:
                return struct.pack("!BBHII", 0x80, 77, chance.getrandbits(16), 0, self._ssrc) + chance.randbytes(160)
            case 4:
                return struct.pack("!BBHII", 0xBF, 0, chance.getrandbits(16), 0, self._ssrc) + chance.randbytes(7)
            case _:
                return struct.pack("!BBHI", 0x80, 200, 6, chance.getrandbits(32)) + chance.randbytes(5)

    def _put(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            assert self._to is not None
            self._sock.sendto(data, self._to)

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            for _ in range(_JITTER_FRAMES):
                data = self._sock.recv(2048)
                if len(data) > 1 and data[1] in RTCP_TYPES:
                    continue  # for a leg whose port is the one below
                self.packets += 1
                if self._ended_at is not None and time.monotonic() - self._ended_at > LINGER_SECONDS:
                    self.late_packets += 1


class Studio:
    """The clock of all legs."""

    def __init__(self, speech: list[bytes]) -> None:
        self._speech = speech
        self._legs: set[Sound] = set()

    def leg(self, manner: Manner, chance: random.Random) -> Sound:
        """A leg that is not on yet."""
        sound = Sound(self._speech, manner, chance)
        self._legs.add(sound)
        return sound

    def forget(self, sound: Sound) -> None:
        """Closes a leg."""
        self._legs.discard(sound)
        sound.close()

    async def run(self) -> None:
        """Sends for ever, every 20 ms; what it cannot keep up with is left out."""
        due = time.monotonic()
        while True:
            for sound in tuple(self._legs):
                sound.tick()
            due = max(due + FRAME_SECONDS, time.monotonic() - 2 * FRAME_SECONDS)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
