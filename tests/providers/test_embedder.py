"""Sentences that mean nearly the same lie near each other, in several languages."""

from pathlib import Path

import numpy as np
import pytest

from trunkline.providers.local import embedder
from trunkline.providers.local.embedder import Embedder

pytestmark = pytest.mark.room


async def test_the_nearest_example_means_the_same() -> None:
    model = Embedder()
    examples = ["I want to speak to a human", "What does it cost?", "Please do not call me again"]
    asked = ["Kan ik een medewerker spreken?", "How much is that?", "Take me off your list, stop calling"]
    vectors = await model.embed([*examples, *asked])
    model.close()
    assert vectors.shape == (6, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert (vectors[3:] @ vectors[:3].T).argmax(axis=1).tolist() == [0, 1, 2]


async def test_what_was_embedded_is_remembered_and_nothing_is_nothing() -> None:
    model = Embedder()
    first = await model.embed(["yes", "no", "yes"])
    model.close()
    np.testing.assert_array_equal(await model.embed(["no", "yes"]), first[[1, 0]])
    assert (await model.embed([])).shape == (0, 384)


def test_a_processor_without_avx2_is_told_so(tmp_path: Path) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text("flags\t\t: fpu sse2 avx\n")
    assert "AVX2" in (embedder.unusable(facts) or "")
    facts.write_text("flags\t\t: fpu sse2 avx avx2\n")
    assert embedder.unusable(facts) is None
    assert embedder.unusable(tmp_path / "nothing") is None
