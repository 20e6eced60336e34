"""Where recordings lie."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol


class BlobWriter(Protocol):
    """A file that grows; from a worker thread. Raises OSError where the disk is full or gone."""

    def write(self, data: bytes) -> None:
        """Appends."""

    def rewrite_head(self, data: bytes) -> None:
        """Puts ``data`` over the first bytes (a WAV header whose lengths are known now)."""

    def close(self) -> None:
        """Ends the file, which is there from now on whatever happens."""

    def abandon(self) -> None:
        """Closes and removes it."""


class BlobMaker(Protocol):
    """Where files begin: on the disk of this machine, whatever becomes of them."""

    def create(self, name: str) -> BlobWriter:
        """Opens a new file; from a worker thread. Raises OSError."""


class Blobs(BlobMaker, Protocol):
    """A store of named files. Raises Unavailable where it does not answer."""

    async def size(self, name: str) -> int | None:
        """Bytes of a file, None when there is none."""

    def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a file in chunks."""

    async def delete(self, name: str) -> None:
        """Removes a file for good, at once or as soon as the store answers; no error when there is none."""

    async def settle(self) -> bool:
        """Brings what waits on this machine to where it belongs; for a loop. True when there is more to do at once."""

    async def is_here(self, name: str) -> bool:
        """Whether a whole file lies on this machine."""

    async def unfinished(self) -> Sequence[str]:
        """The files that nobody closed: those of a process that died. Only where none is being written."""

    async def finish(self, name: str) -> None:
        """Ends a file that nobody closed."""
