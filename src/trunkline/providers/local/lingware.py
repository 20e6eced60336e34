"""The Pico engine's own C interface (SVOX Pico, Apache-2.0), called out of the extension module that carries it.

The module's Python function holds the interpreter's lock for the whole text and loads its voice anew each time. Its C
functions work in steps of some microseconds, thousands for a sentence. They are called with the lock held, because to
let it go and win it back at every step would take longer than the steps; between them others get it as always.
"""

import ctypes
import functools
from collections.abc import Generator, Iterator
from pathlib import Path

from trunkline.providers.local import weights

RATE_HZ = 16_000
_MEMORY_BYTES = 10_000_000
_NAME_BYTES = 32
_TEXT_BYTES = 4096
_STEP_BYTES = 1024
_CHUNK_BYTES = 3200
_OK = 0
_IDLE = 200
_BUSY = 201
_VOICE = b"PicoVoice"

FILES = {
    "en-US": ("lang/en-US_ta.bin", "lang/en-US_lh0_sg.bin"),
    "en-GB": ("lang/en-GB_ta.bin", "lang/en-GB_kh0_sg.bin"),
    "de-DE": ("lang/de-DE_ta.bin", "lang/de-DE_gl0_sg.bin"),
    "es-ES": ("lang/es-ES_ta.bin", "lang/es-ES_zl0_sg.bin"),
    "fr-FR": ("lang/fr-FR_ta.bin", "lang/fr-FR_nk0_sg.bin"),
    "it-IT": ("lang/it-IT_ta.bin", "lang/it-IT_cm0_sg.bin"),
}
"""A voice's text analysis and its sound."""


@functools.cache
def _library() -> ctypes.PyDLL:
    found: list[Path] = sorted(weights.folder_of(weights.PICO).glob("_nanotts*.so"))
    if not found:
        raise weights.refused(f"{weights.PICO.requirement} holds no engine for this system")
    return ctypes.PyDLL(str(found[0]))


class PicoEngine:
    """One loaded voice. Used by one thread at a time; different engines do not know of each other."""

    def __init__(self, locale: str) -> None:
        self._library = _library()
        self._memory = ctypes.create_string_buffer(_MEMORY_BYTES)
        self._system = ctypes.c_void_p()
        self._engine = ctypes.c_void_p()
        self._call("pico_initialize", self._memory, ctypes.c_int32(_MEMORY_BYTES), ctypes.byref(self._system))
        self._call("pico_createVoiceDefinition", self._system, _VOICE)
        for name in FILES[locale]:
            self._load(weights.checked_path(weights.PICO, name))
        self._call("pico_newEngine", self._system, _VOICE, ctypes.byref(self._engine))

    def speak(self, marked: str) -> Generator[bytes, None, None]:
        """The PCM of a text with Pico's marks, at 16 kHz, about a tenth of a second at a time; closing it stops."""
        text = marked.encode() + b"\0"
        sent = ctypes.c_int16()
        try:
            while text:
                part = text[:_TEXT_BYTES]
                length = ctypes.c_int16(len(part))
                self._call("pico_putTextUtf8", self._engine, part, length, ctypes.byref(sent))
                text = text[sent.value :]
                yield from self._sound()
        finally:
            self._library.pico_resetEngine(self._engine, ctypes.c_int32(0))

    def _sound(self) -> Iterator[bytes]:
        step = self._library.pico_getData
        buffer = ctypes.create_string_buffer(_STEP_BYTES)
        received, kind = ctypes.c_int16(), ctypes.c_int16()
        arguments = (self._engine, buffer, ctypes.c_int16(_STEP_BYTES), ctypes.byref(received), ctypes.byref(kind))
        sound = bytearray()
        status = _BUSY
        while status == _BUSY:
            status = step(*arguments)
            if received.value:
                sound += ctypes.string_at(buffer, received.value)
            if len(sound) >= _CHUNK_BYTES:
                yield bytes(sound)
                sound.clear()
        if status != _IDLE:
            raise RuntimeError(f"pico_getData failed with status {status}")
        if sound:
            yield bytes(sound)

    def _load(self, path: Path) -> None:
        resource, name = ctypes.c_void_p(), ctypes.create_string_buffer(_NAME_BYTES)
        self._call("pico_loadResource", self._system, str(path).encode(), ctypes.byref(resource))
        self._call("pico_getResourceName", self._system, resource, name)
        self._call("pico_addResourceToVoiceDefinition", self._system, _VOICE, name)

    def _call(self, function: str, *arguments: object) -> None:
        status = getattr(self._library, function)(*arguments)
        if status != _OK:
            raise RuntimeError(f"{function} failed with status {status}")
