"""Organisations below organisations: made, acted for, and never aware of anybody above or beside them."""

import uuid
from pathlib import Path

import httpx2
import pytest

from tests.api.world import Api, client, made, opened, placed, ready_to_call
from trunkline.api.app import ApiSettings
from trunkline.services import accounts
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
KEY = {"Idempotency-Key": "once-1"}


def acting(child_id: str) -> httpx2.Headers:
    """The header of a parent that acts for a child."""
    return httpx2.Headers({"X-Organization-Id": child_id}, encoding="latin-1")


async def _child(api: Api, **fields: object) -> tuple[str, str]:
    reply = await api.ours.post("/organizations", json={"name": "Bakery", **fields})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"], reply.json()["api_key"]


def _code(reply: httpx2.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def test_a_child_is_made_with_a_key_of_its_own(api_on_each: Api) -> None:
    api = api_on_each
    reply = await api.ours.post("/organizations", json={"name": "Bakery", "email": "b@example.com"})
    child = reply.json()
    assert (reply.status_code, child["name"], child["parent_org_id"]) == (201, "Bakery", api.org_id)
    assert child["api_key"].startswith("tl_live_")
    listed = (await api.ours.get("/organizations?include_children=true")).json()
    assert listed["children"] == [{"id": child["id"], "name": "Bakery", "created_at": child["created_at"]}]
    assert "children" not in (await api.ours.get("/organizations")).json()
    assert (await api.theirs.get("/account?include_children=true")).json()["children"] == []
    async with client(api.app, child["api_key"]) as own:
        itself = (await own.get("/organizations?include_children=true")).json()
        assert (itself["id"], itself["parent_org_id"], itself["children"]) == (child["id"], None, [])
        assert "api_key" not in itself
        assert api.org_id not in str(itself)


async def test_a_parent_acts_for_its_child_and_for_nobody_else(api_on_each: Api) -> None:
    api = api_on_each
    child_id, key = await _child(api)
    assistant = await api.ours.post("/assistants", json={"name": "Of the child"}, headers=acting(child_id))
    assert assistant.status_code == 201
    path = f"/assistants/{assistant.json()['assistant']['id']}"
    assert (await api.ours.get(path)).status_code == 404
    assert (await api.ours.get(path, headers=acting(api.org_id))).status_code == 404
    assert (await api.ours.get(path, headers=acting(child_id))).status_code == 200
    theirs = (await api.theirs.get("/organizations")).json()["id"]
    for nobody in (theirs, str(uuid.uuid4()), "", "\xfc", "\0", "x" * 3000):
        for ask in (api.ours.get("/calls", headers=acting(nobody)), api.ours.post("/api-keys", headers=acting(nobody))):
            assert _code(await ask) == (404, "not_found"), nobody
    assert _code(await api.theirs.get(path, headers=acting(child_id))) == (404, "not_found")
    async with client(api.app, key) as own:
        assert (await own.get(path)).status_code == 200
        assert (await own.get(path, headers=acting(child_id))).status_code == 200
        assert _code(await own.get("/organizations", headers=acting(api.org_id))) == (404, "not_found")
        sibling, _ = await _child(api, name="Butcher")
        assert _code(await own.get("/organizations", headers=acting(sibling))) == (404, "not_found")


async def test_the_header_is_taken_once(api: Api) -> None:
    child_id, _ = await _child(api)
    twice = httpx2.Headers([("X-Organization-Id", child_id), ("X-Organization-Id", child_id)])
    assert _code(await api.ours.get("/calls", headers=twice)) == (400, "invalid_request")


async def test_a_child_has_no_children(api: Api) -> None:
    child_id, key = await _child(api)
    async with client(api.app, key) as own:
        assert _code(await own.post("/organizations", json={"name": "C"})) == (403, "children_not_allowed")
    reply = await api.ours.post("/organizations", json={"name": "C"}, headers=acting(child_id))
    assert _code(reply) == (403, "children_not_allowed")


async def test_a_parent_changes_its_child_and_sets_its_limits(api_on_each: Api) -> None:
    api = api_on_each
    child_id, key = await _child(api, max_concurrent_calls=3)
    limits = {"max_concurrent_calls": 2, "monthly_minutes_limit": 90.5}
    changed = await api.ours.patch("/organizations", json={"name": "New", **limits}, headers=acting(child_id))
    assert {name: changed.json()[name] for name in limits} == limits
    assert (changed.json()["name"], changed.json()["parent_org_id"]) == ("New", api.org_id)
    assert (await api.ours.get("/organizations")).json()["name"] == "Ours"
    await accounts.set_limits(api.rooms, api.org_id, max_concurrent_calls=4)
    too_many = {"max_concurrent_calls": 5}
    for reply in (
        await api.ours.patch("/organizations", json=too_many, headers=acting(child_id)),
        await api.ours.post("/organizations", json={"name": "C", **too_many}),
    ):
        assert _code(reply) == (400, "invalid_request")
        assert reply.json()["details"] == ["max_concurrent_calls: must be at most 4, which is the parent's own"]
    async with client(api.app, key) as own:
        for who in (own, api.ours):
            for name in limits:
                refused = await who.patch("/organizations", json={name: None})
                assert _code(refused) == (403, "limit_not_yours")
        assert (await own.patch("/organizations", json={"name": "Mine"})).status_code == 200
        for name in ("minutes_balance", "credits_balance", "parent_org_id", "guaranteed_concurrent_calls"):
            assert _code(await own.patch("/organizations", json={name: 1})) == (400, "invalid_request")


async def test_a_child_gets_no_scope_that_its_maker_lacks(api: Api) -> None:
    narrow = await made(api.ours, "/api-keys", {"name": "Writer", "scopes": ["write", "read"]})
    async with client(api.app, narrow["key"]) as writer:
        child = (await writer.post("/organizations", json={"name": "C"})).json()
    async with client(api.app, child["api_key"]) as own:
        assert (await own.get("/api-keys")).json()["api_keys"][0]["scopes"] == ["read", "write"]
    reader = await made(api.ours, "/api-keys", {"name": "Reader", "scopes": ["read"]})
    async with client(api.app, reader["key"]) as only:
        assert _code(await only.post("/organizations", json={"name": "C"})) == (403, "missing_scope")


async def test_what_may_be_sent_again_is_told_apart_by_the_organisation_acted_for(api_on_each: Api) -> None:
    api = api_on_each
    first, _ = await _child(api)
    second, _ = await _child(api)
    replies = []
    for headers in (KEY, *({**KEY, **acting(org_id)} for org_id in (first, second, api.org_id, first))):
        reply = await api.ours.post("/assistants", json={"name": "A"}, headers=headers)
        assert reply.status_code == 201
        replies.append((reply.json()["assistant"]["id"], reply.headers.get("Idempotency-Replayed")))
    ids = [id for id, _ in replies]
    assert len(set(ids)) == 3
    assert (ids[3], ids[4]) == (ids[0], ids[1])
    assert [again for _, again in replies] == [None, None, None, "true", "true"]


async def test_a_parent_acting_for_a_child_spends_its_own_requests(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    async with opened(sqlite, vault, tmp_path, ApiSettings(requests_per_minute=4)) as api:
        child_id, key = await _child(api)
        for nobody in (str(uuid.uuid4()), child_id, str(uuid.uuid4())):
            await api.ours.get("/assistants", headers=acting(nobody))
        assert _code(await api.ours.get("/assistants", headers=acting(child_id))) == (429, "rate_limit_exceeded")
        async with client(api.app, key) as own:
            assert (await own.get("/assistants")).headers["X-RateLimit-Remaining"] == "3"


async def test_a_call_of_a_child_is_its_own(api_on_each: Api) -> None:
    api = api_on_each
    child_id, key = await _child(api)
    async with client(api.app, key) as own:
        ids = await ready_to_call(own)
        call_id = await placed(own, ids["assistant"])
        assert (await api.ours.get(f"/calls/{call_id}")).status_code == 404
        assert (await api.ours.get("/calls")).json()["pagination"]["total"] == 0
        assert (await api.ours.get(f"/calls/{call_id}", headers=acting(child_id))).status_code == 200
        shown = (await api.ours.get("/organizations", headers=acting(child_id))).json()
        assert (shown["active_calls"], shown["active_numbers"], shown["active_agents"]) == (1, 1, 1)
        assert (await api.ours.get("/organizations")).json()["active_calls"] == 0


async def test_whoever_names_an_organisation_that_is_not_his_is_told_that_it_is_the_header(api: Api) -> None:
    theirs = (await api.theirs.get("/organizations")).json()["id"]
    told = [
        (await api.ours.get("/assistants", headers=acting(nobody))).json()
        for nobody in (theirs, str(uuid.uuid4()), "", "null")
    ]
    assert all(one == told[0] for one in told)
    assert "X-Organization-Id" in told[0]["message"]
    assert told[0]["code"] == "not_found"


async def test_an_empty_address_for_events_is_none(api: Api) -> None:
    child_id, _ = await _child(api)
    for headers in (acting(api.org_id), acting(child_id)):
        refused = await api.ours.patch("/organizations", json={"webhook_url": ""}, headers=headers)
        assert (refused.status_code, refused.json()["details"]) == (400, ["webhook_url: must be an https address"])
    refused = await api.ours.post("/organizations", json={"name": "Bakery", "webhook_url": ""})
    assert refused.status_code == 400
    cleared = await api.ours.patch("/organizations", json={"webhook_url": None})
    assert (cleared.status_code, cleared.json()["webhook_url"]) == (200, None)
