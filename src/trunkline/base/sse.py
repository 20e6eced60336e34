"""Server-sent events out of bytes that may be cut anywhere (WHATWG HTML, section 9.2)."""

from dataclasses import dataclass

_LONGEST_EVENT_BYTES = 1 << 20


class SseTooLong(ValueError):
    """An event is longer than any that we would read."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its type (``message`` when the stream names none) and its data lines joined."""

    event: str
    data: bytes


class SseParser:
    """Takes bytes as they come and gives the events that are complete. Comments, ids and retry times are dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0
        self._fresh = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that ``chunk`` completes. Raises SseTooLong."""
        buffer = self._rest + chunk
        if self._fresh and len(buffer) >= 3:
            buffer, self._fresh = buffer.removeprefix(b"\xef\xbb\xbf"), False
        held = b"\r" if buffer.endswith(b"\r") else b""  # its \n may be the next byte
        lines = buffer[: len(buffer) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        if len(self._rest) + self._size > _LONGEST_EVENT_BYTES:
            raise SseTooLong("an event of the stream is longer than 1 MiB")
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: bytes) -> SseEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > _LONGEST_EVENT_BYTES:
                raise SseTooLong("an event of the stream is longer than 1 MiB")
        elif name == b"event":
            self._event = value.decode(errors="replace")
        return None

    def _dispatch(self) -> SseEvent | None:
        event = SseEvent(self._event or "message", b"\n".join(self._data)) if self._data else None
        self._event, self._data, self._size = "", [], 0
        return event
