"""After the call: what the report is made of, the analysis, and what is forgotten; and the recording's address."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.services.world import A, B, World
from tests.storage.world import NOW, later
from trunkline.base.errors import Forbidden, NotFound
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, DigitPressed, MessageSpoken, StatusChanged
from trunkline.domain.transcript import Message, Role
from trunkline.services import calls, claims
from trunkline.services.journal import ServiceJournal
from trunkline.storage.deliveries import Delivery

pytestmark = pytest.mark.room


async def ended(home: World, **order: Any) -> str:
    call_id = await home.place(**order)
    await claims.claim(home.rooms, call_id, "worker")
    writer = home.rooms.blobs.create(f"{call_id}.wav")
    writer.write(b"sound")
    writer.close()
    for fact in (
        StatusChanged(later(1), CallStatus.IN_PROGRESS),
        MessageSpoken(later(2), Message(Role.USER, "My name is Zoë", later(2))),
        DigitPressed(later(3), "7", "received"),
        CallEnded(later(9), EndReason.USER_HANGUP, recording=f"{call_id}.wav"),
    ):
        await ServiceJournal(home.rooms).note(call_id, fact)
    return call_id


async def test_the_closed_call_has_its_plan_messages_and_object(home: World) -> None:
    call_id = await ended(home)
    await calls.store_analysis(home.rooms, call_id, "They gave a name.", {"name": "Zoë"})
    closed = await calls.closing(home.rooms, call_id)
    assert closed.plan.webhook_secret == "assistant-secret"
    assert [message.content for message in closed.messages] == ["My name is Zoë"]
    assert (closed.public["summary"], closed.public["analysis_result"]) == ("They gave a name.", {"name": "Zoë"})
    assert "assistant-secret" not in str(closed.public)
    with pytest.raises(NotFound):
        await calls.closing(home.rooms, "call-outbound-none")


async def test_what_was_said_is_forgotten_and_that_it_was_said_is_not(home: World) -> None:
    call_id = await ended(home, first_message="Hello {{who}}", variables={"who": "Zoë"})
    await calls.store_analysis(home.rooms, call_id, "They gave a name.", {"name": "Zoë"})
    async with home.rooms.unit(A) as unit:
        reply = {"at": "2026-11-22T10:00:00.000Z", "status_code": 200, "reply": "Zoë"}
        body = '{"name": "Zoë"}'
        await unit.deliveries.add(
            Delivery(
                "d", "org-a", call_id, 1, "end-of-call-report", "https://example.com", body, NOW, attempts=(reply,)
            )
        )
    await calls.forget_content(home.rooms, call_id)
    shown = await calls.get(home.rooms, A, call_id)
    assert (shown["messages"], shown["summary"], shown["analysis_result"]) == ([], None, None)
    assert (shown["recording_url"], shown["status"], shown["duration_seconds"]) == (None, "ended", 8)
    assert await home.rooms.blobs.size(f"{call_id}.wav") is None
    events = await calls.events_after(home.rooms, A, call_id, 0)
    async with home.rooms.unit(A, write=False) as unit:
        deliveries = await unit.deliveries.of_call(call_id)
        plan = home.rooms.vault.open(await unit.calls.plan_sealed(call_id))
    assert "Zoë" not in f"{events}{deliveries}{shown}{plan}"
    assert {event.event for event in events} == {"status"}
    assert deliveries[0].attempts[0]["status_code"] == 200


async def test_the_recordings_address_is_signed_and_expires(home: World) -> None:
    call_id = await ended(home)
    url = urlsplit((await calls.get(home.rooms, A, call_id))["recording_url"])
    assert (url.netloc, url.path) == ("calls.example.com", f"/api/v1/calls/{call_id}/recording")
    query = parse_qs(url.query)
    expires, signature = int(query["expires"][0]), query["signature"][0]
    assert await calls.recording(home.rooms, None, call_id, expires, signature) == (f"{call_id}.wav", 5)
    for wrong in ((expires + 1, signature), (expires, "0" * 64), (expires, "é"), (None, None), (expires, None)):
        with pytest.raises(Forbidden) as refused:
            await calls.recording(home.rooms, None, call_id, *wrong)
        assert refused.value.code == "invalid_signature"
    home.clock.advance(3601)
    with pytest.raises(Forbidden) as late:
        await calls.recording(home.rooms, None, call_id, expires, signature)
    assert late.value.code == "recording_url_expired"


async def test_a_recording_is_there_for_its_own_organisation_alone(home: World) -> None:
    call_id = await ended(home)
    assert await calls.recording(home.rooms, A, call_id) == (f"{call_id}.wav", 5)
    with pytest.raises(NotFound):
        await calls.recording(home.rooms, B, call_id)
    unrecorded = await home.place()
    with pytest.raises(NotFound) as none:
        await calls.recording(home.rooms, A, unrecorded)
    assert none.value.code == "recording_not_found"
    assert (await calls.get(home.rooms, A, unrecorded))["recording_url"] is None
