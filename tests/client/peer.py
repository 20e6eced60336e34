"""A server that says what it was told to, whatever it is asked, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Peer:
    """The answers that are left, one for each connection, and the requests so far: first line, headers and body."""

    answers: list[bytes]
    url: str = ""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection and closes it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append((first, headers, body))
        if self.answers:
            writer.write(self.answers.pop(0))
            await writer.drain()
        writer.close()


def answer(status: int, body: Any, **headers: str) -> bytes:
    """A reply in JSON, after which the connection closes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Content-Length": str(len(raw)), "Connection": "close", "X-Request-Id": "req-1", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode() + raw


def error(status: int, code: str, **headers: str) -> bytes:
    """A refusal as the API gives it."""
    return answer(status, {"error": "No", "message": "Do otherwise.", "code": code, "details": ["a: b"]}, **headers)


def events(*texts: str) -> bytes:
    """A stream of events that ends with the connection."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return (head + "".join(texts)).encode()


@asynccontextmanager
async def peer(answers: Sequence[bytes]) -> AsyncIterator[Peer]:
    """A peer on a real socket."""
    found = Peer(list(answers))
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found
