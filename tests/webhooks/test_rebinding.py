"""Names that lead somewhere else each time they are asked for: the sender goes where the guard looked, or nowhere.

The resolver is a stand-in for the name server alone; the sender, its connections and the listeners are real.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.webhooks.receiver import Receiver, receiving
from trunkline.base.clock import SystemClock
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.sender import Attempt, Post, Sender

pytestmark = pytest.mark.room
OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
"""The first is allow-listed, and so stands for a public address; the second is what it is."""


class NameServer(AbstractResolver):
    """Answers each question with the next of its answers, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in answer
        ]

    async def close(self) -> None:
        return None


class Doors:
    """A listener on each of several addresses at one port; ``opened`` are those that somebody connected to."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.port = 0

    async def serve(self, address: str) -> asyncio.Server:
        async def let_in(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.opened.append(address)
            writer.close()

        server = await asyncio.start_server(let_in, address, self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server


@asynccontextmanager
async def doors() -> AsyncIterator[Doors]:
    found = Doors()
    async with AsyncExitStack() as stack:
        for address in (OUTSIDE, INSIDE):
            stack.callback((await found.serve(address)).close)
        yield found


async def tried(names: AbstractResolver | None, *urls: str) -> list[Attempt]:
    guard = Guard.of(allowed=[f"{OUTSIDE}/32"])
    async with Sender(guard, SystemClock(), resolver=names, patience_seconds=5) as sender:
        return [await sender.post(Post(url, "status-update", b"{}", "id-1")) for url in urls]


async def test_a_name_that_turns_inward_is_followed_no_further() -> None:
    names = NameServer([OUTSIDE], [INSIDE])
    async with doors() as house:
        url = f"https://rebind.example:{house.port}/"
        first, second = await tried(names, url, url)
    assert house.opened == [OUTSIDE]
    assert (first.refused, second.refused) == (False, True)
    assert names.asked == ["rebind.example"] * 2


async def test_one_question_is_asked_for_each_connection_and_its_answer_is_dialled() -> None:
    """Who checks with one question and connects with another is rebound between the two."""
    names = NameServer([OUTSIDE], [INSIDE], [INSIDE])
    async with doors() as house:
        [attempt] = await tried(names, f"https://rebind.example:{house.port}/")
    assert names.asked == ["rebind.example"]
    assert house.opened == [OUTSIDE]
    assert not attempt.refused


@pytest.mark.parametrize(
    "answer",
    [[INSIDE], [OUTSIDE, INSIDE], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["0.0.0.0"]],
)
async def test_no_form_of_a_private_address_is_connected_to(answer: list[str]) -> None:
    async with doors() as house:
        [attempt] = await tried(NameServer(answer), f"https://inside.example:{house.port}/")
    assert attempt.refused
    assert house.opened == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost"])
async def test_no_spelling_of_loopback_is_connected_to(host: str) -> None:
    """With the machine's own resolver, which reads all of these as loopback."""
    async with doors() as house:
        [attempt] = await tried(None, f"https://{host}:{house.port}/")
    assert attempt.refused
    assert attempt.error
    assert house.opened == []


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_lead_nowhere(receiver: Receiver, status: int) -> None:
    async def away(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": receiver.url("/inside")})

    receiver.paths["/hook"] = away
    async with Sender(Guard(allow_insecure=True), SystemClock()) as sender:
        attempt = await sender.post(Post(receiver.url(), "status-update", b"{}", "id-1"))
    assert (attempt.status_code, attempt.accepted) == (status, False)
    assert [seen.path for seen in receiver.seen] == ["/hook"]


async def test_an_endless_reply_is_cut(receiver: Receiver) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65536)
        except ConnectionError:
            return answer

    receiver.answer = endless
    async with Sender(Guard(allow_insecure=True), SystemClock(), patience_seconds=10) as sender:
        attempt = await sender.post(Post(receiver.url(), "status-update", b"{}", "id-1"))
    assert (attempt.status_code, attempt.cut, len(attempt.body)) == (200, True, 1024 * 1024)
    assert len(attempt.reply) == 2048
