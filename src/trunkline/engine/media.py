"""The one 20 ms clock of the worker: each pass moves the sound of all calls, with one run of the voice detector."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trunkline.audio.beep import BeepDetector, Tone
from trunkline.audio.resample import DELAY_SECONDS, Doubler
from trunkline.base.clock import Clock
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.engine.activity import START_PROBABILITY, STEPS
from trunkline.engine.echo import HEARD_SECONDS, PLAYED_SECONDS, likeness, loudness
from trunkline.engine.events import ToneHeard, ToneNoticed
from trunkline.engine.hearing import Ears
from trunkline.engine.presence import Presence
from trunkline.engine.punctuality import Arrivals
from trunkline.engine.recorder import Tape
from trunkline.engine.speaker import Speaker
from trunkline.ports.line import Line
from trunkline.ports.vad import WINDOW_RATE_HZ, WINDOW_SAMPLES, Vad

PASS_SECONDS = 0.02
WANDER_SECONDS = 0.0001
"""Passes are a hair longer than packets, so that within 4 s every call's packets are once read the moment they come."""
BATCH = 32
"""More calls in one run of the detector make it no cheaper."""
QUIET_PASSES = 3
"""So many passes without a packet (60 ms) are no jitter: the party's side sends no silence, so we make it."""
STILL_LEVEL = 16
STILL_WINDOWS = 16
"""After half a second of sound that is digital silence (up to the last bits of G.711) the detector is not asked."""
LOST_SECONDS = 20.0
SKIP_SECONDS = 0.5

_LATENESS_PASSES = 6000
_log = logger("engine")


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the passes of the last two minutes began, in milliseconds."""

    p50: float
    p99: float
    max: float
    passes: int


class Seat:
    """One call's place in the pass."""

    def __init__(
        self,
        line: Line,
        listener: Ears,
        speaker: Speaker,
        lost: Callable[[], None],
        broken: Callable[[BaseException], None],
        tape: Tape | None = None,
    ) -> None:
        self.line = line
        self.listener = listener
        self.speaker = speaker
        self.lost = lost
        self.broken = broken
        self.tape = tape
        self.sound = _Sound(line.sample_rate_hz, line.delay_seconds)
        self.beeps: BeepDetector | None = None
        self.tone: Callable[[Tone], None] | None = None
        self.bridge: Callable[[bytes, float], None] | None = None
        """Takes all sound of this line, in place of those above; nothing else is played to it."""

    def sniff(self, tell: Callable[[ToneNoticed | ToneHeard], None] | None) -> None:
        """Tells tones from now on; None: no longer."""
        self.beeps = BeepDetector(self.line.sample_rate_hz) if tell is not None else None
        self.tone = None if tell is None else lambda tone: tell(_told(tone))


class _Sound:
    """What the pass knows of one call's sound."""

    def __init__(self, sample_rate_hz: int, delay_seconds: float) -> None:
        self.late_seconds = delay_seconds + (0.0 if sample_rate_hz == WINDOW_RATE_HZ else DELAY_SECONDS)
        self.rate_hz = sample_rate_hz
        self.bytes_per_second = sample_rate_hz * 2
        self.window_bytes = WINDOW_SAMPLES * 2 * sample_rate_hz // WINDOW_RATE_HZ
        self.silent_frame = bytes(sample_rate_hz // 50 * 2)
        self.slot = -1
        self.presence = Presence()
        self.pending = bytearray()
        self.played = bytearray()
        self.played_at = -PLAYED_SECONDS
        self.quiet_passes = 0
        self.heard_at = 0.0
        self.arrivals = Arrivals(self.bytes_per_second)

    @property
    def has_window(self) -> bool:
        """Whether there is sound enough for the detector."""
        return len(self.pending) >= self.window_bytes

    @property
    def window_ended_at(self) -> float:
        """When the last sample of the newest window came in from the network."""
        return self.arrivals.time_of_last(len(self.pending)) - self.late_seconds


class Media:
    """Moves sound for every seat. Used as ``async with``; the clock sleeps while nobody sits."""

    def __init__(self, vad: Vad, clock: Clock) -> None:
        self._vad = vad
        self._clock = clock
        self._crew = Crew("media")
        self._seats: tuple[Seat, ...] = ()
        self._wanted = asyncio.Event()
        self._doubler = Doubler()
        self._still = np.zeros(128, np.intp)
        self._late = np.zeros(_LATENESS_PASSES, np.float32)
        self._passes = 0
        self._failing = False

    async def __aenter__(self) -> "Media":
        self._crew.start(self._run(), "clock")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._crew.aclose()

    def join(self, seat: Seat) -> None:
        """The call's line is up: its sound moves from the next pass on."""
        sound = seat.sound
        sound.slot = self._vad.take()
        sound.heard_at = self._clock.monotonic()
        self._doubler.grow(sound.slot + 1)
        self._doubler.reset(sound.slot)
        if sound.slot >= len(self._still):
            self._still = np.concatenate([self._still, np.zeros(sound.slot + 1, np.intp)])
        self._still[sound.slot] = 0
        self._seats = (*self._seats, seat)
        self._wanted.set()

    def leave(self, seat: Seat) -> None:
        """The call is over, or its line is; safe to call twice."""
        if seat not in self._seats:
            return
        self._seats = tuple(other for other in self._seats if other is not seat)
        self._vad.give_back(seat.sound.slot)
        seat.sound.slot = -1
        if not self._seats:
            self._wanted.clear()

    def lateness_ms(self) -> Lateness:
        """How punctual the clock was of late."""
        late = self._late[: min(self._passes, _LATENESS_PASSES)] * 1000
        if len(late) == 0:
            return Lateness(0.0, 0.0, 0.0, 0)
        p50, p99 = np.percentile(late, (50, 99))
        return Lateness(float(p50), float(p99), float(late.max()), self._passes)

    def lateness_since(self, passes: int) -> tuple[int, list[float]]:
        """How many passes there were, and how late in seconds those after the first ``passes`` began, as far back as two
        minutes."""
        news = self._passes - passes if self._passes >= passes else self._passes
        rows = np.arange(max(self._passes - min(news, _LATENESS_PASSES), 0), self._passes) % _LATENESS_PASSES
        return self._passes, self._late[rows].tolist()

    def forget_lateness(self) -> None:
        """Measures afresh from now on."""
        self._passes = 0

    async def one_pass(self, now: float) -> None:
        """Moves everybody's sound once, then listens to it, a batch of calls at a time: what waits comes in between."""
        moved = [seat for seat in self._seats if self._moved(seat, now)]
        while ready := [seat for seat in moved if seat.sound.slot >= 0 and seat.sound.has_window]:
            for first in range(0, len(ready), BATCH):
                self._detect([seat for seat in ready[first : first + BATCH] if seat.sound.slot >= 0], now)
                await asyncio.sleep(0)

    def _moved(self, seat: Seat, now: float) -> bool:
        try:
            if seat.bridge is not None:
                seat.bridge(seat.line.read(), now)
                return False
            self._move(seat, now)
        except Exception as error:  # noqa: BLE001 (one call's trouble must not silence the others)
            self._break(seat, error)
            return False
        return True

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            due = self._clock.monotonic()
            while self._seats:
                now = self._clock.monotonic()
                self._late[self._passes % _LATENESS_PASSES] = now - due
                self._passes += 1
                await self._guarded_pass(now)
                due += PASS_SECONDS + WANDER_SECONDS
                now = self._clock.monotonic()
                if now - due > SKIP_SECONDS:
                    due = now
                await self._clock.sleep(max(0.0, due - now))

    async def _guarded_pass(self, now: float) -> None:
        try:
            await self.one_pass(now)
        except Exception as error:  # noqa: BLE001 (a detector that fails makes all calls deaf, it must not stop them)
            if not self._failing:
                _log.error("the media pass failed", exc_info=error)
            self._failing = True
        else:
            self._failing = False

    def _move(self, seat: Seat, now: float) -> None:
        sound = seat.sound
        pcm = seat.line.read()
        if pcm:
            sound.quiet_passes = 0
            sound.heard_at = now
            if seat.tape is not None:
                seat.tape.left(pcm, now)
        else:
            sound.quiet_passes += 1
            if sound.quiet_passes >= QUIET_PASSES:
                pcm = sound.silent_frame
            if now - sound.heard_at >= LOST_SECONDS:
                sound.heard_at = now
                seat.lost()
        if pcm:
            sound.arrivals.count(len(pcm), self._clock.monotonic())
            sound.pending += pcm
            seat.listener.hear(pcm)
            if seat.beeps is not None and seat.tone is not None:
                for tone in seat.beeps.hear(pcm, now):
                    seat.tone(tone)
        self._played(seat, seat.speaker.play(now), now)

    def _played(self, seat: Seat, out: bytes, now: float) -> None:
        if not out:
            return
        sound = seat.sound
        if seat.tape is not None:
            seat.tape.right(out, now)
        if now - sound.played_at > PLAYED_SECONDS:
            sound.played.clear()
        sound.played += out
        sound.played_at = now
        if len(sound.played) > 2 * PLAYED_SECONDS * sound.bytes_per_second:
            del sound.played[: -int(PLAYED_SECONDS * sound.bytes_per_second)]

    def _detect(self, ready: list[Seat], now: float) -> None:
        """Runs the detector on the next window of each of these calls."""
        for rate_hz in {seat.sound.rate_hz for seat in ready}:
            self._detect_at(rate_hz, [seat for seat in ready if seat.sound.rate_hz == rate_hz], now)

    def _detect_at(self, rate_hz: int, seats: list[Seat], now: float) -> None:
        pcm = np.frombuffer(b"".join([_next_window(seat) for seat in seats]), "<i2").reshape(len(seats), -1)
        slots = np.array([seat.sound.slot for seat in seats], np.intp)
        still = np.abs(pcm).max(axis=1) <= STILL_LEVEL
        self._still[slots] = np.where(still, self._still[slots] + 1, 0)
        rows = np.flatnonzero(self._still[slots] <= STILL_WINDOWS)
        if len(rows) == 0:
            return
        slots = slots[rows]
        windows = pcm[rows].astype(np.float32) * np.float32(1 / 32768)
        if rate_hz != WINDOW_RATE_HZ:
            windows = self._doubler.run(slots, windows)
        steps = windows.reshape(len(rows), STEPS, WINDOW_SAMPLES // STEPS)
        levels = np.einsum("nsi,nsi->ns", steps, steps) / (WINDOW_SAMPLES // STEPS)
        for row, level, probability in zip(rows.tolist(), levels, self._vad.run(slots, windows).tolist(), strict=True):
            seat = seats[row]
            if probability >= START_PROBABILITY or not seat.sound.presence.idle:
                try:
                    self._judge(seat, probability, level.tolist(), now)
                except Exception as error:  # noqa: BLE001 (as above)
                    self._break(seat, error)

    def _judge(self, seat: Seat, probability: float, levels: list[float], now: float) -> None:
        sound = seat.sound
        if not seat.listener.on:
            sound.presence.forget()
            return
        event = sound.presence.step(
            probability, levels, sound.window_ended_at, self._ours(sound, now), lambda: self._likeness(seat, now)
        )
        if event is not None:
            seat.listener.speech(event)

    def _ours(self, sound: _Sound, now: float) -> float:
        """How loud we were of late; 0 where no echo of it can come any more."""
        return 0.0 if now - sound.played_at > PLAYED_SECONDS else loudness(sound.played, sound.rate_hz)

    def _likeness(self, seat: Seat, now: float) -> float:
        sound = seat.sound
        self._played(seat, seat.speaker.play(now, exact=True), now)
        played = bytes(sound.played[-int(PLAYED_SECONDS * sound.bytes_per_second) :])
        return likeness(seat.listener.last(HEARD_SECONDS), played, sound.rate_hz)

    def _break(self, seat: Seat, error: Exception) -> None:
        _log.error("a call's sound broke", exc_info=error)
        self.leave(seat)
        seat.broken(error)


def _told(tone: Tone) -> ToneNoticed | ToneHeard:
    if not tone.over:
        return ToneNoticed(tone.at, tone.frequency_hz)
    return ToneHeard(tone.at, tone.seconds, tone.frequency_hz)


def _next_window(seat: Seat) -> bytes:
    sound = seat.sound
    window = bytes(sound.pending[: sound.window_bytes])
    del sound.pending[: sound.window_bytes]
    return window
