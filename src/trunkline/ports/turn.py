"""End of turn: how likely the party has finished, judged by the sound of the last seconds."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TurnModel(Protocol):
    """A model that is asked at a pause; it modifies the wait and never decides alone."""

    async def finished(self, speech: NDArray[np.float32]) -> float:
        """The probability that the turn is over, from up to 8 s of sound (float32 in -1..1, 16 kHz) that ends at the
        pause. Runs off the event loop."""
