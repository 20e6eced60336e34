"""The PCM of one leg: the stack's rings as a line's read, write, buffered and flush.

The media pass calls these for every call every 20 ms, so they speak to the binding's C functions directly, with one
buffer for all legs, and raise nothing. All of it runs on the event loop's thread.
"""

import time

from baresip._native import ffi, lib

from trunkline.telephony.sip.resample import Higher, Lower

NARROW_HZ, WIDE_HZ = 8_000, 16_000
_BUFFER_BYTES = 1 << 19
_BUFFER = ffi.new("uint8_t[]", _BUFFER_BYTES)
_BYTES = ffi.buffer(_BUFFER, _BUFFER_BYTES)
_INFO = ffi.new("struct bp_audio_info *")
_FLUSH_SECONDS = 0.045
"""The stack empties the ring at its next tick, whatever was written by then; two ticks and it surely has."""

_read, _write, _probe, _flush = lib.bp_audio_read, lib.bp_audio_write, lib.bp_audio_probe, lib.bp_audio_flush_tx
_from_buffer = ffi.from_buffer


class Sound:
    """Mono PCM at ``rate_hz``, settled by ``settle()``; silent until ``open()`` and after ``close()``."""

    __slots__ = ("_down", "_epoch", "_flushed_at", "_handle", "_native", "_pending", "_up", "_weight", "rate_hz")

    def __init__(self) -> None:
        self.rate_hz = NARROW_HZ
        self._handle = 0
        self._epoch = -1
        self._native = (0, 0)
        self._weight = 1.0
        self._down: Lower | Higher | None = None
        self._up: Higher | Lower | None = None
        self._pending = bytearray()
        self._flushed_at = 0.0

    def open(self, handle: int) -> None:
        """Names the stack's call; sound flows once the call has media."""
        self._handle = handle

    def settle(self) -> bool:
        """Fixes ``rate_hz`` by what the call has agreed on; False while it has no media."""
        if not self._handle or not self._bind():
            return False
        self.rate_hz = NARROW_HZ if self._native[0] <= NARROW_HZ else WIDE_HZ
        self._convert()
        return True

    def close(self) -> None:
        """No sound from here on."""
        self._handle = 0
        self._pending.clear()

    def read(self) -> bytes:
        """All that came since the last read."""
        if not self._handle:
            return b""
        if self._flushed_at:
            self._refill()
        count = _read(self._handle, self._epoch, _BUFFER, _BUFFER_BYTES) if self._epoch >= 0 else -1
        if count > 0:
            pcm: bytes = _BYTES[:count]
            return pcm if self._down is None else self._down.push(pcm)
        if count < 0:
            self._bind()
        return b""

    def write(self, pcm: bytes) -> int:
        """Queues sound; returns the bytes taken, always whole samples."""
        if not self._handle or not pcm:
            return 0
        if self._flushed_at:
            self._refill()
        if self._epoch < 0 and not self._bind():
            return 0
        if self._up is None and not self._flushed_at:
            return self._push(pcm)
        free = self._room()
        taken = min(len(pcm), int(free / self._weight)) & ~3
        if taken == 0:
            return 0
        native = pcm[:taken] if self._up is None else self._up.push(pcm[:taken])
        if self._flushed_at:
            self._pending += native
        elif self._push(native) == 0:
            return 0
        return taken

    def buffered(self) -> int:
        """Bytes taken and not yet played."""
        if not self._handle:
            return 0
        if self._flushed_at:
            self._refill()
        return int(self._fill() / self._weight)

    def flush(self) -> int:
        """Drops what is queued; returns how many bytes that were."""
        if not self._handle or not (fill := self._fill()):
            return 0
        self._pending.clear()
        if not self._flushed_at and self._epoch >= 0 and _flush(self._handle, self._epoch) == 0:
            self._flushed_at = time.monotonic()
        return int(fill / self._weight)

    def _fill(self) -> int:
        if self._flushed_at:
            return len(self._pending)
        if _probe(self._handle, _INFO) != 0:
            return 0
        fill: int = _INFO.tx_fill
        return fill

    def _room(self) -> int:
        if _probe(self._handle, _INFO) != 0:
            return 0
        queued = len(self._pending) if self._flushed_at else _INFO.tx_fill
        room: int = max(0, _INFO.tx_capacity - queued)
        return room

    def _push(self, native: bytes) -> int:
        taken: int = _write(self._handle, self._epoch, _from_buffer("uint8_t[]", native), len(native))
        if taken >= 0:
            return taken
        self._bind()
        return 0

    def _refill(self) -> None:
        """Gives the ring what was written after a flush, once the flush has surely happened."""
        if time.monotonic() - self._flushed_at < _FLUSH_SECONDS:
            return
        if _probe(self._handle, _INFO) == 0 and _INFO.epoch == self._epoch and _INFO.tx_fill and _INFO.tx_ready:
            return
        self._flushed_at = 0.0
        if self._pending:
            waiting = bytes(self._pending)
            self._pending.clear()
            self._push(waiting)

    def _bind(self) -> bool:
        """Binds to the call's present streams (a re-INVITE replaces them); False where it has none."""
        if _probe(self._handle, _INFO) != 0 or not (_INFO.rx_ready or _INFO.tx_ready):
            self._epoch = -1
            return False
        self._epoch = _INFO.epoch
        native = (_INFO.tx_srate, _INFO.tx_ch) if _INFO.tx_ready else (_INFO.rx_srate, _INFO.rx_ch)
        if native != self._native and native[0]:
            self._native = native
            self._convert()
        return True

    def _convert(self) -> None:
        rate, channels = self._native
        self._weight = rate * channels / self.rate_hz
        self._down = self._up = None
        if rate > self.rate_hz or channels > 1:
            factor = rate // self.rate_hz
            self._down, self._up = Lower(factor, channels), Higher(factor, channels)
        elif rate < self.rate_hz:
            factor = self.rate_hz // rate
            self._down, self._up = Higher(factor, 1), Lower(factor, 1)
