"""G.711 (ITU-T): µ-law and A-law bytes to 16-bit PCM and back, by table."""

import numpy as np
from numpy.typing import NDArray

_ULAW_BIAS = 132
_ULAW_CLIP = 32635


def _ulaw_decode_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment = (code >> 4) & 7
    magnitude = (((code & 0x0F) << 3) + _ULAW_BIAS << segment) - _ULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _ulaw_encode_table() -> NDArray[np.uint8]:
    value = np.arange(65536, dtype=np.int32).astype(np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(value), _ULAW_CLIP) + _ULAW_BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (segment + 3)) & 0x0F
    sign = np.where(value < 0, 0x80, 0)
    code: NDArray[np.int32] = ~(sign | segment << 4 | mantissa) & 0xFF
    return code.astype(np.uint8)


def _alaw_decode_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 7
    mantissa = (code & 0x0F) << 4
    magnitude = np.where(segment == 0, mantissa + 8, mantissa + 0x108 << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_encode_table() -> NDArray[np.uint8]:
    value = np.arange(65536, dtype=np.int32).astype(np.uint16).view(np.int16).astype(np.int32) >> 3
    magnitude = np.where(value < 0, -value - 1, value)
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = (magnitude >> np.maximum(segment, 1)) & 0x0F
    mask = np.where(value < 0, 0x55, 0xD5)
    return ((segment << 4 | mantissa) ^ mask).astype(np.uint8)


_ULAW_TO_PCM = _ulaw_decode_table()
_PCM_TO_ULAW = _ulaw_encode_table()
_ALAW_TO_PCM = _alaw_decode_table()
_PCM_TO_ALAW = _alaw_encode_table()


def ulaw_to_pcm(ulaw: bytes) -> bytes:
    """µ-law bytes as PCM (two bytes each)."""
    return _ULAW_TO_PCM[np.frombuffer(ulaw, np.uint8)].tobytes()


def pcm_to_ulaw(pcm: bytes) -> bytes:
    """PCM as µ-law, one byte a sample."""
    return _PCM_TO_ULAW[np.frombuffer(pcm, np.uint16)].tobytes()


def alaw_to_pcm(alaw: bytes) -> bytes:
    """A-law bytes as PCM (two bytes each)."""
    return _ALAW_TO_PCM[np.frombuffer(alaw, np.uint8)].tobytes()


def pcm_to_alaw(pcm: bytes) -> bytes:
    """PCM as A-law, one byte a sample."""
    return _PCM_TO_ALAW[np.frombuffer(pcm, np.uint16)].tobytes()
