"""The recording's time line, its file, and a disk that fails."""

from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine_media.world import MemoryBlobs
from trunkline.audio.wav import decode
from trunkline.engine import recorder
from trunkline.engine.recorder import Recorder, Tape
from trunkline.engine.tracks import LEFT, RIGHT, Tracks
from trunkline.testing.clock import VirtualClock, run_virtual

pytestmark = pytest.mark.room

FRAME = 320


def ones(frames: int, value: int = 1) -> bytes:
    return np.full(frames * 160, value, "<i2").tobytes()


def sides(stereo: bytes) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    rows = np.frombuffer(stereo, "<i2").reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def test_both_sides_lie_where_they_sounded_and_silence_fills_the_rest() -> None:
    tracks = Tracks(8000, 10.0)
    tracks.put(LEFT, (ones(5), 10.1))
    tracks.put(RIGHT, (ones(5, 2), 11.1))
    left, right = sides(tracks.finish(12.0))
    assert len(left) == 16_000
    assert np.flatnonzero(left).tolist() == list(range(800))
    assert np.flatnonzero(right).tolist() == list(range(8000, 8800))


def test_frames_that_come_unevenly_stay_together() -> None:
    tracks = Tracks(8000, 0.0)
    for index, jitter in enumerate([0.0, 0.03, 0.01, 0.04, 0.0, 0.02]):
        tracks.put(RIGHT, (ones(1, index + 1), 0.52 + index * 0.02 + jitter))
    _, right = sides(tracks.finish(1.0))
    heard = right[np.flatnonzero(right)]
    assert heard.tolist() == [value for value in range(1, 7) for _ in range(160)]
    assert np.flatnonzero(right)[0] % 160 == 0


def test_nothing_is_given_out_before_what_is_late_could_come() -> None:
    tracks = Tracks(8000, 0.0)
    tracks.put(LEFT, (ones(50), 1.0))
    assert len(tracks.take(1.0)) == int(0.6 * 8000) * 4
    tracks.put(RIGHT, (ones(1, 3), 0.7))
    _, right = sides(tracks.finish(1.0))
    assert np.flatnonzero(right).tolist() == list(range(5440 - 4800, 5600 - 4800))


def test_a_long_gap_and_a_long_sound_both_fit() -> None:
    tracks = Tracks(8000, 0.0)
    early = tracks.put(LEFT, (ones(1), 30.0)) + tracks.put(RIGHT, (ones(150, 2), 40.0))
    left, right = sides(early + tracks.finish(41.0))
    assert len(left) == 41 * 8000
    assert np.flatnonzero(left).tolist() == list(range(30 * 8000 - 160, 30 * 8000))
    assert int(right.sum()) == 2 * 150 * 160


def test_a_side_that_sends_too_much_does_not_stretch_the_recording() -> None:
    tracks = Tracks(8000, 0.0)
    for index in range(200):
        tracks.put(LEFT, (ones(2), (index + 1) * 0.02))
    left, _ = sides(tracks.finish(4.0))
    assert len(left) <= 4.6 * 8000


async def record(blobs: MemoryBlobs, seconds: float = 3.0) -> tuple[str | None, Tape]:
    clock = VirtualClock()
    async with Recorder(blobs, clock) as writing:
        tape = writing.start("call-1", 8000)
        for index in range(int(seconds * 50)):
            await clock.sleep(0.02)
            tape.left(ones(1, 5), clock.monotonic())
            if index >= 50:
                tape.right(ones(1, 7), clock.monotonic())
        return await tape.finish(), tape


def test_the_file_is_a_stereo_wav_that_grows_while_the_call_runs() -> None:
    blobs = MemoryBlobs()
    name, _ = run_virtual(record(blobs))
    assert name == "call-1.wav"
    wav = decode(bytes(blobs.files["call-1.wav"]))
    left, right = sides(wav.pcm)
    assert (wav.sample_rate_hz, wav.channels, len(left)) == (8000, 2, 24_000)
    assert set(left.tolist()) == {5}
    assert np.flatnonzero(right).tolist() == list(range(8000, 24_000))
    assert blobs.writers[0].closed


@pytest.mark.parametrize("blobs", [MemoryBlobs(room=20_000), MemoryBlobs(room=10), MemoryBlobs(broken=True)])
def test_a_full_disk_ends_the_recording_and_leaves_no_file(blobs: MemoryBlobs) -> None:
    name, _ = run_virtual(record(blobs))
    assert name is None
    assert blobs.files == {}
    assert all(writer.closed for writer in blobs.writers)


def test_a_call_without_sound_leaves_no_file() -> None:
    blobs = MemoryBlobs()
    name, _ = run_virtual(record(blobs, seconds=0.0))
    assert name is None
    assert blobs.files == {}


async def test_a_recording_that_is_closed_too_late_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "FINISH_SECONDS", 0.1)
    blobs, held = MemoryBlobs(), Event()
    async with Recorder(blobs, VirtualClock()) as writing:
        tape = writing.start("call-1", 8000)
        tape.left(ones(50), 1.0)
        writing._thread.submit(held.wait, 60)
        assert await tape.finish() is None
        held.set()
    assert blobs.files == {}
