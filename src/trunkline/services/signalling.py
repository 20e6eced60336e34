"""The SIP messages of a call: kept when it is over, shown to its organisation."""

from collections.abc import Sequence

from trunkline.domain.access import Caller
from trunkline.domain.signalling import Ladder, SignallingMessage, bounded
from trunkline.services.rooms import Rooms
from trunkline.storage import ledger
from trunkline.storage.calls import Call
from trunkline.storage.signalling import keep as keeping
from trunkline.storage.steps import Steps


async def keep(rooms: Rooms, call_id: str, messages: Sequence[SignallingMessage]) -> None:
    """Keeps the messages of a call that ended without anybody who ran it. Raises Unavailable."""
    await rooms.database.brief(_keeping(call_id, bounded(messages)))


async def get(rooms: Rooms, caller: Caller, call_id: str) -> tuple[Call, Ladder]:
    """A call and its messages: none as long as it goes on. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.calls.get(call_id), await unit.signalling.of_call(call_id)


def _keeping(call_id: str, ladder: Ladder) -> Steps[None]:
    call = yield from ledger.state(call_id)
    if call is not None:
        yield from keeping(call.org_id, call_id, ladder)
