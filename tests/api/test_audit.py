"""The audit log: every change of every noun, by whom, from what to what, and never a secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.api.world import Api, client, made, ready_to_call
from trunkline.api.app import OPERATIONS
from trunkline.services import accounts
from trunkline.storage.repository import Nouns

pytestmark = pytest.mark.room
Json = dict[str, Any]
HUSH = ("hush-password", "hush-secret", "hush-tool", "hush-key", "hush-hook")


async def _log(one: httpx2.AsyncClient, **query: str) -> list[Json]:
    reply = await one.get("/audit-log", params=query)
    assert reply.status_code == 200, reply.text
    entries: list[Json] = reply.json()["entries"]
    return entries


@asynccontextmanager
async def _child(api: Api, parent: httpx2.AsyncClient) -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    made_ = (await parent.post("/organizations", json={"name": "Child"})).json()
    async with client(api.app, made_["api_key"]) as child:
        yield child, made_["id"]


async def test_every_change_of_a_noun_is_logged_with_what_changed(api_on_each: Api) -> None:
    ours = api_on_each.ours
    assistant = await made(ours, "/assistants", {"name": "Anna", "first_message": "Hi"})
    path = f"/assistants/{assistant['id']}"
    await ours.patch(path, json={"first_message": "Hello", "webhook_secret": HUSH[1]})
    await ours.patch(path, json={"first_message": "Hello"})
    await ours.delete(path)
    entries = sorted(await _log(ours, noun="assistant"), key=lambda entry: entry["action"])
    assert [entry["action"] for entry in entries] == ["created", "deleted", "updated"]
    created, deleted, updated = entries
    assert created["changes"]["name"] == [None, "Anna"]
    assert updated["changes"] == {"first_message": ["Hi", "Hello"], "webhook_secret": "changed"}
    assert deleted["changes"]["first_message"] == ["Hello", None]
    assert {entry["item_id"] for entry in entries} == {assistant["id"]}
    key = (await ours.get("/api-keys")).json()["api_keys"][0]
    assert created["actor"] == {"kind": "api_key", "id": key["id"], "name": "First key"}
    assert await _log(api_on_each.theirs, noun="assistant") == []


async def test_all_nouns_are_logged_and_none_of_their_secrets(api_on_each: Api) -> None:
    ours = api_on_each.ours
    trunk = await made(ours, "/sip-trunks", {"name": "T", "address": "sip.example.com", "auth_password": HUSH[0]})
    await ours.patch(f"/sip-trunks/{trunk['id']}", json={"auth_password": HUSH[1], "name": "T2"})
    number = await made(ours, "/numbers", {"phone_number": "+31850835037", "trunk_id": trunk["id"]})
    await ours.patch(f"/numbers/{number['id']}", json={"trunk_id": None})
    tool = {"name": "t", "tool_config": {"function": {"name": "t"}, "server": {"url": "https://a.example"}}}
    template = await made(ours, "/tool-templates", tool)
    secret = {"server": {"url": "https://a.example", "secret": HUSH[2]}, "function": {"name": "t"}}
    await ours.patch(f"/tool-templates/{template['id']}", json={"tool_config": secret})
    await made(ours, "/analysis-templates", {"name": "A", "schema": {}})
    await made(ours, "/do-not-call", {"phone_numbers": ["+31612345670", "+31612345671"]})
    await ours.post("/byok", json={"provider": "openai", "api_key": HUSH[3]})
    await ours.post("/byok", json={"provider": "openai", "api_key": f"{HUSH[3]}-2"})
    await ours.request("DELETE", "/byok", json={"provider": "openai"})
    await ours.request("DELETE", "/byok", json={"provider": "openai"})
    await ours.post("/byok/config", json={"provider": "scripted", "config": {"llm_model": "script"}})
    await ours.patch("/organizations", json={"name": "Ours too", "webhook_secret": HUSH[4]})
    key = await made(ours, "/api-keys", {"name": "Second"})
    await ours.delete(f"/api-keys/{key['id']}")
    entries = await _log(ours)
    done = sorted((entry["noun"], entry["action"]) for entry in entries)
    assert done == [
        ("analysis_template", "created"),
        ("api_key", "created"),
        ("api_key", "created"),
        ("api_key", "revoked"),
        ("do_not_call_entry", "created"),
        ("do_not_call_entry", "created"),
        ("number", "created"),
        ("number", "updated"),
        ("organization", "created"),
        ("organization", "updated"),
        ("organization", "updated"),
        ("provider_key", "created"),
        ("provider_key", "deleted"),
        ("provider_key", "updated"),
        ("sip_trunk", "created"),
        ("sip_trunk", "updated"),
        ("tool_template", "created"),
        ("tool_template", "updated"),
    ]
    changes = {(entry["noun"], entry["action"]): entry["changes"] for entry in entries}
    assert changes["sip_trunk", "updated"] == {"name": ["T", "T2"], "auth_password": "changed"}
    assert changes["sip_trunk", "created"]["auth_password"] == "changed"
    assert changes["number", "updated"] == {"trunk_id": [trunk["id"], None]}
    assert changes["tool_template", "updated"] == {"server.secret": "changed"}
    assert changes["provider_key", "updated"] == {"api_key": "changed"}
    assert key["key"] not in str(entries)
    assert not [word for word in HUSH if word in str(entries)]


async def test_the_log_is_filtered_by_all_it_says(api_on_each: Api) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    api.clock.advance(3600)
    await api.ours.patch(f"/assistants/{ids['assistant']}", json={"name": "B"}, headers={"X-Request-Id": "req-7"})
    second = await made(api.ours, "/api-keys", {"name": "Second"})
    async with client(api.app, second["key"]) as other:
        await other.patch(f"/assistants/{ids['assistant']}", json={"name": "C"})
    [mine] = await _log(api.ours, actor=second["id"])
    assert (mine["changes"], mine["actor"]["name"]) == ({"name": ["B", "C"]}, "Second")
    assert [entry["request_id"] for entry in await _log(api.ours, item_id=ids["assistant"], action="updated")].count(
        "req-7"
    ) == 1
    assert len(await _log(api.ours, start_date="2026-11-22T10:30:00Z")) == 3
    assert len(await _log(api.ours, end_date="2026-11-22T10:30:00Z", noun="number")) == 1
    assert sorted(entry["noun"] for entry in await _log(api.ours, actor="platform")) == ["api_key", "organization"]
    assert await _log(api.ours, actor="operator") == []
    whole = (await api.ours.get("/audit-log", params={"limit": 2, "offset": 1})).json()
    assert (len(whole["entries"]), whole["pagination"]) == (2, {"total": 8, "limit": 2, "offset": 1})
    for wrong in ({"noun": "dance"}, {"start_date": "yesterday"}, {"who": "me"}):
        assert (await api.ours.get("/audit-log", params=wrong)).status_code == 400


async def test_a_child_does_not_learn_who_of_its_parent_changed_something(api_on_each: Api) -> None:
    api = api_on_each
    async with _child(api, api.ours) as (child, child_id):
        acting = {"X-Organization-Id": child_id, "X-Request-Id": "parents-own-words"}
        assistant = (await api.ours.post("/assistants", json={"name": "A"}, headers=acting)).json()["assistant"]
        await child.patch(f"/assistants/{assistant['id']}", json={"name": "B"})
        entries = await _log(child, noun="assistant")
        by = {entry["action"]: (entry["actor"]["kind"], entry["request_id"]) for entry in entries}
        assert by["created"] == ("operator", None)
        assert by["updated"][0] == "api_key"
        parents = (await api.ours.get("/api-keys")).json()["api_keys"][0]["id"]
        text = (await child.get("/audit-log")).text
        assert parents not in text
        assert api.org_id not in text
        assert "parents-own-words" not in text
        assert await _log(child, actor=parents) == []
        assert {entry["noun"] for entry in await _log(child, actor="operator")} == {
            "organization",
            "api_key",
            "assistant",
        }
        seen = (await api.ours.get("/audit-log", headers=acting, params={"actor": parents})).json()["entries"]
        assert {entry["actor"]["name"] for entry in seen} == {"First key"}
        assert len(seen) == 3
        assert [entry["item_id"] for entry in await _log(api.ours, noun="organization", item_id=child_id)] == [child_id]
        assert await _log(api.ours, item_id=assistant["id"]) == []


async def test_what_an_operator_does_by_hand_is_logged_as_that(api: Api) -> None:
    await accounts.add_credit(replace(api.rooms, hand="operator"), api.org_id, minutes=60.0)
    [entry] = await _log(api.ours, actor="operator")
    assert (entry["noun"], entry["changes"]) == ("organization", {"minutes_balance": [None, 60.0]})


async def test_a_change_that_is_undone_is_not_logged(api: Api) -> None:
    async def half() -> None:
        async with api.rooms.unit(api.caller) as unit:
            await unit.organisations.save(replace(await unit.organisations.get(api.org_id), name="X"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await half()
    assert await _log(api.ours, action="updated") == []


async def test_a_value_that_is_too_large_is_told_by_its_size(api: Api) -> None:
    assistant = await made(api.ours, "/assistants", {"name": "A"})
    await api.ours.patch(f"/assistants/{assistant['id']}", json={"first_message": "x" * 40_000})
    [entry] = await _log(api.ours, noun="assistant", action="updated")
    assert entry["changes"] == {"first_message": [None, "(40002 bytes)"]}


def test_no_noun_that_a_client_writes_is_forgotten() -> None:
    """Bookkeeping and what a campaign does with its leads are not logged; whatever else is a noun is."""
    logged = {kind.logged_as for kind in Nouns.__subclasses__()}
    quiet = {kind.noun for kind in Nouns.__subclasses__() if kind.logged_as is None}
    assert quiet <= {"webhook delivery", "usage log", "lead"}
    assert {"assistant", "number", "sip_trunk", "organization", "campaign", "do_not_call_entry"} <= logged
    assert [operation.scope for operation in OPERATIONS if operation.name == "listAuditLog"] == ["read"]
