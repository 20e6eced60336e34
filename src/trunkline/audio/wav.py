"""WAV files of 16-bit PCM: the header to write before and after a recording, and reading one whole."""

import struct
from dataclasses import dataclass

HEADER_BYTES = 44
_UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file's sound; ``pcm`` is 16-bit little-endian, interleaved where there are more channels."""

    sample_rate_hz: int
    channels: int
    pcm: bytes


def header(sample_rate_hz: int, channels: int, data_bytes: int | None = None) -> bytes:
    """The 44 bytes before the sound. Without ``data_bytes`` (the file still grows) the lengths say "to the end of the
    file", as players take it, so that a recording that was cut off can be listened to."""
    known = data_bytes is not None and data_bytes + 36 < _UNKNOWN
    data_length = data_bytes if data_bytes is not None and known else _UNKNOWN
    riff_length = data_length + 36 if known else _UNKNOWN
    block = channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        riff_length,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        sample_rate_hz,
        sample_rate_hz * block,
        block,
        16,
        b"data",
        data_length,
    )


def encode(pcm: bytes, sample_rate_hz: int, channels: int = 1) -> bytes:
    """A whole WAV file."""
    return header(sample_rate_hz, channels, len(pcm)) + pcm


def decode(data: bytes) -> Wav:
    """Reads a WAV file of 16-bit PCM, also one whose lengths were never filled in. Raises ValueError for anything else."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("this is no WAV file")
    form: tuple[int, int] | None = None
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt ":
            form = _read_format(data[at : at + length])
        elif name == b"data" and form is not None:
            rate, channels = form
            whole = (min(length, len(data) - at) // (2 * channels)) * 2 * channels
            return Wav(rate, channels, data[at : at + whole])
        at += length + (length & 1)
    raise ValueError("the WAV file holds no sound")


def _read_format(chunk: bytes) -> tuple[int, int]:
    if len(chunk) < 16:
        raise ValueError("the WAV file's format is cut off")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind not in (1, 0xFFFE) or bits != 16 or channels < 1 or rate < 1:
        raise ValueError(f"only 16-bit PCM is read, this is format {kind} with {bits} bits")
    return rate, channels
