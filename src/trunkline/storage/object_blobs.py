"""Recordings in S3-compatible storage. They grow on the disk of this machine and are brought over when they are whole.

What is written, closed or deleted is on the disk before anything else happens, so that an outage of the storage neither
disturbs a call nor loses anything: it is tried again until it works, after a restart too.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from trunkline.base.errors import Invalid, Unavailable
from trunkline.base.logs import logger
from trunkline.storage.blobs import CHUNK_BYTES, GONE, DiskBlobs, DiskWriter, is_name

PART_BYTES = 8 * 1024 * 1024
AT_ONCE = 4
READ_TRIES = 3
LONGEST_PAUSE_ROUNDS = 32

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

T = TypeVar("T")
_log = logger("storage")


@dataclass(frozen=True, slots=True)
class ObjectKeys:
    """What opens the bucket; None leaves it to the machine (its role, or the usual variables of AWS)."""

    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)


def bucket(url: str, keys: ObjectKeys, patience_seconds: float = 20.0) -> S3Store:
    """The store of ``s3://bucket/prefix?endpoint=…&region=…``. Raises Invalid."""
    try:
        parts = urlsplit(url)
        options = _options(parts.query)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.fragment:
            raise _wrong()
        return _store(parts.netloc, parts.path.strip("/") or None, options, keys, patience_seconds)
    except (ValueError, BaseError):
        raise _wrong() from None  # its own words can hold keys


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(pairs) != len(options) or options.keys() - {"endpoint", "region"} or not all(options.values()):
        raise _wrong()
    if "endpoint" in options:
        end = urlsplit(options["endpoint"])
        if end.scheme not in ("http", "https") or not end.hostname or "@" in end.netloc or end.port == 0:
            raise _wrong()
    return options


def _store(
    name: str, prefix: str | None, options: dict[str, str], keys: ObjectKeys, patience_seconds: float
) -> S3Store:
    if bool(keys.access_key) != bool(keys.secret_key):
        raise Invalid("TRUNKLINE_S3_ACCESS_KEY and TRUNKLINE_S3_SECRET_KEY belong together: set both or none")
    endpoint = options.get("endpoint")
    config = {
        "region": options.get("region", "us-east-1"),
        "virtual_hosted_style_request": endpoint is None,
        **({"endpoint": endpoint} if endpoint else {}),
        **({"access_key_id": keys.access_key} if keys.access_key else {}),
        **({"secret_access_key": keys.secret_key} if keys.secret_key else {}),
    }
    return S3Store(
        name,
        prefix=prefix,
        config=config,  # type: ignore[arg-type]
        client_options={
            "allow_http": (endpoint or "").startswith("http:"),
            "connect_timeout": timedelta(seconds=min(patience_seconds, 5.0)),
            "read_timeout": timedelta(seconds=patience_seconds),
            "timeout": timedelta(minutes=10),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=patience_seconds)},
    )


class ObjectBlobs:
    """A bucket, and before it a folder with what is not there yet: recordings that grow, that wait to be brought over,
    and marks of those that are to be deleted."""

    def __init__(self, folder: Path, store: S3Store) -> None:
        self._folder = folder
        self._disk = DiskBlobs(folder)
        self._store = store
        self._rest = 0
        self._last_rest = 0

    def create(self, name: str) -> DiskWriter:
        """Opens a new file on the disk. Raises OSError, also where the name is taken."""
        return self._disk.create(name)

    async def size(self, name: str) -> int | None:
        """Bytes of a file, None when there is none. Raises Unavailable."""
        if await self._is_gone(name):
            return None
        here = await self._disk.size(name)
        if here is not None:
            return here
        try:
            found = await _answered(obstore.head_async(self._store, name))
        except FileNotFoundError:
            return None
        return int(found["size"])

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a file in chunks; a connection that breaks is taken up where it broke."""
        with suppress(FileNotFoundError):  # it may be brought over just now
            async for chunk in self._disk.read(name, start, end):
                yield chunk
            return
        if end is None:
            end = await self.size(name) or 0
        tries = 0
        while start < end:
            try:
                got = await obstore.get_async(self._store, name, options={"range": (start, end)})
                async for chunk in got.stream(CHUNK_BYTES):
                    start += len(chunk)
                    tries = 0
                    yield bytes(chunk)
            except (BaseError, OSError) as error:
                tries += 1
                if tries >= READ_TRIES or isinstance(error, FileNotFoundError):
                    raise _away() from error

    async def delete(self, name: str) -> None:
        """Removes a file: here at once, from the bucket as soon as that answers."""
        await asyncio.to_thread(self._gone(name).touch)
        await self._disk.delete(name)

    async def settle(self) -> bool:
        """Brings over what is whole and deletes what is marked, a few at a time; rests ever longer while that fails."""
        if self._rest > 0:
            self._rest -= 1
            return False
        waiting = await asyncio.to_thread(self._waiting)
        done = await asyncio.gather(*(self._settle(name) for name in waiting[:AT_ONCE]))
        if all(done):
            self._last_rest = 0
            return len(waiting) > AT_ONCE
        if self._last_rest == 0:
            _log.error("recordings cannot be brought to their storage; it is tried again", waiting=len(waiting))
        self._rest = self._last_rest = min(max(2 * self._last_rest, 1), LONGEST_PAUSE_ROUNDS)
        return False

    async def is_here(self, name: str) -> bool:
        """Whether a whole file waits on this machine."""
        return await self._disk.is_here(name)

    async def unfinished(self) -> list[str]:
        """The files that nobody closed."""
        return await self._disk.unfinished()

    async def finish(self, name: str) -> None:
        """Ends a file that nobody closed."""
        await self._disk.finish(name)

    async def _settle(self, name: str) -> bool:
        try:
            if name.endswith(GONE):
                await _answered(obstore.delete_async(self._store, name.removesuffix(GONE)))
                await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)
                return True
            path = self._disk.path(name)
            await _answered(
                obstore.put_async(
                    self._store,
                    name,
                    path,
                    attributes={"Content-Type": "audio/wav"},
                    chunk_size=PART_BYTES,
                    max_concurrency=2,
                )
            )
            found = await _answered(obstore.head_async(self._store, name))
            if found["size"] != (await asyncio.to_thread(path.stat)).st_size:
                return False
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except (Unavailable, OSError) as error:
            _log.info("a recording waits", recording=name, error=type(error.__cause__ or error).__name__)
            return False
        return True

    def _waiting(self) -> list[str]:
        """The oldest first; what is marked as deleted is brought nowhere, and nothing else happens to it at once."""
        ages = {entry.name: entry.stat().st_mtime for entry in os.scandir(self._folder) if entry.is_file()}
        names = [name for name in ages if is_name(name.removesuffix(GONE)) and f"{name}{GONE}" not in ages]
        return sorted(names, key=lambda name: ages[name])

    def _gone(self, name: str) -> Path:
        path = self._disk.path(name)
        return path.with_name(path.name + GONE)

    async def _is_gone(self, name: str) -> bool:
        return await asyncio.to_thread(self._gone(name).exists)


def open_blobs(url: str | None, data_dir: Path, keys: ObjectKeys) -> DiskBlobs | ObjectBlobs:
    """Where recordings lie: ``file:///folder``, ``s3://…`` (see ``bucket``), or None for a folder of the data dir."""
    folder = data_dir / "recordings"
    if url is None:
        return DiskBlobs(folder)
    if url.startswith("file:///") and len(url) > len("file:///"):
        return _folder(url)
    return ObjectBlobs(folder, bucket(url, keys))


def _folder(url: str) -> DiskBlobs:
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise _wrong()
    folder = Path(unquote(parts.path))
    try:
        return DiskBlobs(folder)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no path"
        raise Invalid(f"the folder of TRUNKLINE_RECORDINGS_URL cannot be made or used ({why})") from None


def _wrong() -> Invalid:
    return Invalid(
        "TRUNKLINE_RECORDINGS_URL must be s3://bucket/prefix?endpoint=https://…&region=… or file:///folder, without keys"
    )


async def _answered(asked: Awaitable[T]) -> T:
    """What the storage says. Raises FileNotFoundError, and Unavailable without the storage's own words: those can hold
    addresses and keys."""
    try:
        return await asked
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise _away() from error


def _away() -> Unavailable:
    return Unavailable(
        "the storage of the recordings does not answer; try again",
        code="recordings_unavailable",
        title="Recordings unavailable",
    )
