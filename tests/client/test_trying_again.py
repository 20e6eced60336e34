"""The client tries again what may be tried again, never does a thing twice, and says plainly what it was refused."""

import asyncio
import copy
import pickle

import pytest

from tests.client.peer import answer, error, events, peer
from trunkline.client import (
    ApiError,
    AsyncTrunkline,
    BadRequest,
    ConnectionFailed,
    NotFound,
    RateLimited,
    ServerError,
    Trunkline,
    TrunklineError,
    Unavailable,
)

pytestmark = pytest.mark.room
KEY = "tl_live_secret_of_this_test"
LOST = b""
PLACED = answer(200, {"success": True, "call_id": "call-1", "status": "dialing"})
STATUS = 'id: {}\nevent: status\ndata: {{"call_id": "c", "at": "t", "status": "{}"}}\n\n'


async def test_one_key_goes_with_every_try_of_a_call() -> None:
    answers = [LOST, error(503, "at_capacity", Retry_After="0"), error(409, "idempotency_in_progress"), PLACED]
    async with peer(answers) as other, AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client:
        placed = await client.calls.place(destination="+31612345678", assistant_id="a")
    assert placed["call_id"] == "call-1"
    assert len(other.asked) == 4
    assert len({headers["idempotency-key"] for _, headers, _ in other.asked}) == 1
    assert len({body for _, _, body in other.asked}) == 1
    assert other.asked[0][1]["authorization"] == f"Bearer {KEY}"


async def test_the_blocking_client_tries_again_too() -> None:
    async with peer([LOST, answer(502, b"<html>"), answer(504, b""), PLACED]) as other:
        with Trunkline(KEY, other.url, first_wait_seconds=0.01) as client:
            placed = await asyncio.to_thread(client.calls.place, destination="+31612345678", idempotency_key="mine")
    assert placed["status"] == "dialing"
    assert [headers["idempotency-key"] for _, headers, _ in other.asked] == ["mine"] * 4


async def test_a_wait_that_is_asked_for_is_kept() -> None:
    limited = error(429, "rate_limit_exceeded", Retry_After="2")
    async with (
        peer([limited, answer(200, {"voices": []})]) as other,
        AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client,
    ):
        began = asyncio.get_running_loop().time()
        assert await client.voices.list() == []
        assert asyncio.get_running_loop().time() - began >= 2


async def test_a_wait_that_is_too_long_is_told_at_once() -> None:
    async with (
        peer([error(429, "rate_limit_exceeded", Retry_After="3600")]) as other,
        AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client,
    ):
        with pytest.raises(RateLimited) as caught:
            await client.voices.list()
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, "invalid_request", BadRequest), (404, "not_found", NotFound), (500, "internal_error", ServerError)],
)
async def test_what_stays_wrong_is_not_tried_again(status: int, code: str, kind: type[ApiError]) -> None:
    async with peer([error(status, code)]) as other, AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client:
        with pytest.raises(kind) as caught:
            await client.assistants.create(name="A")
    told = caught.value
    assert (told.status, told.code, told.message, told.details) == (status, code, "Do otherwise.", ("a: b",))
    assert told.request_id == "req-1"
    assert "a: b" in str(told)
    assert len(other.asked) == 1
    for again in (copy.copy(told), pickle.loads(pickle.dumps(told))):
        assert (type(again), str(again), again.request_id) == (kind, str(told), "req-1")


async def test_it_gives_up_in_the_end() -> None:
    async with (
        peer([LOST, LOST]) as other,
        AsyncTrunkline(KEY, other.url, retries=1, first_wait_seconds=0.01) as client,
    ):
        with pytest.raises(ConnectionFailed, match="was not reached"):
            await client.numbers.get("n")
    assert len(other.asked) == 2
    busy = [error(503, "at_capacity")] * 2
    async with peer(busy) as other, AsyncTrunkline(KEY, other.url, retries=0) as client:
        with pytest.raises(Unavailable):
            await client.numbers.get("n")
    assert len(other.asked) == 1


async def test_what_is_gone_after_a_lost_reply_was_removed() -> None:
    async with (
        peer([LOST, error(404, "not_found")]) as other,
        AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client,
    ):
        await client.numbers.delete("n")
    async with (
        peer([error(404, "not_found")]) as other,
        AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client,
    ):
        with pytest.raises(NotFound):
            await client.numbers.delete("n")


async def test_events_go_on_after_the_last_one_that_came() -> None:
    passing = 'event: transcript\ndata: {"final": false}\n\n'
    answers = [
        events(
            ": still here\n\n", STATUS.format(1, "dialing"), STATUS.format(2, "ringing"), passing, "id: 3\nevent: st"
        ),
        LOST,
        error(503, "database_unavailable", Retry_After="0"),
        events(STATUS.format(3, "in-progress"), STATUS.format(4, "ended")),
    ]
    async with peer(answers) as other, AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client:
        found = [event async for event in client.calls.events("c")]
    assert [(event.kind, event.id) for event in found] == [
        ("status", 1),
        ("status", 2),
        ("transcript", None),
        ("status", 3),
        ("status", 4),
    ]
    assert [headers["last-event-id"] for _, headers, _ in other.asked] == ["0", "2", "2", "2"]


async def test_the_events_of_a_call_that_is_over_end() -> None:
    answers = [events(), events(), answer(200, {"status": "ended"})]
    async with peer(answers) as other:
        with Trunkline(KEY, other.url, first_wait_seconds=0.01) as client:
            assert await asyncio.to_thread(lambda: list(client.calls.events("c", after=9))) == []
    assert other.answers == []


async def test_events_that_cannot_be_had_are_told() -> None:
    async with peer([LOST] * 2) as other, AsyncTrunkline(KEY, other.url, retries=1, first_wait_seconds=0.01) as client:
        with pytest.raises(ConnectionFailed):
            await anext(client.calls.events("c"))
    async with (
        peer([error(404, "not_found")]) as other,
        AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client,
    ):
        with pytest.raises(NotFound):
            await anext(client.calls.events("c"))


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1]", b""])
async def test_what_is_no_installation_is_told(body: bytes) -> None:
    answers = [answer(200, body), answer(404, body), answer(301, body)]
    async with peer(answers) as other, AsyncTrunkline(KEY, other.url) as client:
        for _ in range(3):
            with pytest.raises(TrunklineError, match="check the address"):
                await client.numbers.get("n")


async def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_URL", "http://127.0.0.1:9/api/v1/")
    client = AsyncTrunkline(KEY, retries=0)
    other = client.acting_for("o-1")
    with pytest.raises(ConnectionFailed) as caught:
        await client.calls.get("c")
    shown = [
        repr(client),
        repr(other),
        repr(client.calls),
        str(caught.value),
        repr(caught.value.__cause__),
        str(vars(client)),
    ]
    assert not [text for text in shown if "secret" in text]
    assert repr(client) == "<AsyncTrunkline of http://127.0.0.1:9>"
    assert repr(other) == "<AsyncTrunkline of http://127.0.0.1:9, acting for o-1>"
    await client.aclose()
    with pytest.raises(ValueError) as refused:
        Trunkline("tl_live_ secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["calls.example.com", "ftp://calls.example.com", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Trunkline(KEY, url)


async def test_an_id_stays_one_part_of_the_path() -> None:
    async with peer([answer(404, b"")]) as other, AsyncTrunkline(KEY, other.url, first_wait_seconds=0.01) as client:
        with pytest.raises(NotFound):
            await client.calls.get("../assistants?x#y")
        with pytest.raises(ValueError, match="empty"):
            await client.calls.get("")
    assert other.asked[0][0] == "GET /api/v1/calls/..%2Fassistants%3Fx%23y HTTP/1.1"
