"""Requests that come twice: done once, and answered the same."""

import asyncio
import hashlib

import pytest

from tests.api.world import DESTINATION, Api, client, made, ready_to_call
from trunkline.api.body import canonical
from trunkline.domain.access import Caller
from trunkline.services import idempotency, keys
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
    caller = await _caller(api)
    async with api.rooms.unit(caller, write=False) as unit:
        kept = await unit.idempotency.find(IdempotencySlot(caller.key_id or "", "POST", "/api-keys", "once-1"))
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
    slot = IdempotencySlot((await _caller(api)).key_id or "", "POST", "/calls/outbound", "once-1")
    async with api.rooms.unit(api.caller) as unit:
        kept = await unit.idempotency.find(slot)
        assert kept is not None
        await unit.idempotency.release(slot)
        reply = {"call_id": first.json()["call_id"]}
        await unit.idempotency.take(api.org_id, slot, kept.body_hash, api.clock.now(), reply)
    api.clock.advance(61)
    again = await api.ours.post("/calls/outbound", json=order, headers=KEY)
    assert again.json() == first.json()
    assert (await _calls(api), len(api.live.woken)) == (1, 1)


async def test_a_bad_idempotency_key_is_refused(api: Api) -> None:
    for key in ("x" * 256, "two words", "ä"):
        headers = {b"Idempotency-Key": key.encode()}
        reply = await api.ours.post("/assistants", json={"name": "A"}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_idempotency_key"), key


async def _caller(api: Api) -> Caller:
    return await keys.authenticate(api.rooms, api.key)


async def _died(api: Api, order: dict[str, str]) -> idempotency.Begun:
    """Takes the slot as a request does, and goes no further."""
    caller = await _caller(api)
    slot = IdempotencySlot(caller.key_id or "", "POST", "/calls/outbound", "once-1")
    begun = await idempotency.begin(api.rooms, caller, slot, hashlib.sha256(canonical(order)).hexdigest())
    assert isinstance(begun, idempotency.Begun)
    return begun
