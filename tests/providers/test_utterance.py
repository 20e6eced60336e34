"""How an utterance is cut into pieces, and which words nobody said."""

import numpy as np
import pytest

from trunkline.providers.local.utterance import LONGEST_PIECE_SECONDS, RATE_HZ, Utterance, quietest, spoken

pytestmark = pytest.mark.unit


def test_long_speech_is_cut_at_its_quietest_place_and_nothing_is_lost() -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 40 * RATE_HZ).astype(np.float32)
    sound[11 * RATE_HZ : 11 * RATE_HZ + RATE_HZ // 4] *= 0.01
    utterance = Utterance(sound[:RATE_HZ])
    for at in range(RATE_HZ, len(sound), 320):
        utterance.add(sound[at : at + 320])
    assert abs(len(utterance.pieces[0]) / RATE_HZ - 11.125) < 0.125
    assert all(len(piece) <= LONGEST_PIECE_SECONDS * RATE_HZ for piece in [*utterance.pieces, utterance.tail])
    np.testing.assert_array_equal(np.concatenate([*utterance.pieces, utterance.tail]), sound)
    assert (utterance.seconds, utterance.speech_seconds) == (40.0, 39.0)


def test_the_quietest_place_lies_within_its_bounds() -> None:
    assert RATE_HZ <= quietest(np.zeros(3 * RATE_HZ, np.float32), RATE_HZ, 2 * RATE_HZ) < 2 * RATE_HZ


@pytest.mark.parametrize(
    ("heard", "seconds", "said"),
    [
        ("Yes, please.", 0.6, "Yes, please."),
        ("you", 0.4, ""),
        ("You.", 0.4, ""),
        ("you", 0.8, "you"),
        ("Thank you.", 0.3, ""),
        ("Thank you.", 0.9, "Thank you."),
        ("♪♪", 4.0, ""),
        ("♪ Hello ♪", 4.0, "Hello"),
        ("[Music] Hello (laughs)", 4.0, "Hello"),
        ("...", 4.0, ""),
        ("Yes", 0.1, ""),
    ],
)
def test_what_models_hear_in_noise_is_left_out(heard: str, seconds: float, said: str) -> None:
    assert spoken(heard, seconds) == said
