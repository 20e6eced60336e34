"""End of turn by Smart Turn v3.2 (BSD-2): a probability from the sound of the last eight seconds."""

import numpy as np

from trunkline.audio.frame import Samples
from trunkline.providers.local import weights
from trunkline.providers.local.features import RATE_HZ, log_mel
from trunkline.providers.local.onnx import open_session
from trunkline.providers.local.threads import Threads

_SAMPLES = 8 * RATE_HZ


class SmartTurn:
    """ports.turn.TurnModel."""

    def __init__(self) -> None:
        self._session = open_session(
            weights.read(weights.PIPECAT, "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx")
        )
        self._threads = Threads("turn")

    async def finished(self, speech: Samples) -> float:
        return await self._threads.run(lambda: self.probability(speech))

    def close(self) -> None:
        """Ends its thread."""
        self._threads.close()

    def probability(self, speech: Samples) -> float:
        """How likely the turn is over after ``speech`` (16 kHz), reckoned where it is called."""
        sound = np.zeros(_SAMPLES, np.float32)
        kept = speech[-_SAMPLES:]
        sound[_SAMPLES - len(kept) :] = kept
        sound = (sound - sound.mean()) / np.sqrt(sound.var() + np.float32(1e-7))
        output = self._session.run(None, {"input_features": log_mel(sound)[None]})
        return float(output[0][0, 0])
