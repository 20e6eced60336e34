"""Calls: placed in every mode, listed, ordered about, followed and listened to."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.api.world import DESTINATION, Api, Json, made, placed, ready_to_call, served, until
from trunkline.base.clock import iso
from trunkline.domain.call import EndReason
from trunkline.domain.commands import EndCall, InjectContext, Say, SendDtmf, Transfer
from trunkline.domain.events import MessageSpoken, PartialHeard
from trunkline.domain.transcript import Message, Role

pytestmark = pytest.mark.room
LLM = {"provider": "local", "model": "scripted"}
STAGES = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}


async def test_a_call_is_placed_in_all_three_modes(api_on_each: Api) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    orders: list[Json] = [
        {"assistant_id": ids["assistant"]},
        {
            "assistant_id": ids["assistant"],
            "assistant_override": {"first_message": "Hi {{name}}"},
            "variables": {"name": "Ada"},
        },
        {"assistant": {"llm_config": LLM, **STAGES, "first_message": "Hi"}, "number_id": ids["number"]},
    ]
    for order in orders:
        reply = await api.ours.post("/calls/outbound", json={"destination": DESTINATION, **order})
        assert reply.status_code == 200, reply.text
        assert reply.json() == {"success": True, "call_id": reply.json()["call_id"], "status": "dialing"}
        assert reply.json()["call_id"].startswith("call-outbound-")
        assert "Deprecation" not in reply.headers
    call = (await api.ours.get(f"/calls/{api.live.woken[1]}")).json()
    assert (call["status"], call["caller_phone"], call["phone_number"]) == ("queued", DESTINATION, "+31850835037")
    assert call["assistant"]["first_message"] == "Hi Ada"
    assert (await api.ours.get("/organizations")).json()["active_calls"] == 3


async def test_older_names_are_taken_everywhere_and_the_reply_says_so(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    tool = {"type": "transferCall", "destinations": [{"number": "+31201234567"}]}
    llm = {**LLM, "tools": [{"type": "endCall"}, tool]}
    orders: list[Json] = [
        {"agent_id": ids["assistant"]},
        {"agent_id": ids["assistant"], "assistant_id": ids["assistant"]},
        {"agent_id": ids["assistant"], "agent_config": {"llm_config": {"tools": [{"type": "endCall"}]}}},
        {"agent": {"llm_config": llm, **STAGES}},
        {"assistant": {"llm_config": llm, **STAGES}},
    ]
    for order in orders:
        reply = await api.ours.post("/calls/outbound", json={"destination": DESTINATION, **order})
        assert (reply.status_code, reply.headers.get("Deprecation")) == (200, "true"), reply.text
    call = (await api.ours.get(f"/calls/{api.live.woken[-1]}")).json()
    assert [tool["type"] for tool in call["assistant"]["llm_config"]["tools"]] == ["end_call", "transfer_call"]
    old = await api.ours.post("/agents", json={"name": "A", "llm_config": llm})
    assert (old.status_code, old.headers["Deprecation"]) == (201, "true")
    assert old.json()["assistant"]["llm_config"]["tools"][0]["type"] == "end_call"
    number = await api.ours.patch(f"/numbers/{ids['number']}", json={"agent_id": ids["assistant"]})
    assert (number.json()["number"]["assistant_id"], number.headers["Deprecation"]) == (ids["assistant"], "true")
    listed = await api.ours.get(f"/calls?agent_id={ids['assistant']}")
    assert (listed.json()["pagination"]["total"], listed.headers["Deprecation"]) == (3, "true")
    twice = await api.ours.post(
        "/calls/outbound", json={"destination": DESTINATION, "agent": {}, "assistant": {"x": 1}}
    )
    assert (twice.status_code, twice.json()["details"][0].partition(":")[0]) == (400, "agent")


async def test_calls_are_filtered_and_paged(api_on_each: Api) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    other = (await made(api.ours, "/assistants", {"name": "Other"}))["id"]
    first = await placed(api.ours, ids["assistant"])
    api.clock.advance(3600)
    middle = iso(api.clock.now())
    api.clock.advance(3600)
    second = await placed(api.ours, other)
    await api.answer(second)
    await api.end(second, reason=EndReason.USER_HANGUP)

    async def found(query: str) -> list[str]:
        return [call["id"] for call in (await api.ours.get(f"/calls?{query}")).json()["calls"]]

    day = middle[:10]
    assert await found("") == [second, first]
    assert await found(f"start_date={middle}") == [second]
    assert await found(f"end_date={middle}") == [first]
    assert await found(f"start_date={day}&end_date={day}") == [second, first]
    assert await found(f"start_date={middle.replace('Z', '%2B00:00')}") == [second]
    assert await found("status=ended") == await found("end_reason=user_hangup") == [second]
    assert await found(f"assistant_id={other}&direction=outbound") == [second]
    assert await found(f"number_id={ids['number']}&limit=1&offset=1") == [first]
    assert await found("direction=inbound") == []


async def test_orders_reach_a_call_that_is_going_on(api: Api) -> None:
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    await api.answer(call_id)
    orders: list[tuple[Json, object]] = [
        ({"type": "inject-context", "content": "x", "trigger_response": True}, InjectContext("x", True)),
        ({"type": "say", "content": "Bye", "end_after": True}, Say("Bye", True)),
        ({"type": "transfer", "destination": "+31201234567", "mode": "blind"}, Transfer("+31201234567")),
        ({"type": "send-dtmf", "digits": "12w#"}, SendDtmf("12w#")),
        ({"type": "end-call"}, EndCall()),
    ]
    for body, command in orders:
        reply = await api.ours.post(f"/calls/{call_id}/control", json=body)
        assert reply.status_code == 200, reply.text
        assert (reply.json()["success"], reply.json()["message"]) == (True, "Command sent successfully")
        assert api.live.orders[-1] == (call_id, reply.json()["command_id"], command)
    await api.end(call_id, reason=EndReason.API_ENDED)
    late = await api.ours.post(f"/calls/{call_id}/control", json={"type": "say", "content": "x"})
    assert (late.status_code, late.json()["code"]) == (400, "call_not_active")


def _events(text: str) -> list[tuple[int | None, str, Json]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" in lines:
            number = int(lines["id"]) if "id" in lines else None
            found.append((number, lines["event"], json.loads(lines["data"])))
    return found


async def test_events_are_replayed_followed_and_resumed(api_on_each: Api) -> None:
    api = api_on_each
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    headers = {"Authorization": f"Bearer {api.key}"}

    async def follow(http: httpx2.AsyncClient, url: str, **extra: Any) -> list[tuple[int | None, str, Json]]:
        reply = await http.get(url, **extra)
        assert reply.headers["Content-Type"].startswith("text/event-stream")
        return _events(reply.text)

    async with served(api.app) as base, httpx2.AsyncClient(headers=headers, timeout=20) as http:
        url = f"{base}/calls/{call_id}/events"
        following = asyncio.ensure_future(follow(http, url))
        await until(lambda: api.live.followers == 1)
        await api.answer(call_id)
        now = api.clock.now()
        await api.note(call_id, PartialHeard(now, Role.USER, "hel"))
        await api.note(call_id, MessageSpoken(now, Message(Role.USER, "hello", now)))
        await api.end(call_id, reason=EndReason.USER_HANGUP)
        seen = await following
        assert [(number, event) for number, event, _ in seen] == [
            (1, "status"),
            (2, "status"),
            (None, "transcript"),
            (3, "transcript"),
            (4, "status"),
        ]
        assert all(data["call_id"] == call_id and data["at"] for _, _, data in seen)
        assert api.live.followers == 0
        assert [n for n, _, _ in await follow(http, url, headers={"Last-Event-ID": "2"})] == [3, 4]
        assert [n for n, _, _ in await follow(http, f"{url}?last_event_id=3")] == [4]
        assert [n for n, _, _ in await follow(http, f"{url}?last_event_id=1", headers={"Last-Event-ID": "3"})] == [4]
        assert await follow(http, url, headers={"Last-Event-ID": "4"}) == []
        for wrong in ("x", "-1", "99999999999"):
            assert (await http.get(url, headers={"Last-Event-ID": wrong})).status_code == 400


async def test_who_stops_following_leaves_nothing_behind(api: Api) -> None:
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    headers = {"Authorization": f"Bearer {api.key}"}
    async with served(api.app) as base:
        before = len(asyncio.all_tasks())
        http = httpx2.AsyncClient(headers=headers, timeout=20)
        async with http, http.stream("GET", f"{base}/calls/{call_id}/events") as reply:
            assert await anext(reply.aiter_lines()) == "id: 1"
            assert api.live.followers == 1
        await until(lambda: api.live.followers == 0 and len(asyncio.all_tasks()) <= before)


async def test_a_quiet_stream_is_kept_open_and_ends_when_the_server_does(api: Api) -> None:
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {api.key}"}, timeout=20)
    async with http, served(api.app) as base, http.stream("GET", f"{base}/calls/{call_id}/events") as reply:
        lines = reply.aiter_lines()
        while (line := await anext(lines)) != ": still here":
            assert not line.startswith(":")
        api.app.state.closing.set()
        assert [rest async for rest in lines if rest.startswith("event")] == []


async def test_a_recording_is_given_whole_and_in_parts(api: Api) -> None:
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    path = f"/calls/{call_id}/recording"
    missing = await api.ours.get(path)
    assert (missing.status_code, missing.json()["code"]) == (404, "recording_not_found")
    sound = bytes(range(256)) * 4
    recording = api.rooms.blobs.create("one.wav")
    recording.write(sound)
    recording.close()
    await api.answer(call_id)
    await api.end(call_id, reason=EndReason.USER_HANGUP, recording="one.wav")
    whole = await api.ours.get(path)
    assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, sound, "audio/wav")
    assert (whole.headers["Content-Length"], whole.headers["Accept-Ranges"]) == ("1024", "bytes")
    for header, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=5-9999", 5, 1024),
    ):
        part = await api.ours.get(path, headers={"Range": header})
        assert (part.status_code, part.content) == (206, sound[start:end])
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/1024"
    for header in ("bytes=9-5", "lines=1-2", "bytes=0-1,5-6", "bytes=-", "bytes=a-b"):
        assert (await api.ours.get(path, headers={"Range": header})).status_code == 200, header
    for header in ("bytes=1024-", "bytes=-0", "bytes=99999999999999999-"):
        beyond = await api.ours.get(path, headers={"Range": header})
        assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
        assert beyond.headers["Content-Range"] == "bytes */1024"
    url = (await api.ours.get(f"/calls/{call_id}")).json()["recording_url"]
    assert (await api.stranger.get(url, headers={"Range": "bytes=0-0"})).content == sound[:1]
    for wrong in ("expires=x&signature=y", "signature=y", "expires=1", "expires=1&signature=" + "%C3%A9" * 8):
        assert (await api.stranger.get(f"{path}?{wrong}")).status_code in (400, 401, 403), wrong
