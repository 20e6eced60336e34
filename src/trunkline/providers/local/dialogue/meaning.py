"""Nearness of meaning by an embedding model, behind a small door; without a model nothing is near."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# Measured with multilingual-e5-small: unrelated sentences meet at about 0.80 (questions up to 0.87), paraphrases above 0.86.
# What is said without asking back needs more.
FLOOR = 0.86
SURE_FLOOR = 0.9
MARGIN = 0.02


class Embedder(Protocol):
    """Gives each text a direction: float32, one normalised row a text."""

    async def embed(self, texts: list[str]) -> NDArray[np.float32]: ...


class Meaning:
    """Finds the nearest of some texts, and only when it is clearly nearer than the others."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    async def learn(self, texts: Sequence[str]) -> None:
        """Embeds texts that will be asked for, all at once."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if self._embedder is None or not missing:
            return
        rows = await self._embedder.embed(missing)
        self._vectors.update(zip(missing, rows, strict=True))

    async def nearest(
        self, text: str, labelled: Mapping[str, Sequence[str]], floor: float = FLOOR, margin: float = MARGIN
    ) -> str | None:
        """The label whose best example is nearest to ``text``; None without a model, or when it is not clear."""
        if self._embedder is None or not text.strip() or not labelled:
            return None
        await self.learn([text, *(example for examples in labelled.values() for example in examples)])
        query = self._vectors[text]
        scores = sorted(
            (
                (max(float(query @ self._vectors[example]) for example in examples), label)
                for label, examples in labelled.items()
                if examples
            ),
            reverse=True,
        )
        if not scores or scores[0][0] < floor:
            return None
        return scores[0][1] if len(scores) == 1 or scores[0][0] - scores[1][0] >= margin else None
