"""Voice activity: how likely each call's newest 32 ms holds speech, for all calls of a worker in one run."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WINDOW_SAMPLES = 512
WINDOW_RATE_HZ = 16_000


class Vad(Protocol):
    """A batched detector. A call takes a slot, which holds its state, and gives it back."""

    def take(self) -> int:
        """A fresh slot."""

    def give_back(self, slot: int) -> None:
        """Frees a slot."""

    def run(self, slots: NDArray[np.intp], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of speech, float32 [n], for ``windows`` float32 [n, 512] in -1..1 at 16 kHz, one a slot; no
        slot stands twice. Blocks for as long as the model runs."""
