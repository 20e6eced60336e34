"""One attempt, against receivers that behave badly in every way."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from email.utils import format_datetime

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.webhooks.receiver import Receiver, hang, receiving, reply
from tests.webhooks.test_guard import ChangingResolver
from trunkline.base.clock import SystemClock
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.reaching import READ_BYTES
from trunkline.webhooks.sender import Post, Sender

pytestmark = pytest.mark.room
SECRET = "a secret that nobody else knows"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender(Guard(allow_insecure=True), SystemClock(), patience_seconds=2) as found:
        yield found


def post(url: str, secret: str | None = SECRET) -> Post:
    return Post(url, "status-update", b'{"message":{}}', "delivery-1", secret)


async def test_a_receiver_can_verify_what_it_got(sender: Sender, receiver: Receiver) -> None:
    attempt = await sender.post(post(receiver.url()))
    [seen] = receiver.seen
    assert attempt.accepted
    assert attempt.status_code == 200
    assert Webhook(SECRET.encode()).verify(seen.body, seen.headers) == {"message": {}}
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("Trunkline/")
    assert seen.headers["x-webhook-event"] == "status-update"
    assert seen.headers["webhook-id"] == "delivery-1"


async def test_without_a_secret_nothing_is_signed(sender: Sender, receiver: Receiver) -> None:
    await sender.post(post(receiver.url(), secret=None))
    assert "x-webhook-signature" not in receiver.seen[0].headers
    assert "webhook-signature" not in receiver.seen[0].headers


@pytest.mark.parametrize("status", [301, 400, 404, 410, 429, 500, 503])
async def test_any_other_status_is_reported_as_it_is(sender: Sender, receiver: Receiver, status: int) -> None:
    receiver.answer = reply(status, "went wrong", {"Location": receiver.url("/elsewhere"), "Retry-After": "7"})
    attempt = await sender.post(post(receiver.url()))
    assert (attempt.accepted, attempt.status_code, attempt.error) == (False, status, None)
    assert attempt.reply == "went wrong"
    assert attempt.retry_after_seconds == 7
    assert len(receiver.seen) == 1


async def test_a_date_in_retry_after_is_read_and_nonsense_is_not(sender: Sender, receiver: Receiver) -> None:
    now = SystemClock().now()
    receiver.answer = reply(503, "", {"Retry-After": format_datetime(now.replace(year=now.year + 1), usegmt=True)})
    attempt = await sender.post(post(receiver.url()))
    assert attempt.retry_after_seconds is not None
    assert attempt.retry_after_seconds > 364 * 24 * 3600
    far = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
    for nonsense in ("soon", far, "Mon, 01 Jan 2027 99999999999999999999:00:00 GMT", "-5", "\u00b2"):
        receiver.answer = reply(503, "", {"Retry-After": nonsense})
        attempt = await sender.post(post(receiver.url()))
        assert (attempt.status_code, attempt.retry_after_seconds) == (503, None)


async def test_a_receiver_that_hangs_is_given_up(receiver: Receiver) -> None:
    receiver.answer = hang
    async with Sender(Guard(allow_insecure=True), SystemClock(), patience_seconds=0.2) as sender:
        attempt = await sender.post(post(receiver.url()))
    assert attempt.error == "the receiver did not answer in full within 0.2 seconds"


async def test_a_reply_that_trickles_is_given_up(receiver: Receiver) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    receiver.answer = trickle
    async with Sender(Guard(allow_insecure=True), SystemClock(), patience_seconds=0.3) as sender:
        attempt = await sender.post(post(receiver.url()))
    assert attempt.error is not None
    assert not attempt.accepted


async def test_a_long_reply_is_cut(sender: Sender, receiver: Receiver) -> None:
    receiver.answer = reply(200, "x" * (3 * READ_BYTES))
    attempt = await sender.post(post(receiver.url()))
    assert attempt.accepted
    assert attempt.cut
    assert len(attempt.body) == READ_BYTES
    assert attempt.reply == "x" * 2048


async def test_a_compressed_reply_is_not_blown_up(sender: Sender, receiver: Receiver) -> None:
    bomb = gzip.compress(b"\x00" * (8 * READ_BYTES))

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    receiver.answer = answer
    attempt = await sender.post(post(receiver.url()))
    assert attempt.body == bomb
    assert "\x00" not in attempt.reply


async def test_a_receiver_that_is_not_there_is_a_sentence(sender: Sender) -> None:
    async with receiving() as gone:
        url = gone.url()
    attempt = await sender.post(post(url))
    assert attempt.error == "the receiver could not be reached"
    assert not attempt.refused


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"]
)
async def test_what_speaks_no_http_is_a_sentence(sender: Sender, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        attempt = await sender.post(post(f"http://127.0.0.1:{port}/"))
    assert attempt.error
    assert not attempt.accepted


async def test_a_slow_receiver_delays_nobody_else(receiver: Receiver) -> None:
    release = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response({})

    receiver.paths["/slow"] = slow
    async with Sender(Guard(allow_insecure=True), SystemClock(), patience_seconds=10) as sender:
        waiting = [asyncio.create_task(sender.post(post(receiver.url("/slow")))) for _ in range(120)]
        await receiver.wait(120)
        assert (await sender.post(post(receiver.url("/quick")))).accepted
        assert not any(task.done() for task in waiting)
        release.set()
        assert all([(await task).accepted for task in waiting])


async def test_the_connection_goes_to_the_address_that_was_judged(receiver: Receiver) -> None:
    resolver = ChangingResolver(["127.0.0.1"], ["192.0.2.1"])
    async with Sender(Guard(allow_insecure=True), SystemClock(), resolver=resolver) as sender:
        attempt = await sender.post(post(f"http://pinned.example:{receiver.port}/hook"))
    assert attempt.accepted
    assert resolver.asked == 1
    assert receiver.seen[0].headers["host"] == f"pinned.example:{receiver.port}"


async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(receiver: Receiver) -> None:
    resolver = ChangingResolver(["127.0.0.1"])
    async with Sender(Guard(), SystemClock(), resolver=resolver) as sender:
        attempt = await sender.post(post(f"https://rebind.example:{receiver.port}/hook"))
        literal = await sender.post(post(f"https://127.0.0.1:{receiver.port}/hook"))
    assert attempt.refused
    assert attempt.error == "the webhook address leads to this machine itself, where webhooks are not sent"
    assert literal.refused
    assert receiver.seen == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "localhost"])
async def test_another_spelling_of_this_machine_is_refused_too(receiver: Receiver, host: str) -> None:
    async with Sender(Guard(), SystemClock()) as sender:
        attempt = await sender.post(post(f"https://{host}:{receiver.port}/hook"))
    assert not attempt.accepted
    assert attempt.refused
    assert receiver.seen == []


async def test_neither_secret_nor_address_shows_in_a_repr(receiver: Receiver) -> None:
    assert SECRET not in repr(post(receiver.url()))
    assert json.dumps(repr(post(receiver.url()))).count("127.0.0.1") == 0
