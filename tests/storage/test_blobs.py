"""Recordings on disk: written as they grow, read in parts, and never outside their folder."""

import stat
from pathlib import Path

import pytest

from trunkline.storage.blobs import CHUNK_BYTES, DiskBlobs

pytestmark = pytest.mark.room


async def read(blobs: DiskBlobs, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name, start, end)])


async def test_a_file_grows_and_its_head_is_rewritten(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path / "recordings")
    writer = blobs.create("call-1.wav")
    writer.write(b"HEAD")
    writer.write(b"one")
    writer.rewrite_head(b"head")
    writer.write(b"two")
    writer.close()
    writer.close()
    assert blobs.size("call-1.wav") == 10
    assert await read(blobs, "call-1.wav") == b"headonetwo"
    assert stat.S_IMODE((tmp_path / "recordings").stat().st_mode) == 0o700


async def test_any_part_of_a_large_file_can_be_read(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    data = bytes(range(256)) * (CHUNK_BYTES // 128)
    writer = blobs.create("large.wav")
    writer.write(data)
    writer.close()
    assert await read(blobs, "large.wav") == data
    assert await read(blobs, "large.wav", 10, 20) == data[10:20]
    assert await read(blobs, "large.wav", CHUNK_BYTES - 5, CHUNK_BYTES + 5) == data[CHUNK_BYTES - 5 : CHUNK_BYTES + 5]
    assert await read(blobs, "large.wav", len(data) - 3) == data[-3:]


def test_a_file_that_is_not_there_has_no_size_and_can_be_deleted(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    assert blobs.size("none.wav") is None
    blobs.delete("none.wav")
    blobs.create("some.wav").close()
    blobs.delete("some.wav")
    assert blobs.size("some.wav") is None


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    blobs.create("call.wav").close()
    with pytest.raises(OSError):
        blobs.create("call.wav")


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".hidden", "/etc/passwd"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError):
        DiskBlobs(tmp_path).size(name)
