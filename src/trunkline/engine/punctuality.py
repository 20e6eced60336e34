"""When a call's sound really came: the pass that reads it is up to 20 ms late, more on a busy machine."""

LEAK = 0.001
LONGEST_WAIT_SECONDS = 0.04


class Arrivals:
    """The time line of one call's samples, by those that were read the soonest after they came.

    Samples come as evenly as the party's clock: counted from the most punctual ones, every other has its time. That
    moves later by 1 ms a second, so that it follows another clock and another way through the network; it is never
    more than 40 ms before the reading, so that gaps do not mislead it.
    """

    __slots__ = ("_began_at", "_bytes", "_bytes_per_second", "_read_at")

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._bytes = 0
        self._read_at: float | None = None
        self._began_at = 0.0

    def count(self, count: int, read_at: float) -> None:
        """So many bytes more were read."""
        self._bytes += count
        began_at = read_at - self._bytes / self._bytes_per_second
        if self._read_at is None:
            self._began_at = began_at
        else:
            moved = self._began_at + (read_at - self._read_at) * LEAK
            self._began_at = max(min(began_at, moved), began_at - LONGEST_WAIT_SECONDS)
        self._read_at = read_at

    def time_of_last(self, rest_bytes: int = 0) -> float:
        """When the last sample came, but for the newest ``rest_bytes``."""
        return self._began_at + (self._bytes - rest_bytes) / self._bytes_per_second
