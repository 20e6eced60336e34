"""Orders to a call: checked against its state, then handed to its session, or done here while it still waits."""

import re

from trunkline.base.errors import Invalid
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import (
    COMMAND_NAMES,
    Command,
    EndCall,
    InjectContext,
    Say,
    SendDtmf,
    Transfer,
    TransferMode,
)
from trunkline.domain.events import CallEnded, CommandDone
from trunkline.services import destinations, do_not_call
from trunkline.services.journal import publish, write
from trunkline.services.rooms import Rooms

TRIES = 20
TRY_AGAIN_SECONDS = 0.1
_DIGITS = re.compile(r"[0-9*#A-Dw]{1,128}")
_ENDABLE = frozenset(
    {CallStatus.QUEUED, CallStatus.DIALING, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.TRANSFERRING}
)


async def send(rooms: Rooms, caller: Caller, call_id: str, command: Command) -> str:
    """Hands a command to a call; returns its id, under which the outcome follows as an event.

    Only a call in progress takes commands; ``EndCall`` also ends one that waits, dials, rings or is being transferred.
    Raises Invalid (``invalid_command``, ``call_not_active``), NotFound, and Forbidden (``do_not_call``) for a transfer to
    a party that must not be called.
    """
    _check(command)
    command_id = new_id()
    for _ in range(TRIES):
        async with rooms.unit(caller, write=False) as unit:
            status = (await unit.calls.get(call_id)).status
        if status not in (_ENDABLE if isinstance(command, EndCall) else {CallStatus.IN_PROGRESS}):
            raise _not_active(status)
        if isinstance(command, Transfer):
            await do_not_call.check(rooms, caller, command.destination)
        if status is CallStatus.QUEUED:
            if await cancel_queued(rooms, caller, call_id, command_id):
                return command_id
        elif await rooms.live.send(call_id, command_id, command):
            return command_id
        # A worker has just claimed the call and its session is not there yet, or it is just ending.
        await rooms.clock.sleep(TRY_AGAIN_SECONDS)
    raise _not_active(status)


async def cancel_queued(rooms: Rooms, caller: Caller, call_id: str, command_id: str) -> bool:
    """Ends a call that no worker has claimed yet; False when it is queued no more."""
    async with rooms.unit(caller) as unit:
        call = await unit.calls.get(call_id, lock=True)
        if call.status is not CallStatus.QUEUED:
            return False
        now = rooms.clock.now()
        done = CommandDone(now, command_id, COMMAND_NAMES[EndCall], "done")
        events = await write(unit, rooms.limits.tariff, call_id, done, CallEnded(now, EndReason.CANCELLED))
    publish(rooms, events)
    return True


def _check(command: Command) -> None:
    match command:
        case InjectContext(content) | Say(content) if not content.strip():
            raise _invalid("content", "is required")
        case Transfer(mode=TransferMode.BLIND, summary_for_agent=True):
            raise _invalid("summary_for_agent", "goes with a warm transfer: nobody is told anything in a blind one")
        case Transfer(destination):
            destinations.check(destination, code="invalid_command")
        case SendDtmf(digits) if not _DIGITS.fullmatch(digits):
            raise _invalid("digits", "must be 1 to 128 of 0-9 * # A-D, and w for a pause")


def _invalid(field: str, problem: str) -> Invalid:
    return Invalid(
        f"{field} {problem}", code="invalid_command", title="Invalid command", details=[f"{field}: {problem}"]
    )


def _not_active(status: CallStatus) -> Invalid:
    state = f"the call is {status}" if status in _ENDABLE else f"the call is over ({status})"
    return Invalid(f"{state} and does not take this command", code="call_not_active", title="Call not active")
