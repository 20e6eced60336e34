"""Recordings on the disk of this machine."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

CHUNK_BYTES = 256 * 1024
GROWING = ".part"
GONE = ".gone"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class DiskWriter:
    """A file that grows, under another name until it is closed; used from one worker thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._growing = path.with_name(path.name + GROWING)
        if path.exists():
            raise FileExistsError(f"{path.name} is there already")
        self._file = self._growing.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Appends all of ``data``. Raises OSError where the disk is full or gone."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def rewrite_head(self, data: bytes) -> None:
        """Puts ``data`` over the first bytes; what follows is appended at the end again."""
        self._file.seek(0)
        self.write(data)
        self._file.seek(0, 2)

    def close(self) -> None:
        """Closes the file and gives it its name; safe to call twice."""
        if not self._file.closed:
            self._file.close()
            self._growing.rename(self._path)

    def abandon(self) -> None:
        """Closes the file and removes it."""
        self._file.close()
        self._growing.unlink(missing_ok=True)


class DiskBlobs:
    """Files in one folder, readable for the platform's user alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, name: str) -> DiskWriter:
        """Opens a new file. Raises OSError, also where the name is taken."""
        return DiskWriter(self.path(name))

    async def size(self, name: str) -> int | None:
        """Bytes of a file, None when there is none."""
        try:
            return (await asyncio.to_thread(self.path(name).stat)).st_size
        except FileNotFoundError:
            return None

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a file in chunks, read off the event loop."""
        with await asyncio.to_thread(self.path(name).open, "rb") as file:
            file.seek(start)
            left = None if end is None else end - start
            while left is None or left > 0:
                chunk = await asyncio.to_thread(file.read, CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    async def delete(self, name: str) -> None:
        """Removes a file; no error when there is none."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    async def settle(self) -> bool:
        """Everything lies where it belongs."""
        return False

    async def is_here(self, name: str) -> bool:
        """Whether there is such a whole file."""
        return await self.size(name) is not None

    async def unfinished(self) -> list[str]:
        """The files that nobody closed."""
        return [name.removesuffix(GROWING) for name in await asyncio.to_thread(os.listdir, self._root) if _ends(name)]

    async def finish(self, name: str) -> None:
        """Ends a file that nobody closed."""
        path = self.path(name)
        await asyncio.to_thread(path.with_name(path.name + GROWING).rename, path)

    def path(self, name: str) -> Path:
        """Where a file lies. Raises ValueError for what is no name of one."""
        if not is_name(name):
            raise ValueError(f"{name!r} is no name of a blob")
        return self._root / name


def is_name(name: str) -> bool:
    """Whether a whole file can have this name."""
    return _NAME.fullmatch(name) is not None and not name.endswith((GROWING, GONE))


def _ends(name: str) -> bool:
    return name.endswith(GROWING)
