"""Voice activity on real speech, on what is no speech, and for many calls at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.providers.prompts import at_16_khz, prompt, tone
from trunkline.audio.frame import Samples, to_pcm
from trunkline.ports.vad import WINDOW_SAMPLES
from trunkline.providers.local.silero import SileroVad

pytestmark = pytest.mark.room


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad(slots=2)


def windows(samples: Samples) -> Samples:
    return samples[: len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES)


def probabilities(vad: SileroVad, samples: Samples) -> NDArray[np.float32]:
    slot = vad.take()
    found = [vad.run(np.array([slot]), window[None])[0] for window in windows(samples)]
    vad.give_back(slot)
    return np.array(found)


@pytest.mark.parametrize("name", ["agent-incorrect", "vm-nobodyavail", "conf-onlyperson"])
def test_speech_is_heard_as_speech_and_the_pause_after_it_is_not(vad: SileroVad, name: str) -> None:
    speech = at_16_khz(prompt(name))
    found = probabilities(vad, np.concatenate([np.zeros(8192, np.float32), speech, np.zeros(16384, np.float32)]))
    assert found[:16].max() < 0.2
    assert (found[16 : 16 + len(speech) // WINDOW_SAMPLES] > 0.5).mean() > 0.75
    assert found[-20:].max() < 0.2


def test_silence_noise_keys_and_ringing_are_no_speech(vad: SileroVad) -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, 32_000).astype(np.float32)
    for sound in (np.zeros(32_000, np.float32), noise):
        assert (probabilities(vad, sound) > 0.5).mean() < 0.05
    for hertz in ((697, 1209), (941, 1477), (425,), (440, 480)):
        assert (probabilities(vad, at_16_khz(to_pcm(tone(*hertz)))) > 0.5).mean() < 0.1


def test_many_calls_in_one_run_hear_what_each_hears_alone(vad: SileroVad) -> None:
    names = ("agent-incorrect", "conf-full", "auth-incorrect", "vm-nobodyavail", "conf-locked")
    sounds = [windows(at_16_khz(prompt(name)))[:40] for name in names]
    count = min(len(sound) for sound in sounds)
    alone = np.array([probabilities(vad, sound[:count].reshape(-1)) for sound in sounds])
    slots = np.array([vad.take() for _ in sounds])
    order = np.array([3, 1, 4, 0, 2])
    together = np.zeros_like(alone)
    for at in range(count):
        together[order, at] = vad.run(slots[order], np.stack([sounds[call][at] for call in order]))
    for slot in slots:
        vad.give_back(int(slot))
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_slot_that_was_given_back_starts_afresh(vad: SileroVad) -> None:
    speech = at_16_khz(prompt("conf-full"))
    first = probabilities(vad, speech)
    np.testing.assert_allclose(probabilities(vad, speech), first, atol=1e-6)


def test_speech_after_half_a_minute_of_noise_is_still_heard(vad: SileroVad) -> None:
    noise = np.random.default_rng(2).normal(0, 0.03, 30 * 16_000).astype(np.float32)
    speech = at_16_khz(prompt("vm-nobodyavail"))
    found = probabilities(vad, np.concatenate([noise, speech]))
    assert (found[len(noise) // WINDOW_SAMPLES :] > 0.5).mean() > 0.7


def test_no_calls_need_no_run_and_wrong_windows_are_refused(vad: SileroVad) -> None:
    assert vad.run(np.zeros(0, np.intp), np.zeros((0, WINDOW_SAMPLES), np.float32)).shape == (0,)
    with pytest.raises(ValueError, match="windows are"):
        vad.run(np.array([0]), np.zeros((1, 100), np.float32))
