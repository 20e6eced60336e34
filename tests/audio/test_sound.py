"""Frames, levels, mixing and WAV files."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio import frame, level, mix, wav

pytestmark = pytest.mark.unit

PCM = st.lists(st.integers(-32768, 32767), max_size=50).map(lambda values: np.array(values, "<i2").tobytes())


def pcm(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


def test_a_frame_is_twenty_milliseconds() -> None:
    assert (frame.frame_samples(8_000), frame.frame_bytes(8_000)) == (160, 320)
    assert (frame.frame_samples(16_000), frame.frame_bytes(16_000)) == (320, 640)
    assert frame.seconds_of(len(frame.silence(1.5, 8_000)), 8_000) == 1.5


@given(PCM)
def test_pcm_survives_the_way_through_floats(sound: bytes) -> None:
    assert frame.to_pcm(frame.to_float(sound)) == sound


def test_what_is_too_loud_is_clipped() -> None:
    assert frame.to_pcm(np.array([2.0, -2.0], np.float32)) == pcm(32767, -32768)
    assert level.gain(pcm(20000, -20000), 6.0) == pcm(32767, -32768)


def test_levels_are_decibels_below_full_scale() -> None:
    assert level.dbfs(b"") == level.dbfs(bytes(320)) == level.SILENCE_DBFS
    assert level.dbfs(pcm(*[16384, -16384] * 80)) == pytest.approx(-6.02, abs=0.01)
    assert level.dbfs(level.gain(pcm(*[16384, -16384] * 80), -20)) == pytest.approx(-26.02, abs=0.01)


@given(PCM, PCM)
def test_stereo_holds_both_sides_and_fills_up_the_shorter(left: bytes, right: bytes) -> None:
    length = max(len(left), len(right))
    stereo = mix.interleave(left, right)
    assert mix.split(stereo) == (left.ljust(length, b"\0"), right.ljust(length, b"\0"))


def test_two_sounds_at_once_are_added_and_clipped() -> None:
    assert mix.mix(pcm(1, 2, 30000), pcm(10, -5)) == pcm(11, -3, 30000)
    assert mix.mix(pcm(30000), pcm(30000, 1)) == pcm(32767, 1)


def test_a_wav_file_is_read_by_the_standard_library() -> None:
    stereo = mix.interleave(pcm(1, 2, 3), pcm(-1, -2, -3))
    with wave.open(io.BytesIO(wav.encode(stereo, 8_000, 2))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 2, 2)
        assert file.readframes(10) == stereo
    assert wav.decode(wav.encode(stereo, 8_000, 2)) == wav.Wav(8_000, 2, stereo)


def test_a_file_that_was_cut_off_while_it_grew_can_be_read() -> None:
    growing = wav.header(8_000, 2) + pcm(1, 2, 3, 4) + b"\x05"
    assert len(wav.header(8_000, 2)) == wav.HEADER_BYTES
    assert wav.decode(growing).pcm == pcm(1, 2, 3, 4)


def test_unknown_chunks_are_passed_over() -> None:
    whole = wav.encode(pcm(7), 16_000)
    extended = whole[:36] + b"LIST" + (3).to_bytes(4, "little") + b"abc\0" + whole[36:]
    assert wav.decode(extended).pcm == pcm(7)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"OggS" + bytes(60), wav.header(8_000, 1)[:36], wav.header(8_000, 1)[:30]]
)
def test_what_is_no_wav_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"WAV|format"):
        wav.decode(data)


def test_eight_bit_files_are_refused() -> None:
    whole = bytearray(wav.encode(pcm(7), 16_000))
    whole[34] = 8
    with pytest.raises(ValueError, match="8 bits"):
        wav.decode(bytes(whole))
