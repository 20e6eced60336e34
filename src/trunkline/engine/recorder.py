"""The recorder: stereo WAV files of calls, the party left and the assistant right, written while the calls run."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from trunkline.audio.wav import header
from trunkline.base.clock import Clock
from trunkline.base.logs import logger
from trunkline.engine.tracks import LEFT, RIGHT, Tracks
from trunkline.ports.blobs import BlobMaker, BlobWriter

WRITE_SECONDS = 1.0
BACKLOG_WRITES = 30
FINISH_SECONDS = 5.0
_CHANNELS = 2
_SAMPLE_BYTES = 2

_Sides = tuple[list[tuple[bytes, float]], list[tuple[bytes, float]]]
"""The stretches of both sides that wait for the writer, each with the time at which it ended."""

_log = logger("engine")


class Recorder:
    """One writer thread for all recordings of a worker. Used as ``async with``."""

    def __init__(self, blobs: BlobMaker, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")

    async def __aenter__(self) -> "Recorder":
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=False)

    def start(self, call_id: str, sample_rate_hz: int) -> "Tape":
        """A recording that begins now."""
        return Tape(f"{call_id}.wav", sample_rate_hz, self._blobs, self._clock, self._thread)


class Tape:
    """One call's recording. Where the disk fails it is given up and removed; the call goes on."""

    def __init__(
        self, name: str, sample_rate_hz: int, blobs: BlobMaker, clock: Clock, thread: ThreadPoolExecutor
    ) -> None:
        self.name = name
        self._rate = sample_rate_hz
        self._blobs = blobs
        self._clock = clock
        self._thread = thread
        self._tracks = Tracks(sample_rate_hz, clock.monotonic())
        self._write_at = clock.monotonic() + WRITE_SECONDS
        self._sides: _Sides = ([], [])
        self._writes: set[asyncio.Future[None]] = set()
        self._writer: BlobWriter | None = None
        self._lost = False

    def left(self, pcm: bytes, now: float) -> None:
        """The party's sound that arrived until ``now``."""
        self._put(LEFT, pcm, now)

    def right(self, pcm: bytes, now: float) -> None:
        """Our sound that was played until ``now``."""
        self._put(RIGHT, pcm, now)

    async def finish(self) -> str | None:
        """Closes the file; its name, or None when it was lost. Safe to call once."""
        self._send(self._clock.monotonic(), last=True)
        loop = asyncio.get_running_loop()
        closing = loop.run_in_executor(self._thread, self._close)
        done, _ = await asyncio.wait([closing], timeout=FINISH_SECONDS)
        if not done:
            self._lost = True  # nobody will know of the file: the writer removes it when it comes to it
            _log.error("the disk is too slow: a recording is given up", recording=self.name)
        return None if self._lost else self.name

    def _put(self, side: int, pcm: bytes, now: float) -> None:
        if self._lost:
            return
        self._sides[side].append((pcm, now))
        if now >= self._write_at:
            self._write_at = now + WRITE_SECONDS
            self._send(now)

    def _send(self, now: float, *, last: bool = False) -> None:
        sides, self._sides = self._sides, ([], [])
        if self._lost:
            return
        if len(self._writes) >= BACKLOG_WRITES:
            self._lost = True
            _log.error("the disk is too slow: a recording is given up", recording=self.name)
            return
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._lay_down, sides, now, last)
        self._writes.add(future)
        future.add_done_callback(self._writes.discard)

    # --- in the writer thread

    def _lay_down(self, sides: _Sides, now: float, last: bool) -> None:
        """Puts the sound where it belongs in time, all of a second at once, and writes what is settled."""
        stereo = b"".join([self._tracks.put(side, *sides[side]) for side in (LEFT, RIGHT)])
        stereo += self._tracks.finish(now) if last else self._tracks.take(now)
        if stereo and not self._lost:
            self._write(stereo)

    def _write(self, stereo: bytes) -> None:
        try:
            if self._writer is None:
                self._writer = self._blobs.create(self.name)
                self._writer.write(header(self._rate, _CHANNELS))
            self._writer.write(stereo)
        except OSError as error:
            self._lost = True
            _log.error("a recording is given up", recording=self.name, error=str(error))

    def _close(self) -> None:
        try:
            if self._writer is not None and not self._lost:
                data_bytes = self._tracks.samples * _CHANNELS * _SAMPLE_BYTES
                self._writer.rewrite_head(header(self._rate, _CHANNELS, data_bytes))
                self._writer.close()
        except OSError as error:
            self._lost = True
            _log.error("a recording could not be closed", recording=self.name, error=str(error))
        if self._writer is None:
            self._lost = True
        elif self._lost:
            self._abandon(self._writer)

    def _abandon(self, writer: BlobWriter) -> None:
        try:
            writer.abandon()
        except OSError as error:
            _log.error("a lost recording could not be removed", recording=self.name, error=str(error))
