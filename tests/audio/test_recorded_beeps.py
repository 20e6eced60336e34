"""The beep detector on a real telephone system's recordings: its beep is found, and nothing in all that is spoken."""

import pytest

from tests.providers.prompts import _SOUNDS as SOUNDS
from tests.providers.prompts import prompt
from trunkline.audio.beep import BeepDetector, Tone
from trunkline.audio.frame import silence

pytestmark = pytest.mark.room

RATE_HZ = 8000
FRAME_BYTES = 320


def heard(pcm: bytes) -> list[Tone]:
    detector, found = BeepDetector(RATE_HZ), []
    pcm += silence(0.5, RATE_HZ)
    for start in range(0, len(pcm), FRAME_BYTES):
        found += detector.hear(pcm[start : start + FRAME_BYTES], (start + FRAME_BYTES) / 2 / RATE_HZ)
    return [tone for tone in found if tone.over]


def test_the_recorded_beep_is_found() -> None:
    (tone,) = heard(prompt("beep"))
    assert tone.frequency_hz == pytest.approx(700, abs=10)
    assert tone.seconds == pytest.approx(0.4, abs=0.05)


def test_no_recorded_sentence_is_taken_for_a_beep() -> None:
    names = sorted(path.stem for path in SOUNDS.glob("*.wav") if path.stem not in ("beep", "beeperr"))
    assert len(names) > 250
    assert [name for name in names if heard(prompt(name))] == []
