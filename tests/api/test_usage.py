"""The log of use over HTTP: what is listed and summed up, for whom, and what an organisation has left."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.api.world import Api, client, made, placed, ready_to_call
from trunkline.base.clock import iso
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, StageUsage, StatusChanged, Usage
from trunkline.services import accounts

pytestmark = pytest.mark.room
OWN = StageUsage("llm", "openai", "gpt-5.4", own_key=True, prompt_tokens=900)


async def _talked(api: Api, who: httpx2.AsyncClient, assistant: str, seconds: float, *used: StageUsage) -> str:
    call_id = await placed(who, assistant)
    async with api.rooms.database.system() as unit:
        await unit.calls.change(call_id, status=CallStatus.DIALING.value)
    await api.note(call_id, StatusChanged(api.clock.now(), CallStatus.IN_PROGRESS))
    api.clock.advance(seconds)
    await api.note(call_id, CallEnded(api.clock.now(), EndReason.USER_HANGUP, usage=Usage(stages=used)))
    return call_id


async def _usage(who: httpx2.AsyncClient, **query: Any) -> dict[str, Any]:
    reply = await who.get("/usage", params=query)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_use_is_listed_with_its_sums(api_on_each: Api) -> None:
    api = api_on_each
    assistant = (await ready_to_call(api.ours))["assistant"]
    empty = {"total_calls": 0, "total_duration_seconds": 0, "total_duration_minutes": 0, "total_cost": 0}
    assert (await _usage(api.ours))["summary"] == empty
    calls = [await _talked(api, api.ours, assistant, seconds, OWN) for seconds in (30, 45, 15)]
    found = await _usage(api.ours, limit=2)
    assert found["pagination"] == {"total": 3, "limit": 2, "offset": 0}
    assert found["summary"] == empty | {"total_calls": 3, "total_duration_seconds": 90, "total_duration_minutes": 1.5}
    assert [log["call_id"] for log in found["logs"]] == [calls[2], calls[1]]
    newest = found["logs"][0]
    assert set(newest) == {
        *("id", "org_id", "call_id", "duration_sec", "byok_stt", "byok_llm", "byok_tts", "call_type", "phone_number"),
        *("assistant_id", "agent_id", "agent_name", "business_name", "cost", "created_at"),
    }
    assert (newest["duration_sec"], newest["byok_stt"], newest["byok_llm"]) == (15, False, True)
    assert (newest["phone_number"], newest["agent_name"], newest["call_type"]) == ("+31850835037", "Reminder", "phone")
    assert newest["agent_id"] == newest["assistant_id"] == assistant
    assert newest["created_at"] == iso(api.clock.now())
    assert (await _usage(api.theirs))["pagination"]["total"] == 0


async def test_use_is_filtered(api_on_each: Api) -> None:
    api = api_on_each
    assistant = (await ready_to_call(api.ours))["assistant"]
    other = (await made(api.ours, "/assistants", {"name": "Other"}))["id"]
    await _talked(api, api.ours, assistant, 30)
    between = iso(api.clock.now() + timedelta(seconds=1))
    await _talked(api, api.ours, other, 45)
    totals = {
        (("assistant_id", other),): 45,
        (("agent_id", assistant),): 30,
        (("start_date", between),): 45,
        (("end_date", between),): 30,
        (("start_date", "2026-11-22"), ("end_date", "2026-11-22")): 75,
        (("start_date", "2026-11-23"),): 0,
        (("call_type", "phone"),): 75,
        (("call_type", "web"),): 0,
        (("assistant_id", "nobody"),): 0,
    }
    for query, seconds in totals.items():
        found = await _usage(api.ours, **dict(query))
        assert found["summary"]["total_duration_seconds"] == seconds, query
        assert found["pagination"]["total"] == len(found["logs"]) == found["summary"]["total_calls"]
    older = await api.ours.get("/usage", params={"agent_id": other})
    assert older.headers["Deprecation"] == "true"
    for wrong in ({"call_type": "fax"}, {"start_date": "soon"}, {"limit": 0}, {"agent_id": "a", "assistant_id": "b"}):
        refused = await api.ours.get("/usage", params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request"), wrong


async def test_a_parent_sees_what_its_children_used_and_pays_it(api_on_each: Api) -> None:
    api = api_on_each
    child = (await api.ours.post("/organizations", json={"name": "Bakery"})).json()
    await accounts.set_credit(api.rooms, api.org_id, minutes=1, credits=5)
    async with client(api.app, child["api_key"]) as own:
        assistant = (await ready_to_call(own))["assistant"]
        call_id = await _talked(api, own, assistant, 30)
        assert (await _usage(own))["summary"]["total_duration_seconds"] == 30
        itself = (await own.get("/organizations")).json()
        assert (itself["minutes_balance"], itself["monthly_usage_minutes"]) == (None, 0.5)
        ours = (await api.ours.get("/account")).json()
        assert (ours["minutes_balance"], ours["credits_balance"], ours["monthly_usage_minutes"]) == (0.5, 5, 0)
        assert (await _usage(api.ours))["logs"] == []
        (log,) = (await _usage(api.ours, include_children=True))["logs"]
        assert (log["call_id"], log["org_id"]) == (call_id, child["id"])
        acting = await api.ours.get("/usage", headers={"X-Organization-Id": child["id"]})
        assert acting.json()["pagination"]["total"] == 1
        await accounts.set_credit(api.rooms, api.org_id, minutes=0)
        order = {"destination": "+31612345678", "assistant_id": assistant}
        refused = await own.post("/calls/outbound", json=order)
        assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
        assert refused.json()["error"] == "Insufficient credits"
    assert (await api.theirs.get("/usage?include_children=true")).json()["logs"] == []


async def test_a_months_minutes_begin_anew(api: Api) -> None:
    assistant = (await ready_to_call(api.ours))["assistant"]
    await _talked(api, api.ours, assistant, 60)
    assert (await api.ours.get("/organizations")).json()["monthly_usage_minutes"] == 1
    api.clock.advance(timedelta(days=9).total_seconds())
    assert (await api.ours.get("/organizations")).json()["monthly_usage_minutes"] == 0
