"""Recordings on disk and in a bucket: written as they grow, read in parts, deleted for good, and lost by no outage."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.storage.s3 import ACCESS, BUCKET, SECRET, S3Server, Way, s3_server, way_to
from trunkline.base.errors import Invalid, Unavailable
from trunkline.ports.blobs import Blobs
from trunkline.storage.blobs import CHUNK_BYTES, DiskBlobs
from trunkline.storage.object_blobs import PART_BYTES, ObjectBlobs, ObjectKeys, bucket, open_blobs

pytestmark = [pytest.mark.room, pytest.mark.asyncio(loop_scope="module")]

KEYS = ObjectKeys(ACCESS, SECRET)
DYING = """
import os, pathlib, sys
from trunkline.storage.blobs import DiskBlobs
DiskBlobs(pathlib.Path(sys.argv[1])).create("call.wav").write(b"cut off")
os._exit(0)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """The S3 server of all these tests."""
    with s3_server() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def way(server: S3Server) -> AsyncIterator[Way]:
    """The way to it."""
    async with way_to(server) as open_way:
        yield open_way


def objects(way: Way, folder: Path) -> ObjectBlobs:
    url = f"s3://{BUCKET}/{folder.name}?endpoint=http://127.0.0.1:{way.port}&region=eu-central-1"
    return ObjectBlobs(folder / "waiting", bucket(url, KEYS, patience_seconds=1.0))


@pytest.fixture(params=["disk", "bucket before", "bucket after"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each kind of store; a bucket before and after what was written has been brought there."""
    if request.param == "disk":
        return DiskBlobs(tmp_path / "recordings")
    return objects(request.getfixturevalue("way"), tmp_path)


async def settled(blobs: Blobs, request: pytest.FixtureRequest) -> None:
    """Lets the store bring over what waits, where that is wanted."""
    if "after" in request.node.name:
        while await blobs.settle():
            pass


async def read(blobs: Blobs, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name, start, end)])


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def die(folder: Path) -> None:
    """A process that dies as it writes."""
    (only,) = folder.iterdir()
    subprocess.run([sys.executable, "-c", DYING, str(only)], check=True)


def put(blobs: Blobs, name: str, data: bytes = b"sound") -> bytes:
    writer = blobs.create(name)
    writer.write(data)
    writer.close()
    return data


async def test_a_file_grows_and_its_head_is_rewritten(blobs: Blobs, request: pytest.FixtureRequest) -> None:
    writer = blobs.create("call-1.wav")
    writer.write(b"HEAD")
    writer.write(b"one")
    assert await blobs.settle() is False
    assert await blobs.size("call-1.wav") is None
    writer.rewrite_head(b"head")
    writer.write(b"two")
    writer.close()
    writer.close()
    await settled(blobs, request)
    assert await blobs.size("call-1.wav") == 10
    assert await read(blobs, "call-1.wav") == b"headonetwo"


async def test_any_part_of_a_large_file_can_be_read(blobs: Blobs, request: pytest.FixtureRequest) -> None:
    data = put(blobs, "large.wav", bytes(range(256)) * (CHUNK_BYTES // 128))
    await settled(blobs, request)
    assert await blobs.size("large.wav") == len(data)
    assert await read(blobs, "large.wav") == data
    for start, end in ((0, 1), (10, 20), (CHUNK_BYTES - 5, CHUNK_BYTES + 5), (len(data) - 3, None), (5, 5)):
        assert await read(blobs, "large.wav", start, end) == data[start:end]


async def test_what_is_not_there_has_no_size_and_can_be_deleted(blobs: Blobs, request: pytest.FixtureRequest) -> None:
    assert await blobs.size("none.wav") is None
    await blobs.delete("none.wav")
    put(blobs, "some.wav")
    await settled(blobs, request)
    await blobs.delete("some.wav")
    assert await blobs.size("some.wav") is None
    await settled(blobs, request)
    assert await blobs.size("some.wav") is None


async def test_an_abandoned_file_leaves_nothing(blobs: Blobs, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    writer = blobs.create("call.wav")
    writer.write(b"some")
    writer.abandon()
    await settled(blobs, request)
    assert await blobs.size("call.wav") is None
    assert left(tmp_path) == []
    put(blobs, "call.wav")


async def test_what_a_dead_process_left_is_found_and_ended(
    blobs: Blobs, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    die(tmp_path)
    assert await blobs.unfinished() == ["call.wav"]
    await blobs.finish("call.wav")
    await settled(blobs, request)
    assert await blobs.unfinished() == []
    assert await read(blobs, "call.wav") == b"cut off"


async def test_a_file_is_never_written_over(blobs: Blobs) -> None:
    writer = blobs.create("call.wav")
    with pytest.raises(OSError):
        blobs.create("call.wav")
    writer.close()
    with pytest.raises(OSError):
        blobs.create("call.wav")


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".hidden", "/etc/passwd", "a.wav.part", "a.wav.gone"])
async def test_a_name_that_leads_elsewhere_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError):
        await blobs.size(name)
    with pytest.raises(ValueError):
        blobs.create(name)


async def test_the_folder_is_the_platforms_alone(tmp_path: Path) -> None:
    DiskBlobs(tmp_path / "recordings")
    assert stat.S_IMODE((tmp_path / "recordings").stat().st_mode) == 0o700


async def test_another_client_finds_it_in_the_bucket_and_nothing_stays_here(
    way: Way, server: S3Server, tmp_path: Path
) -> None:
    blobs = objects(way, tmp_path)
    large = put(blobs, "large.wav", bytes(PART_BYTES + 17))
    names = [f"call-{place}.wav" for place in range(6)]
    for name in names:
        put(blobs, name, name.encode())
    while await blobs.settle():
        pass
    found = await asyncio.to_thread(server.objects, f"{tmp_path.name}/")
    assert found == {
        f"{tmp_path.name}/large.wav": large,
        **{f"{tmp_path.name}/{name}": name.encode() for name in names},
    }
    assert list((tmp_path / "waiting").iterdir()) == []
    await blobs.delete("large.wav")
    await blobs.settle()
    assert f"{tmp_path.name}/large.wav" not in await asyncio.to_thread(server.objects, f"{tmp_path.name}/")


@pytest.mark.parametrize("state", ["refusing", "unwell", "deaf"])
async def test_an_outage_loses_nothing(way: Way, tmp_path: Path, state: str) -> None:
    blobs = objects(way, tmp_path)
    put(blobs, "old.wav")
    await blobs.settle()
    way.state = state
    data = put(blobs, "new.wav", b"said meanwhile")
    await blobs.settle()
    assert await read(blobs, "new.wav") == data
    with pytest.raises(Unavailable) as away:
        await blobs.size("old.wav")
    assert away.value.code == "recordings_unavailable"
    assert SECRET not in repr(away.value.__cause__)
    await blobs.delete("old.wav")
    assert await blobs.size("old.wav") is None

    # A new process finds what waits.
    again = objects(way, tmp_path)
    way.state = "open"
    while list((tmp_path / "waiting").iterdir()):
        await again.settle()
    assert await read(again, "new.wav") == data
    assert await again.size("old.wav") is None


async def test_while_it_fails_it_is_tried_ever_more_rarely(way: Way, tmp_path: Path) -> None:
    blobs = objects(way, tmp_path)
    way.state = "refusing"
    put(blobs, "call.wav")
    tried = []
    for place in range(8):
        before = way.tries
        await blobs.settle()
        if way.tries > before:
            tried.append(place)
    assert tried == [0, 2, 5]


async def test_a_reply_that_is_cut_is_taken_up_where_it_broke(way: Way, tmp_path: Path) -> None:
    blobs = objects(way, tmp_path)
    data = put(blobs, "call.wav", bytes(range(256)) * 8192)
    await blobs.settle()
    assert list((tmp_path / "waiting").iterdir()) == []
    way.state, way.cut_after, way.cuts = "cutting", 700_000, 2
    fresh = objects(way, tmp_path)
    assert await read(fresh, "call.wav", 0, len(data)) == data
    assert way.cuts == 0


async def test_an_upload_that_is_cut_is_done_again(way: Way, server: S3Server, tmp_path: Path) -> None:
    blobs = objects(way, tmp_path)
    data = put(blobs, "call.wav", bytes(PART_BYTES * 2 + 5))
    way.state, way.cut_after, way.cuts = "cutting", 1, 20
    await blobs.settle()
    assert await read(blobs, "call.wav") == data
    way.state = "open"
    while list((tmp_path / "waiting").iterdir()):
        await blobs.settle()
    assert (await asyncio.to_thread(server.objects, tmp_path.name))[f"{tmp_path.name}/call.wav"] == data


async def test_a_file_that_is_deleted_as_it_goes_over_does_not_come_back(way: Way, tmp_path: Path) -> None:
    blobs = objects(way, tmp_path)
    put(blobs, "call.wav", bytes(PART_BYTES))
    going = asyncio.create_task(blobs.settle())
    await asyncio.sleep(0)
    await blobs.delete("call.wav")
    await going
    while list((tmp_path / "waiting").iterdir()):
        await blobs.settle()
    assert await blobs.size("call.wav") is None


@pytest.mark.parametrize(
    "url",
    ["s3://", "https://bucket", "s3://b/p?secret=x", "s3://key:secret@bucket/p", "file://", "file:///", "/folder"],
)
async def test_another_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Invalid, match="TRUNKLINE_RECORDINGS_URL"):
        open_blobs(url, tmp_path, KEYS)


@pytest.mark.parametrize(
    "url",
    [
        "s3://[bucket",
        "s3://bucket?endpoint=",
        "s3://bucket?region=",
        "s3://bucket?endpoint=minio.example.com",
        "s3://bucket?endpoint=ftp://minio.example.com",
        "s3://bucket?endpoint=http://",
        "s3://bucket?endpoint=http://127.0.0.1:99999",
        "s3://bucket?endpoint=https://key:hushed@minio.example.com",
        "s3://bucket?endpoint=https://one.example.com&endpoint=https://two.example.com",
        "s3://buck et",
        "s3://bucket:99/prefix",
        "s3://bucket/../prefix",
        "s3://bucket/a//b",
        "s3://bucket#prefix",
        "file:///srv/recordings?region=eu",
        "file:///proc/none/recordings",
        "file:///proc/version",
    ],
)
async def test_an_address_that_can_not_work_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(Invalid, match="TRUNKLINE_RECORDINGS_URL") as refused:
        open_blobs(url, tmp_path, KEYS)
    assert "hushed" not in str(refused.value)


@pytest.mark.parametrize("keys", [ObjectKeys(ACCESS, None), ObjectKeys(None, SECRET)])
async def test_half_a_pair_of_keys_is_refused(tmp_path: Path, keys: ObjectKeys) -> None:
    with pytest.raises(Invalid, match="TRUNKLINE_S3_ACCESS_KEY and TRUNKLINE_S3_SECRET_KEY") as refused:
        open_blobs("s3://bucket", tmp_path, keys)
    assert SECRET not in str(refused.value)


async def test_what_is_no_recording_of_ours_keeps_none_from_the_bucket(way: Way, tmp_path: Path) -> None:
    blobs = objects(way, tmp_path)
    for name in (".hidden", "a note.txt"):
        (tmp_path / "waiting" / name).write_text("of somebody else")
    put(blobs, "call.wav")
    while await blobs.settle():
        pass
    assert sorted(left(tmp_path)) == [".hidden", "a note.txt"]
    assert await blobs.size("call.wav") == 5


async def test_one_that_goes_over_as_it_is_asked_for_is_read_from_the_bucket(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = objects(way, tmp_path)
    data = put(blobs, "call.wav")
    size = DiskBlobs.size

    async def just_before(self: DiskBlobs, name: str) -> int | None:
        found = await size(self, name)
        monkeypatch.undo()
        await blobs.settle()
        return found

    monkeypatch.setattr(DiskBlobs, "size", just_before)
    assert await read(blobs, "call.wav", 0, len(data)) == data


async def test_the_address_says_where(tmp_path: Path) -> None:
    put(open_blobs(None, tmp_path / "data", KEYS), "one.wav")
    put(open_blobs(f"file://{tmp_path}/other%20folder", tmp_path, KEYS), "two.wav")
    assert (tmp_path / "data/recordings/one.wav").exists()
    assert (tmp_path / "other folder/two.wav").exists()
    assert isinstance(open_blobs("s3://bucket/prefix", tmp_path, KEYS), ObjectBlobs)
    assert SECRET not in repr(KEYS)
