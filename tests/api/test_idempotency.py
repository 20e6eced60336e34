"""Requests that come twice: done once, and answered the same."""

import asyncio
import hashlib

import pytest

from tests.api.world import DESTINATION, Api, client, made, ready_to_call
from trunkline.api.body import canonical
from trunkline.services import idempotency, keys
from trunkline.storage import idempotency as slots
from trunkline.storage.idempotency import IdempotencySlot

pytestmark = pytest.mark.room
KEY = {"Idempotency-Key": "once-1"}


async def _calls(api: Api) -> int:
    return int((await api.ours.get("/calls")).json()["pagination"]["total"])


async def test_twenty_equal_requests_at_once_place_one_call(api_on_each: Api) -> None:
    api = api_on_each
    order = {"destination": DESTINATION, "assistant_id": (await ready_to_call(api.ours))["assistant"]}
    replies = await asyncio.gather(*(api.ours.post("/calls/outbound", json=order, headers=KEY) for _ in range(20)))
    assert await _calls(api) == 1
    assert len(api.live.woken) == 1
    done = [reply.json() for reply in replies if reply.status_code == 200]
    assert done
    assert all(reply == done[0] for reply in done)
    assert {reply.json()["code"] for reply in replies if reply.status_code != 200} <= {"idempotency_in_progress"}
    again = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert again.json() == done[0]
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_same_key_with_another_body_is_a_mismatch(api_on_each: Api) -> None:
    ours = api_on_each.ours
    first = await ours.post("/assistants", json={"name": "A", "is_active": True}, headers=KEY)
    assert first.status_code == 201
    other = await ours.post("/assistants", json={"name": "B"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    same = await ours.post("/assistants", content=b'{"is_active":true,  "name":"A"}', headers=KEY)
    assert (same.status_code, same.json()) == (201, first.json())
    assert (await ours.get("/assistants")).json()["pagination"]["total"] == 1


async def test_a_key_counts_per_api_key_method_and_path_and_for_a_day(api_on_each: Api) -> None:
    api = api_on_each
    body = {"name": "A"}
    first = (await api.ours.post("/assistants", json=body, headers=KEY)).json()
    assert (await api.ours.post("/api-keys", json=body, headers=KEY)).status_code == 201
    assert (await api.theirs.post("/assistants", json=body, headers=KEY)).json() != first
    second = await made(api.ours, "/api-keys", {"name": "Second"})
    async with client(api.app, second["key"]) as also_ours:
        assert (await also_ours.post("/assistants", json=body, headers=KEY)).json() != first
    old_path = await api.ours.post("/agents", json=body, headers=KEY)
    assert old_path.json() == first
    api.clock.advance(24 * 3600 + 1)
    assert (await api.ours.post("/assistants", json=body, headers=KEY)).json() != first


async def test_a_reply_that_shows_a_new_key_is_kept_sealed(api: Api) -> None:
    first = await api.ours.post("/api-keys", json={"name": "K"}, headers=KEY)
    again = await api.ours.post("/api-keys", json={"name": "K"}, headers=KEY)
    assert again.json() == first.json()
    kept = await api.rooms.database.brief(slots.find(await _slot(api, "/api-keys")), write=False)
    assert first.json()["api_key"]["key"] not in str(kept)


async def test_a_request_that_failed_may_be_tried_again(api_on_each: Api) -> None:
    api = api_on_each
    order = {"destination": DESTINATION, "assistant_id": (await ready_to_call(api.ours))["assistant"]}
    api.live.free = 0
    refused = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (503, "at_capacity")
    assert refused.headers["Retry-After"] == str(refused.json()["retry_after"])
    api.live.free = 5
    placed = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert placed.status_code == 200
    assert await _calls(api) == 1


async def test_the_reply_is_kept_in_the_transaction_that_places_the_call(api_on_each: Api) -> None:
    api = api_on_each
    order = {"destination": DESTINATION, "assistant_id": (await ready_to_call(api.ours))["assistant"]}
    seen = []

    async def wake(call_id: str) -> bool:
        kept = await api.rooms.database.brief(slots.find(await _slot(api, "/calls/outbound")))
        seen.append(kept and kept.status_code)
        return True

    api.live.wake = wake  # type: ignore[method-assign]
    first = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    again = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert (first.status_code, again.json(), seen) == (200, first.json(), [200])


async def test_a_process_that_died_before_the_call_blocks_for_a_minute(api_on_each: Api) -> None:
    api = api_on_each
    order = {"destination": DESTINATION, "assistant_id": (await ready_to_call(api.ours))["assistant"]}
    begun = await _died(api, order)
    waiting = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_in_progress")
    api.clock.advance(61)
    placed = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert (placed.status_code, placed.json()["call_id"]) == (200, begun.call_id)
    assert await _calls(api) == 1


async def test_a_process_that_died_after_the_call_has_its_call_found(api_on_each: Api) -> None:
    api = api_on_each
    order = {"destination": DESTINATION, "assistant_id": (await ready_to_call(api.ours))["assistant"]}
    first = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    slot = await _slot(api, "/calls/outbound")
    kept = await api.rooms.database.brief(slots.find(slot))
    assert kept is not None
    await api.rooms.database.brief(slots.release(slot))
    reply = {"call_id": first.json()["call_id"]}
    await api.rooms.database.brief(slots.take(slot, kept.body_hash, api.clock.now(), reply))
    api.clock.advance(61)
    again = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert again.json() == first.json()
    assert (await _calls(api), len(api.live.woken)) == (1, 1)


async def test_a_bad_idempotency_key_is_refused(api: Api) -> None:
    for key in ("x" * 256, "two words", "ä"):
        headers = {b"Idempotency-Key": key.encode()}
        reply = await api.ours.post("/assistants", json={"name": "A"}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_idempotency_key"), key


async def _slot(api: Api, path: str) -> IdempotencySlot:
    caller = await keys.authenticate(api.rooms, api.key)
    return IdempotencySlot(caller.org_id, caller.key_id or "", "POST", path, "once-1")


async def _died(api: Api, order: dict[str, str]) -> idempotency.Begun:
    """Takes the slot as a request does, and goes no further."""
    slot = await _slot(api, "/calls/outbound")
    begun = await idempotency.begin(api.rooms, slot, hashlib.sha256(canonical(order)).hexdigest())
    assert isinstance(begun, idempotency.Begun)
    return begun


async def test_a_path_that_no_id_fits_into_is_not_found(api_on_each: Api) -> None:
    for path in ("/campaigns/{}/leads", "/calls/{}/control", "/sip-trunks/{}/test", "/webhook-deliveries/{}/redeliver"):
        reply = await api_on_each.ours.post(path.format("x" * 600), json={}, headers={"Idempotency-Key": "once"})
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found"), path
