"""Sound as vendors give it (PCM or µ-law, bare or as a WAV file, in pieces of any size) made into PCM at a call's rate."""

from typing import Literal

from trunkline.audio.g711 import ulaw_to_pcm
from trunkline.audio.resample import Resampler

Encoding = Literal["pcm", "mulaw"]
_RIFF, _DATA = b"RIFF", b"data"
_FIRST_CHUNK = 12
_LONGEST_HEADER_BYTES = 4096


class Decoder:
    """The sound of one text: ``encoding`` at ``from_hz`` comes in, PCM at ``to_hz`` goes out."""

    def __init__(self, encoding: Encoding, from_hz: int, to_hz: int) -> None:
        self._encoding = encoding
        self._resampler = Resampler(from_hz, to_hz)
        self._head: bytes | None = b""

    def push(self, data: bytes) -> bytes:
        """The next piece, as PCM; of a WAV file's header nothing is left."""
        if self._head is not None:
            data = self._begun(self._head + data)
        return self._resampler.push(ulaw_to_pcm(data) if self._encoding == "mulaw" else data)

    def flush(self) -> bytes:
        """What is still inside, at the end."""
        rest, self._head = self._head or b"", None
        return self.push(rest) + self._resampler.flush()

    def _begun(self, data: bytes) -> bytes:
        """The sound without the header, or nothing while that is not told from sound."""
        if _RIFF.startswith(data[:4]) and len(data) < _FIRST_CHUNK:
            self._head = data
            return b""
        start = sound_begins(data)
        if start is None and len(data) < _LONGEST_HEADER_BYTES:
            self._head = data
            return b""
        self._head = None
        return data[start or 0 :]


def sound_begins(data: bytes) -> int | None:
    """Where the sound begins in a WAV file (0 in anything else); None while its header is not whole."""
    if not data.startswith(_RIFF):
        return 0
    at = _FIRST_CHUNK
    while at + 8 <= len(data):
        if data[at : at + 4] == _DATA:
            return at + 8
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return None
