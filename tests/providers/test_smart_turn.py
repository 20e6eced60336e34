"""End of turn on whole and on cut sentences, and the features that it is judged by."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from tests.providers.prompts import at_16_khz, prompt
from trunkline.audio.frame import Samples
from trunkline.providers.local import weights
from trunkline.providers.local.features import log_mel
from trunkline.providers.local.smart_turn import SmartTurn

pytestmark = pytest.mark.room

PAUSE = np.zeros(3_200, np.float32)
NAMES = (
    *("all-circuits-busy-now", "cannot-complete-as-dialed", "conf-extended", "conf-full", "conf-getchannel"),
    *("check-number-dial-again", "conf-invalid", "vm-nobodyavail"),
)


def reference() -> Any:
    """The feature code that the model's authors ship beside it: one file that needs numpy alone."""
    path = weights.folder_of(weights.PIPECAT) / "audio/turn/smart_turn/_whisper_features.py"
    spec = importlib.util.spec_from_file_location("reference_features", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_features_are_those_of_the_models_authors() -> None:
    speech = at_16_khz(prompt("agent-incorrect"))
    sound = np.pad(speech, (8 * 16_000 - len(speech), 0))
    theirs = reference().compute_whisper_log_mel_features(sound, do_normalize=False)
    assert log_mel(sound).shape == (80, 800)
    np.testing.assert_allclose(log_mel(sound), theirs, atol=1e-5)


async def test_whole_sentences_are_more_finished_than_cut_ones() -> None:
    turn = SmartTurn()

    async def judged(part: float) -> list[float]:
        return [await turn.finished(np.concatenate([cut(name, part), PAUSE])) for name in NAMES]

    whole, broken = await judged(1.0), await judged(0.6)
    turn.close()
    better = [one > other for one in whole for other in broken]
    assert sum(better) / len(better) > 0.75
    assert all(0 <= value <= 1 for value in (*whole, *broken))
    assert sum(value > 0.5 for value in whole) >= 6


async def test_any_length_of_sound_is_judged() -> None:
    turn = SmartTurn()
    for samples in (0, 1, 4_000, 128_000, 200_000):
        assert 0 <= await turn.finished(np.zeros(samples, np.float32)) <= 1
    turn.close()


def cut(name: str, part: float) -> Samples:
    speech = at_16_khz(prompt(name))
    loud = np.flatnonzero(np.abs(speech) > 0.02)
    speech = speech[loud[0] : loud[-1]]
    return speech[: int(len(speech) * part)]
