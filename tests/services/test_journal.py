"""The journal: facts in order, once, and the end of a call with all that belongs to it."""

from dataclasses import replace

import pytest

from tests.services.world import A, World
from tests.storage.world import later
from trunkline.base.errors import Conflict
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import (
    CallEnded,
    CommandDone,
    DigitPressed,
    Fact,
    MessageSpoken,
    PartialHeard,
    SipFacts,
    StatusChanged,
    TurnMeasured,
    Usage,
)
from trunkline.domain.transcript import Message, Role
from trunkline.services import calls, claims
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room

RINGING = StatusChanged(later(2), CallStatus.RINGING, SipFacts(call_id="sip-1", status_code=180, reason="Ringing"))
ANSWERED = StatusChanged(later(5), CallStatus.IN_PROGRESS, SipFacts(status_code=200, reason="OK", codec="PCMU"))
HELLO = MessageSpoken(later(6), Message(Role.ASSISTANT, "Hello", later(5), later(6)))
WHO = MessageSpoken(later(9), Message(Role.USER, "Who is this?", later(8), later(9)))
ENDED = CallEnded(later(65.9), EndReason.USER_HANGUP, recording="call.wav", usage=Usage(stt_seconds=12.5))


async def dialled(home: World) -> str:
    """A call that a worker has claimed."""
    call_id = await home.place()
    assert await claims.claim(home.rooms, call_id, "worker") is not None
    return call_id


async def noted(home: World, call_id: str, *facts: Fact) -> None:
    for fact in facts:
        await ServiceJournal(home.rooms).note(call_id, fact)


async def test_a_whole_call_is_kept_in_order(home: World) -> None:
    call_id = await dialled(home)
    measured = TurnMeasured(later(10), turn=1, heard=800.0, llm_first_token=300.0)
    digit, done = DigitPressed(later(11), "5", "received"), CommandDone(later(12), "cmd", "say", "done")
    await noted(home, call_id, RINGING, ANSWERED, HELLO, WHO, measured, digit, done, ENDED)
    shown = await calls.get(home.rooms, A, call_id)
    assert (shown["status"], shown["end_reason"], shown["duration_seconds"]) == ("ended", "user_hangup", 60)
    assert shown["started_at"] == "2026-11-22T10:00:05.000Z"
    assert [(m["role"], m["content"]) for m in shown["messages"]] == [("assistant", "Hello"), ("user", "Who is this?")]
    assert shown["sip"] == {"call_id": "sip-1", "status_code": 200, "reason": "OK", "codec": "PCMU"}
    assert shown["latency"]["p50"]["heard"] == 800.0
    assert shown["latency"]["turns"][0]["llm_first_token"] == 300.0
    assert (await home.call(call_id)).usage == {
        "stt_seconds": 12.5,
        "llm_prompt_tokens": 0,
        "llm_completion_tokens": 0,
        "tts_characters": 0,
        "stages": [],
    }
    events = await calls.events_after(home.rooms, A, call_id, 0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.event for event in events] == [
        *("status", "status", "status", "status", "transcript", "transcript", "latency", "dtmf", "command", "status"),
    ]
    assert [event.data["status"] for event in events if event.event == "status"] == [
        *("queued", "dialing", "ringing", "in-progress", "ended"),
    ]
    assert [event.final for event in events].index(True) == len(events) - 1
    assert all(event.data["call_id"] == call_id and event.data["at"] for event in events)
    assert home.live.published == events


async def test_the_outbox_tells_of_each_change_and_of_the_end(home: World) -> None:
    call_id = await dialled(home)
    await noted(home, call_id, RINGING, ANSWERED, HELLO, ENDED)
    rows = await home.outbox(call_id)
    assert [(kind, payload.get("status")) for kind, payload in rows] == [
        ("status-update", "ringing"),
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("call.ended", None),
    ]
    assert rows[2][1] == {
        "event": "status-update",
        "at": "2026-11-22T10:01:05.900Z",
        "status": "ended",
        "end_reason": "user_hangup",
        "error": None,
    }
    assert rows[3][1] == {"call_id": call_id}


@pytest.mark.parametrize("override", [{"webhook_url": None}, {"webhook_events": ["end-of-call-report"]}])
async def test_who_does_not_listen_is_told_no_status(home: World, override: dict[str, object]) -> None:
    call_id = await home.place(assistant_override=override)
    await claims.claim(home.rooms, call_id, "worker")
    await noted(home, call_id, RINGING, ENDED)
    assert [kind for kind, _ in await home.outbox(call_id)] == ["call.ended"]


async def test_the_end_stands_and_nothing_comes_after(home: World) -> None:
    call_id = await dialled(home)
    await noted(home, call_id, RINGING, ANSWERED, ENDED)
    before, published = await home.call(call_id), len(home.live.published)
    late = CallEnded(later(70), EndReason.WORKER_LOST)
    await noted(home, call_id, ENDED, late, HELLO, ANSWERED, StatusChanged(later(71), CallStatus.TRANSFERRING))
    assert await home.call(call_id) == before
    assert len(home.live.published) == published
    assert [kind for kind, _ in await home.outbox(call_id)].count("call.ended") == 1
    assert (await calls.get(home.rooms, A, call_id))["messages"] == []


async def test_a_fact_given_again_is_kept_once(home: World) -> None:
    call_id = await dialled(home)
    await noted(home, call_id, RINGING, RINGING, ANSWERED, ANSWERED, HELLO, HELLO)
    events = await calls.events_after(home.rooms, A, call_id, 0)
    assert [event.event for event in events] == ["status"] * 4 + ["transcript"]
    assert len((await calls.get(home.rooms, A, call_id))["messages"]) == 1


async def test_a_step_that_the_table_does_not_know_is_refused(home: World) -> None:
    call_id = await dialled(home)
    with pytest.raises(Conflict) as refused:
        await noted(home, call_id, StatusChanged(later(1), CallStatus.TRANSFERRING))
    assert refused.value.code == "call_transition"
    assert (await home.call(call_id)).status is CallStatus.DIALING


async def test_an_end_that_does_not_follow_still_ends_the_call(home: World) -> None:
    call_id = await dialled(home)
    await noted(home, call_id, RINGING, ANSWERED, CallEnded(later(9), EndReason.TRANSFERRED))
    ended = await home.call(call_id)
    assert (ended.status, ended.end_reason) == (CallStatus.FAILED, EndReason.INTERNAL_ERROR)
    assert ended.error is not None
    assert "transferred" in ended.error


@pytest.mark.parametrize(
    ("reason", "status"),
    [(EndReason.BUSY, "failed"), (EndReason.CANCELLED, "ended"), (EndReason.TRUNK_UNREACHABLE, "failed")],
)
async def test_a_call_that_was_never_answered_lasted_nothing(home: World, reason: EndReason, status: str) -> None:
    call_id = await dialled(home)
    facts = SipFacts(status_code=486, reason="Busy Here")
    await noted(home, call_id, CallEnded(later(30), reason, error="as they said", sip=facts))
    shown = await calls.get(home.rooms, A, call_id)
    assert (shown["status"], shown["end_reason"], shown["error"]) == (status, reason.value, "as they said")
    assert (shown["duration_seconds"], shown["started_at"], shown["latency"]) == (0, None, None)
    assert shown["sip"]["status_code"] == 486


async def test_words_that_are_not_final_are_published_and_not_kept(home: World) -> None:
    call_id = await dialled(home)
    await noted(home, call_id, PartialHeard(later(7), Role.USER, "Who is"))
    partial = home.live.published[-1]
    assert (partial.seq, partial.event, partial.data["final"], partial.data["content"]) == (
        0,
        "transcript",
        False,
        "Who is",
    )
    assert len(await calls.events_after(home.rooms, A, call_id, 0)) == 2


async def test_a_fact_of_no_call_is_left_out(home: World) -> None:
    await noted(home, "call-outbound-none", HELLO, ENDED)
    assert home.live.published == []


async def test_a_slot_is_free_again_when_the_call_has_ended(home: World) -> None:
    await home.change("trunks", home.trunk_id, max_concurrent_calls=1)
    call_id = await dialled(home)
    await noted(home, call_id, replace(ENDED, reason=EndReason.BUSY))
    await home.place(number_id=home.number_id)


async def test_half_a_character_holds_up_no_fact(home: World) -> None:
    call_id = await home.place()
    await ServiceJournal(home.rooms).note(call_id, MessageSpoken(later(1), Message(Role.USER, "Zoë \ud83d.", later(1))))
    assert [said["content"] for said in (await calls.get(home.rooms, A, call_id))["messages"]] == ["Zoë ?."]
    assert (await calls.events_after(home.rooms, A, call_id, 1))[0].data["content"] == "Zoë ?."


async def test_facts_that_come_together_are_kept_in_one_go(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    message = Message(Role.USER, "Yes.", later(2), later(2))
    facts: list[Fact] = [
        StatusChanged(later(1), CallStatus.IN_PROGRESS),
        MessageSpoken(later(2), message),
        PartialHeard(later(3), Role.ASSISTANT, "Th"),
        TurnMeasured(later(3), 1, heard=700.0),
        CallEnded(later(9), EndReason.USER_HANGUP),
        MessageSpoken(later(10), message),
    ]
    for _ in range(2):
        await ServiceJournal(home.rooms).note_many(call_id, facts)
    shown = await calls.get(home.rooms, A, call_id)
    assert (shown["status"], shown["duration_seconds"], len(shown["messages"])) == ("ended", 8, 1)
    assert shown["latency"]["p50"]["heard"] == 700.0
    kept = await calls.events_after(home.rooms, A, call_id, 0)
    assert [(event.seq, event.event) for event in kept] == list(
        enumerate(["status", "status", "status", "transcript", "latency", "status"], 1)
    )
    assert [event.final for event in kept] == [False] * 5 + [True]
