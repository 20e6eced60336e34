"""A caller of few lines that writes its SIP itself, for what no well-behaved phone does."""

import asyncio
import secrets
import socket
from typing import Self

from trunkline.telephony.sip.digest import parts_of, response

SDP = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


class RawCaller:
    """One UDP socket at ``host``; used inside ``with``."""

    def __init__(self, address: str, host: str = "127.0.0.1") -> None:
        self._to = (address.rpartition(":")[0], int(address.rpartition(":")[2]))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()
        self.call_id = secrets.token_hex(8)
        self._number = 0
        self._tag = secrets.token_hex(4)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    async def invite(self, *headers: str, call_id: str | None = None, via: str | None = None) -> tuple[int, list[str]]:
        """Sends an INVITE with more headers; the status of its final response and its header lines. It is acknowledged,
        and hung up by nobody."""
        self._number += 1
        body = SDP.format(host=self.host, port=self.port + 1)
        branch = via or f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{secrets.token_hex(6)}"
        same = (
            f"From: <sip:+31205550001@{self.host}>;tag={self._tag}{self._number}\r\nCall-ID: {call_id or self.call_id}\r\n"
            f"Max-Forwards: 70\r\nContact: <sip:ann@{self.host}:{self.port}>\r\n"
        )
        uri = f"sip:+31201234567@{self._to[0]}:{self._to[1]}"
        lines = "".join(f"{header}\r\n" for header in headers)
        self._send(
            f"INVITE {uri} SIP/2.0\r\nVia: {branch}\r\nTo: <{uri}>\r\nCSeq: {self._number} INVITE\r\n{same}{lines}"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        status, found = await self._final()
        to = next(line for line in found if line.lower().startswith("to:"))
        self._send(
            f"ACK {uri} SIP/2.0\r\nVia: {branch}\r\n{to}\r\nCSeq: {self._number} ACK\r\n{same}Content-Length: 0\r\n\r\n"
        )
        return status, found

    def _send(self, text: str) -> None:
        self._socket.sendto(text.encode(), self._to)

    async def _final(self) -> tuple[int, list[str]]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            while True:
                lines = (await loop.sock_recv(self._socket, 65536)).decode().split("\r\n")
                status = int(lines[0].split(" ")[1]) if lines[0].startswith("SIP/2.0") else 0
                if status >= 200 and f"CSeq: {self._number} INVITE" in lines:
                    return status, lines


def authorization(lines: list[str], username: str, password: str) -> str:
    """The header that answers the challenge among these lines."""
    asked = parts_of(next(line for line in lines if line.startswith("WWW-Authenticate")).partition(": ")[2])
    parts = {
        "username": username,
        "realm": asked["realm"],
        "nonce": asked["nonce"],
        "uri": "sip:+31201234567@127.0.0.1",
        "nc": "00000001",
        "cnonce": secrets.token_hex(4),
        "qop": "auth",
        "algorithm": asked["algorithm"],
    }
    given = {**parts, "response": response(parts, asked["algorithm"], "INVITE", password)}
    return "Authorization: Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items())
