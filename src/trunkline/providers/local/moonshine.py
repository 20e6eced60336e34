"""English speech to text by Moonshine tiny (MIT): one encoder run and a greedy decoder with a cache."""

import codecs
from collections.abc import Callable
from typing import Any

import numpy as np

from trunkline.audio.frame import Samples
from trunkline.providers.local import weights
from trunkline.providers.local.hearing import GatedStt
from trunkline.providers.local.onnx import open_session

_RATE_HZ = 16_000
_SHORTEST_SAMPLES = _RATE_HZ // 2
_TOKENS_PER_SECOND = 6.5
_JOINED_SECONDS = 8.0
_START = 1
_END = 2
_WORD_START = "\u2581"


def read_tokens(table: bytes) -> list[bytes]:
    """The tokens of a ``tokenizer.bin``: each a length (one byte, or two from 128 on, the low seven bits first) and its
    bytes; a length of zero is an unused token."""
    tokens, at = [], 0
    while at < len(table):
        length = table[at]
        at += 1
        if length >= 128:
            length += table[at] * 128 - 128
            at += 1
        tokens.append(table[at : at + length])
        at += length
    return tokens


class Moonshine:
    """A recogniser for up to about 15 s of speech at a time (longer, it loops)."""

    def __init__(self) -> None:
        folder = "assets/tiny-en"
        self._encoder = open_session(weights.read(weights.MOONSHINE, f"{folder}/encoder_model.ort"))
        self._decoder = open_session(weights.read(weights.MOONSHINE, f"{folder}/decoder_model_merged.ort"))
        self._tokens = read_tokens(weights.read(weights.MOONSHINE, f"{folder}/tokenizer.bin"))
        self._empty_cache = {
            given.name: np.zeros((1, given.shape[1], 0, given.shape[3]), np.float32)
            for given in self._decoder.get_inputs()
            if given.name.startswith("past")
        }
        self._cache_names = [
            output.name.replace("present", "past_key_values") for output in self._decoder.get_outputs()[1:]
        ]

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str:
        """The words of ``samples`` (16 kHz); whatever it has when ``cancelled`` says so. ``language`` is English."""
        limit = int(len(samples) / _RATE_HZ * _TOKENS_PER_SECOND) + 6
        sound = np.pad(samples, (0, max(0, _SHORTEST_SAMPLES - len(samples))))[None].astype(np.float32)
        mask = np.ones_like(sound, dtype=np.int64)
        hidden = self._encoder.run(None, {"input_values": sound, "attention_mask": mask})[0]
        ids: list[int] = []
        cache = dict(self._empty_cache)
        while len(ids) < limit and not cancelled():
            inputs = {
                "input_ids": np.array([[ids[-1] if ids else _START]]),
                "encoder_hidden_states": hidden,
                "encoder_attention_mask": mask,
                "use_cache_branch": np.array([bool(ids)]),
                **cache,
            }
            outputs = self._decoder.run(None, inputs)
            token = int(outputs[0][0, -1].argmax())
            if token == _END:
                break
            self._keep(cache, outputs[1:], first=not ids)
            ids.append(token)
        return self._words(ids)

    def _keep(self, cache: dict[str, Any], present: list[Any], *, first: bool) -> None:
        """What the decoder saw of the sound comes only from the first step; what it said grows with each."""
        for name, value in zip(self._cache_names, present, strict=True):
            if first or ".decoder." in name:
                cache[name] = value

    def _words(self, ids: list[int]) -> str:
        joined = b"".join(self._tokens[token] for token in ids if token > _END)
        return codecs.decode(joined, "utf-8", "replace").replace(_WORD_START, " ").strip()


class MoonshineStt(GatedStt):
    """ports.models.Stt for English."""

    def __init__(self, threads: int = 1) -> None:
        super().__init__(Moonshine, threads, _JOINED_SECONDS)
