"""G.711 against the values that ITU-T G.711 prints, and round trips."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio.g711 import alaw_to_pcm, pcm_to_alaw, pcm_to_ulaw, ulaw_to_pcm

pytestmark = pytest.mark.unit

ALL_CODES = bytes(range(256))


def test_every_ulaw_code_survives_the_way_through_pcm_but_negative_zero() -> None:
    again = pcm_to_ulaw(ulaw_to_pcm(ALL_CODES))
    assert [code for code in range(256) if again[code] != code] == [0x7F]
    assert again[0x7F] == 0xFF


def test_every_alaw_code_survives_the_way_through_pcm() -> None:
    assert pcm_to_alaw(alaw_to_pcm(ALL_CODES)) == ALL_CODES


@pytest.mark.parametrize(
    ("code", "value"), [(0x00, -32124), (0x80, 32124), (0xFF, 0), (0x7F, 0), (0xFE, 8), (0x8F, 16764)]
)
def test_ulaw_codes_have_the_standards_values(code: int, value: int) -> None:
    assert struct.unpack("<h", ulaw_to_pcm(bytes([code])))[0] == value


@pytest.mark.parametrize(("code", "value"), [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256), (0x80, 5504)])
def test_alaw_codes_have_the_standards_values(code: int, value: int) -> None:
    assert struct.unpack("<h", alaw_to_pcm(bytes([code])))[0] == value


@given(st.integers(-32768, 32767))
def test_a_sample_comes_back_within_the_step_of_its_segment(value: int) -> None:
    pcm = struct.pack("<h", value)
    step = max(16, abs(value) // 14)
    clipped = max(-32635, min(32635, value))
    assert abs(struct.unpack("<h", ulaw_to_pcm(pcm_to_ulaw(pcm)))[0] - clipped) <= step
    assert abs(struct.unpack("<h", alaw_to_pcm(pcm_to_alaw(pcm)))[0] - clipped) <= step


def test_nothing_is_nothing() -> None:
    assert pcm_to_ulaw(b"") == ulaw_to_pcm(b"") == pcm_to_alaw(b"") == alaw_to_pcm(b"") == b""
