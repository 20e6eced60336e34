"""SIP trunks over HTTP."""

from typing import Any

from trunkline.api.names import TRUNK_NAMES, renamed, trunk_address
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import NoBody, Paging, Success, paged
from trunkline.api.schemas.trunks import TestReply, TrunkReply, TrunksReply, shown, tested
from trunkline.services import trunks
from trunkline.services.trunks import TrunkSettings
from trunkline.services.validation import checked

TAG = "SIP trunks"


async def list_(ask: Ask) -> Reply:
    """A page of trunks."""
    paging = ask.query(Paging)
    page = await trunks.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("trunks", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new trunk."""
    trunk = await trunks.create(ask.rooms, ask.caller, checked(TrunkSettings, _given(ask)))
    return Reply({"trunk": shown(trunk)}, status=201)


async def get(ask: Ask) -> Reply:
    """One trunk."""
    return Reply({"trunk": shown(await trunks.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed trunk."""
    return Reply({"trunk": shown(await trunks.update(ask.rooms, ask.caller, ask.id, _given(ask)))})


async def delete(ask: Ask) -> Reply:
    """A trunk less."""
    await trunks.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


async def test(ask: Ask) -> Reply:
    """What a test of a trunk told."""
    checked(NoBody, ask.body)
    steps = await trunks.test(ask.rooms, ask.caller, ask.id)
    return Reply(tested(ask.id, steps, trunks.passed(steps)))


def _given(ask: Ask) -> dict[str, Any]:
    body, _ = renamed(trunk_address(ask.body), TRUNK_NAMES)
    return body


OPERATIONS = (
    Operation(
        method="GET",
        path="/sip-trunks",
        run=list_,
        name="listTrunks",
        tag=TAG,
        summary="List SIP trunks",
        query=Paging,
        reply=TrunksReply,
    ),
    Operation(
        method="POST",
        path="/sip-trunks",
        run=create,
        name="createTrunk",
        tag=TAG,
        summary="Add a SIP trunk",
        scope="write",
        body=TrunkSettings,
        reply=TrunkReply,
        status=201,
        request_example={
            "name": "My provider",
            "address": "sip.example.com:5060",
            "transport": "udp",
            "auth_username": "account",
            "auth_password": "secret",
        },
    ),
    Operation(
        method="GET",
        path="/sip-trunks/{id}",
        run=get,
        name="getTrunk",
        tag=TAG,
        summary="Read a SIP trunk",
        reply=TrunkReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/sip-trunks/{id}",
        run=update,
        name="updateTrunk",
        tag=TAG,
        summary="Change a SIP trunk",
        description="Changes only what is given; null clears. Calls that are going on keep the trunk as it was.",
        scope="write",
        body=TrunkSettings,
        partial=True,
        reply=TrunkReply,
        codes=("not_found",),
        request_example={"max_concurrent_calls": 20},
    ),
    Operation(
        method="DELETE",
        path="/sip-trunks/{id}",
        run=delete,
        name="deleteTrunk",
        tag=TAG,
        summary="Remove a SIP trunk",
        description="Numbers that used it stay, without one. Calls that are going on go on.",
        scope="write",
        reply=Success,
        codes=("not_found",),
        reply_example={"success": True},
    ),
    Operation(
        method="POST",
        path="/sip-trunks/{id}/test",
        run=test,
        name="testTrunk",
        tag=TAG,
        summary="Test a SIP trunk",
        description="Resolves its address, asks OPTIONS, and registers where it should; calls nobody. The outcome stays as "
        "`status` of the trunk.",
        scope="write",
        body=NoBody,
        reply=TestReply,
        codes=("not_found",),
        request_example={},
    ),
)
