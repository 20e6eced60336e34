"""Voice activity by Silero (MIT) at 16 kHz: one run of the model for all calls of a worker."""

import numpy as np
from numpy.typing import NDArray

from trunkline.ports.vad import WINDOW_RATE_HZ, WINDOW_SAMPLES
from trunkline.providers.local import weights
from trunkline.providers.local.onnx import open_session

_CONTEXT_SAMPLES = 64
_STATE_SIZE = 128
_RATE = np.array(WINDOW_RATE_HZ, np.int64)

_RENEW_AFTER_WINDOWS = 63
_QUIET_PROBABILITY = 0.1
_QUIET_WINDOWS = 5


class SileroVad:
    """ports.vad.Vad. The model sees each window with the last 64 samples of the one before it.

    Music and long noise wear the model's memory out, so that it misses the speech after them: a slot's memory is
    renewed about every two seconds, but only in clear quiet (five windows below 0.1), never within speech.
    """

    def __init__(self, slots: int = 16) -> None:
        self._session = open_session(weights.read(weights.PIPECAT, "audio/vad/data/silero_vad.onnx"))
        self._state = np.zeros((2, slots, _STATE_SIZE), np.float32)
        self._context = np.zeros((slots, _CONTEXT_SAMPLES), np.float32)
        self._age = np.zeros(slots, np.int64)
        self._quiet = np.zeros(slots, np.int64)
        self._free = list(range(slots))[::-1]
        self._taken: set[int] = set()

    def take(self) -> int:
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._taken.add(slot)
        self._forget(np.array([slot]))
        return slot

    def give_back(self, slot: int) -> None:
        self._taken.remove(slot)
        self._free.append(slot)

    def run(self, slots: NDArray[np.intp], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(slots) == 0:
            return np.zeros(0, np.float32)
        if windows.shape != (len(slots), WINDOW_SAMPLES):
            raise ValueError(f"windows are {windows.shape}, they must be ({len(slots)}, {WINDOW_SAMPLES})")
        sound = np.concatenate([self._context[slots], windows], axis=1)
        inputs = {"input": sound, "state": self._state[:, slots], "sr": _RATE}
        output, state = self._session.run(None, inputs)
        self._state[:, slots] = state
        self._context[slots] = sound[:, -_CONTEXT_SAMPLES:]
        probabilities: NDArray[np.float32] = output[:, 0]
        self._renew(slots, probabilities)
        return probabilities

    def _renew(self, slots: NDArray[np.intp], probabilities: NDArray[np.float32]) -> None:
        self._age[slots] += 1
        self._quiet[slots] = np.where(probabilities < _QUIET_PROBABILITY, self._quiet[slots] + 1, 0)
        due = slots[(self._age[slots] >= _RENEW_AFTER_WINDOWS) & (self._quiet[slots] >= _QUIET_WINDOWS)]
        if len(due):
            self._forget(due)

    def _forget(self, slots: NDArray[np.intp]) -> None:
        self._state[:, slots] = 0
        self._context[slots] = 0
        self._age[slots] = 0
        self._quiet[slots] = 0

    def _grow(self) -> None:
        size = len(self._age)
        self._state = np.concatenate([self._state, np.zeros_like(self._state)], axis=1)
        self._context = np.concatenate([self._context, np.zeros_like(self._context)])
        self._age = np.concatenate([self._age, np.zeros_like(self._age)])
        self._quiet = np.concatenate([self._quiet, np.zeros_like(self._quiet)])
        self._free = list(range(size, 2 * size))[::-1]
