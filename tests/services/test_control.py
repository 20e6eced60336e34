"""Orders to a call: which are taken when, and what becomes of one that still waits."""

import pytest

from tests.services.world import A, B, World
from tests.storage.world import later
from trunkline.base.errors import Invalid, NotFound
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import (
    Command,
    EndCall,
    InjectContext,
    Mute,
    Say,
    SendDtmf,
    Transfer,
    TransferMode,
    Unmute,
)
from trunkline.domain.events import CallEnded, StatusChanged
from trunkline.services import claims, control
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room


async def in_progress(home: World) -> str:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    home.live.sessions.add(call_id)
    await ServiceJournal(home.rooms).note(call_id, StatusChanged(later(1), CallStatus.IN_PROGRESS))
    return call_id


@pytest.mark.parametrize(
    "command",
    [
        InjectContext("They paid."),
        Say("Goodbye", end_after=True),
        EndCall("Bye"),
        Transfer("+31201234567", message="One moment"),
        Transfer("sip:desk@example.com"),
        SendDtmf("12w#*A"),
        Mute(),
        Unmute(),
    ],
)
async def test_a_call_in_progress_takes_every_command(home: World, command: Command) -> None:
    call_id = await in_progress(home)
    command_id = await control.send(home.rooms, A, call_id, command)
    assert home.live.orders == [(call_id, command_id, command)]


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (Say("  "), "content"),
        (InjectContext(""), "content"),
        (Transfer("the desk"), "destination"),
        (Transfer("sip:desk@example.com>\r\nX: y"), "destination"),
        (Transfer("the desk", mode=TransferMode.WARM), "destination"),
        (Transfer("+31201234567", summary_for_agent=True), "summary_for_agent"),
        (SendDtmf(""), "digits"),
        (SendDtmf("12x"), "digits"),
    ],
)
async def test_a_command_that_makes_no_sense_is_refused(home: World, command: Command, field: str) -> None:
    call_id = await in_progress(home)
    with pytest.raises(Invalid) as refused:
        await control.send(home.rooms, A, call_id, command)
    assert refused.value.code == "invalid_command"
    assert refused.value.details[0].startswith(f"{field}:")
    assert home.live.orders == []


async def test_only_the_end_is_taken_before_the_answer(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    home.live.sessions.add(call_id)
    with pytest.raises(Invalid) as refused:
        await control.send(home.rooms, A, call_id, Say("Hello"))
    assert refused.value.code == "call_not_active"
    await control.send(home.rooms, A, call_id, EndCall())
    assert len(home.live.orders) == 1


async def test_a_call_that_waits_is_cancelled_at_once(home: World) -> None:
    call_id = await home.place()
    command_id = await control.send(home.rooms, A, call_id, EndCall())
    call = await home.call(call_id)
    assert (call.status, call.end_reason) == (CallStatus.ENDED, EndReason.CANCELLED)
    command, end = home.live.published[-2:]
    assert (command.data["command_id"], command.data["type"], command.data["outcome"]) == (
        command_id,
        "end-call",
        "done",
    )
    assert end.final
    assert await claims.claim(home.rooms, call_id, "worker") is None


async def test_a_call_that_is_over_takes_nothing(home: World) -> None:
    call_id = await in_progress(home)
    await ServiceJournal(home.rooms).note(call_id, CallEnded(later(2), EndReason.USER_HANGUP))
    for command in (EndCall(), Say("Hello")):
        with pytest.raises(Invalid) as refused:
            await control.send(home.rooms, A, call_id, command)
        assert refused.value.code == "call_not_active"


async def test_a_call_of_another_organisation_is_not_there(home: World) -> None:
    call_id = await in_progress(home)
    with pytest.raises(NotFound):
        await control.send(home.rooms, B, call_id, EndCall())


async def test_an_end_that_comes_before_the_session_is_tried_again(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    tries = 0
    send = home.live.send

    async def late(call_id: str, command_id: str, command: Command) -> bool:
        nonlocal tries
        tries += 1
        if tries == 3:
            home.live.sessions.add(call_id)
        return await send(call_id, command_id, command)

    home.live.send = late  # type: ignore[method-assign]
    await control.send(home.rooms, A, call_id, EndCall())
    assert tries == 3


async def test_a_call_whose_session_never_comes_is_not_active(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    with pytest.raises(Invalid) as refused:
        await control.send(home.rooms, A, call_id, EndCall())
    assert refused.value.code == "call_not_active"
