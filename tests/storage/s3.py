"""An S3 server in a process of its own, a client that is not ours to look into it, and a way to it that can fail."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from trunkline.testing.ports import free_port, is_free

ACCESS, SECRET = "an-access-key", "a-secret-key"
BUCKET = "recordings"
START_SECONDS = 60.0
_UNWELL = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where it listens; ``client`` is the vendor's own."""

    port: int
    client: Any

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """All objects below a prefix."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {one["Key"]: self.client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}

    def uploads(self) -> list[str]:
        """The uploads in parts that were begun and not ended."""
        return [one["Key"] for one in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A running server with one empty bucket."""
    port = free_port()
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + START_SECONDS
            while is_free(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    out.seek(0)
                    pytest.fail(f"the S3 server did not start: {out.read().decode()}", pytrace=False)
                time.sleep(0.05)
            client = boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{port}",
                region_name="eu-central-1",
                aws_access_key_id=ACCESS,
                aws_secret_access_key=SECRET,
                config=Config(s3={"addressing_style": "path"}),
            )
            client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            yield S3Server(port, client)
            client.close()
        finally:
            process.terminate()
            process.wait(10)


@dataclass
class Way:
    """The way to a server: open, refusing, unwell (503), deaf, or cut after so many bytes of what it answers."""

    to_port: int
    port: int = 0
    state: str = "open"
    cut_after: int = 0
    cuts: int = 0
    tries: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.tries += 1
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            match self.state:
                case "refusing":
                    pass
                case "deaf":
                    await reader.read()
                case "unwell":
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(_UNWELL)
                    await writer.drain()
                case _:
                    await self._forward(reader, writer)
        self._open.discard(writer)
        writer.close()

    async def close(self) -> None:
        """Cuts what is open."""
        for writer in self._open:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", self.to_port)
        asking = asyncio.create_task(_copy(reader, out))
        try:
            left = self.cut_after if self.state == "cutting" and self.cuts > 0 else None
            while data := await there.read(65536):
                if left is not None and len(data) >= left:
                    self.cuts -= 1
                    writer.write(data[:left])
                    await writer.drain()
                    break
                left = None if left is None else left - len(data)
                writer.write(data)
                await writer.drain()
        finally:
            asking.cancel()
            out.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def way_to(server: S3Server) -> AsyncIterator[Way]:
    """A way that can be made to fail."""
    way = Way(server.port)
    listening = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    way.port = listening.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        listening.close()
        await way.close()
        await listening.wait_closed()
