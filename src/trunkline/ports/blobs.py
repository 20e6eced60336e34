"""Where recordings lie."""

from collections.abc import AsyncIterator
from typing import Protocol


class BlobWriter(Protocol):
    """A file that grows. Raises OSError where the disk is full or gone."""

    def write(self, data: bytes) -> None:
        """Appends; from a worker thread."""

    def rewrite_head(self, data: bytes) -> None:
        """Puts ``data`` over the first bytes (a WAV header whose lengths are known now)."""

    def close(self) -> None: ...


class Blobs(Protocol):
    """A store of named files."""

    def create(self, name: str) -> BlobWriter:
        """Opens a new file; from a worker thread."""

    def size(self, name: str) -> int | None:
        """Bytes of a file, None when there is none."""

    def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a file in chunks."""

    def delete(self, name: str) -> None:
        """Removes a file; no error when there is none."""
