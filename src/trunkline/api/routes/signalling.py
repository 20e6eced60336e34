"""The SIP messages of a call over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.signalling import LadderQuery, LadderReply, shown
from trunkline.services import signalling

EXAMPLE = {
    "call_id": "call-outbound-Zk3v9Q1xT0mWc7bYp5LrHg",
    "complete": True,
    "messages": [
        {
            "at": "2026-05-04T09:30:00.012Z",
            "leg": 1,
            "direction": "sent",
            "peer": "203.0.113.7:5060",
            "method": "INVITE",
            "status": None,
            "reason": None,
            "call_id": "4f0d1c2b9a8e7d6c",
            "cseq": 5120,
            "from_host": "sip.example.com",
            "to_host": "sip.example.com",
            "codecs": ["pcmu", "pcma", "g722", "opus"],
        },
        {
            "at": "2026-05-04T09:30:00.058Z",
            "leg": 1,
            "direction": "received",
            "peer": "203.0.113.7:5060",
            "method": "INVITE",
            "status": 486,
            "reason": "Busy Here",
            "call_id": "4f0d1c2b9a8e7d6c",
            "cseq": 5120,
            "from_host": "sip.example.com",
            "to_host": "sip.example.com",
            "codecs": [],
        },
    ],
    "omitted": 0,
}


async def read(ask: Ask) -> Reply:
    """The ladder of a call."""
    query = ask.query(LadderQuery)
    call, ladder = await signalling.get(ask.rooms, ask.caller, ask.id)
    complete = call.is_over and call.content_deleted_at is None
    return Reply(shown(call.id, ladder, complete=complete, raw=query.raw))


OPERATIONS = (
    Operation(
        method="GET",
        path="/calls/{id}/sip",
        run=read,
        name="getSipLadder",
        tag="Calls",
        summary="Read the SIP messages of a call",
        description="Every SIP message of the call's legs, in order: also of a call that failed before anybody answered. "
        "Passwords and media keys are cut out. They go with the call's content: after its retention time, and at once "
        "with `gdpr_mode`.",
        query=LadderQuery,
        reply=LadderReply,
        codes=("not_found",),
        reply_example=EXAMPLE,
    ),
)
