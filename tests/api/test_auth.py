"""Who may do what: keys, their scopes, their end, and the two limits."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.api.world import Api, client, made, opened, placed, ready_to_call
from trunkline.api.app import ApiSettings
from trunkline.base.clock import iso
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic dGw6dGw=",
        "Bearer tl_live_" + "x" * 43,
        "Bearer tl_live_" + "x" * 5000,
        "tl_live_" + "x" * 43,
    ],
)
async def test_who_has_no_good_key_is_told_so(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    reply = await api.stranger.get("/assistants", headers=headers)
    assert reply.status_code == 401
    assert (reply.json()["error"], reply.json()["code"]) == ("Invalid API key", "invalid_api_key")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert int(reply.headers["X-RateLimit-Remaining"]) == int(reply.headers["X-RateLimit-Limit"])


async def test_a_key_is_shown_once_works_expires_and_is_revoked(api_on_each: Api) -> None:
    api = api_on_each
    soon = iso(api.clock.now() + timedelta(hours=1))
    key = await made(api.ours, "/api-keys", {"name": "Short", "expires_at": soon})
    assert key["key"].startswith("tl_live_")
    assert key["key"].startswith(key["prefix"])
    assert (key["scopes"], key["expires_at"], key["revoked_at"]) == (["read", "write", "calls"], soon, None)
    async with client(api.app, key["key"]) as short:
        assert (await short.get("/assistants")).status_code == 200
        listed = (await api.ours.get("/api-keys")).json()
        assert listed["pagination"]["total"] == 2
        mine = next(item for item in listed["api_keys"] if item["id"] == key["id"])
        assert "key" not in mine
        assert mine["last_used_at"] == iso(api.clock.now())
        api.clock.advance(3601)
        assert (await short.get("/assistants")).json()["code"] == "api_key_expired"
        assert (await api.ours.delete(f"/api-keys/{key['id']}")).json() == {"success": True}
        assert (await short.get("/assistants")).json()["code"] == "api_key_revoked"
    assert (await api.ours.delete(f"/api-keys/{key['id']}")).status_code == 200
    assert (await api.theirs.delete(f"/api-keys/{key['id']}")).status_code == 404
    async with api.rooms.database.system(write=False) as unit:
        assert key["key"] not in str(await unit.keys.list_(10, 0))


async def test_a_scope_that_is_lacking_is_named(api: Api) -> None:
    reader = await made(api.ours, "/api-keys", {"name": "Reader", "scopes": ["read"]})
    async with client(api.app, reader["key"]) as reads:
        assert (await reads.get("/assistants")).status_code == 200
        for path in ("/assistants", "/calls/outbound", "/api-keys", "/calls/call-outbound-x/control"):
            reply = await reads.post(path, json={})
            assert (reply.status_code, reply.json()["code"]) == (403, "missing_scope"), path
    writer = await made(api.ours, "/api-keys", {"name": "Writer", "scopes": ["write", "read"]})
    async with client(api.app, writer["key"]) as writes:
        more = await writes.post("/api-keys", json={"name": "More", "scopes": ["calls"]})
        assert (more.status_code, more.json()["code"]) == (403, "missing_scope")
        assert (await made(writes, "/api-keys", {"name": "Same"}))["scopes"] == ["read", "write"]


async def test_the_limit_is_told_kept_per_key_and_opens_again(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    async with opened(sqlite, vault, tmp_path, ApiSettings(requests_per_minute=3)) as api:
        left = [(await api.ours.get("/voices")).headers["X-RateLimit-Remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        api.clock.advance(20.5)
        over = await api.ours.post("/assistants", content=b"{")
        assert (over.status_code, over.json()["code"]) == (429, "rate_limit_exceeded")
        assert over.json()["retry_after"] == int(over.headers["Retry-After"]) == 40
        assert int(over.headers["X-RateLimit-Reset"]) == api.clock.now().timestamp() + 39.5
        assert (await api.theirs.get("/voices")).status_code == 200
        assert (await api.stranger.get("/health")).status_code == 200
        api.clock.advance(40)
        assert (await api.ours.get("/nothing-here")).headers["X-RateLimit-Limit"] == "3"
        assert (await api.ours.get("/voices")).status_code == 200


async def test_an_address_with_many_wrong_keys_is_stopped_and_its_neighbours_are_not(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    async with opened(sqlite, vault, tmp_path, ApiSettings(requests_per_minute=5)) as api:
        assert (await api.ours.get("/voices")).status_code == 200
        wrong = {"Authorization": "Bearer tl_live_" + "x" * 43}
        statuses = [(await api.stranger.get("/voices", headers=wrong)).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        over = await api.theirs.get("/voices")
        assert (over.status_code, over.json()["code"]) == (429, "rate_limit_exceeded")
        assert int(over.headers["Retry-After"]) == over.json()["retry_after"] > 0
        assert (await api.ours.get("/voices")).status_code == 200
        assert (await api.stranger.get("/health")).status_code == 200
        api.clock.advance(61)
        assert (await api.theirs.get("/voices")).status_code == 200
        assert (await api.stranger.get("/voices", headers=wrong)).status_code == 401


async def test_the_word_bearer_is_read_in_any_case(api: Api) -> None:
    for word in ("Bearer", "bearer", "BEARER"):
        assert (await api.stranger.get("/voices", headers={"Authorization": f"{word} {api.key}"})).status_code == 200


async def test_a_call_takes_ten_orders_a_minute(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    one, other = await placed(api.ours, ids["assistant"]), await placed(api.ours, ids["assistant"])
    await api.answer(one)
    await api.answer(other)
    for left in range(9, -1, -1):
        reply = await api.ours.post(f"/calls/{one}/control", json={"type": "mute"})
        assert reply.status_code == 200
        assert reply.headers["X-RateLimit-Remaining"] == str(left)
    over = await api.ours.post(f"/calls/{one}/control", json={"type": "mute"})
    assert over.status_code == 429
    assert over.json()["retry_after"] >= 1
    assert (await api.ours.post(f"/calls/{other}/control", json={"type": "mute"})).status_code == 200
    assert (await api.theirs.post(f"/calls/{one}/control", json={"type": "mute"})).status_code == 404


async def test_every_reply_carries_its_request_id(api: Api) -> None:
    for path in ("/voices", "/nothing-here", "/health", "/docs"):
        reply = await api.ours.get(path, headers={"X-Request-Id": "mine-1"})
        assert reply.headers["X-Request-Id"] == "mine-1"
        assert "X-RateLimit-Reset" in reply.headers
    made_up = (await api.stranger.get("/voices", headers={"X-Request-Id": "no good"})).headers["X-Request-Id"]
    assert len(made_up) == 36


async def test_an_organisation_does_not_lock_itself_out(api_on_each: Api) -> None:
    ours, now = api_on_each.ours, api_on_each.clock.now()
    [first] = (await ours.get("/api-keys")).json()["api_keys"]
    await made(ours, "/api-keys", {"name": "Website", "scopes": ["read", "calls"]})
    soon = (now + timedelta(hours=1)).isoformat()
    short = await made(ours, "/api-keys", {"name": "For an hour", "expires_at": soon})
    api_on_each.clock.advance(3601)
    refused = await ours.delete(f"/api-keys/{first['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_key")
    assert (await ours.delete(f"/api-keys/{short['id']}")).status_code == 200
    await made(ours, "/api-keys", {"name": "New"})
    assert (await ours.delete(f"/api-keys/{first['id']}")).status_code == 200
    assert (await ours.get("/api-keys")).json()["code"] == "api_key_revoked"


async def test_a_parent_may_take_a_childs_last_key(api_on_each: Api) -> None:
    child = (await api_on_each.ours.post("/organizations", json={"name": "Child"})).json()
    acting = {"X-Organization-Id": child["id"]}
    [key] = (await api_on_each.ours.get("/api-keys", headers=acting)).json()["api_keys"]
    assert (await api_on_each.ours.delete(f"/api-keys/{key['id']}", headers=acting)).status_code == 200
