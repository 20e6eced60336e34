"""The do-not-call list over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Success, paged
from trunkline.api.schemas.do_not_call import DoNotCallQuery, EntriesAddedReply, EntriesReply, shown
from trunkline.services import do_not_call
from trunkline.services.do_not_call import NewEntries
from trunkline.services.validation import checked

TAG = "Do not call"


async def list_(ask: Ask) -> Reply:
    """A page of the list."""
    query = ask.query(DoNotCallQuery)
    page = await do_not_call.list_(ask.rooms, ask.caller, query.limit, query.offset, query.phone_number)
    return Reply(paged("entries", [shown(item) for item in page.items], page.total, query))


async def add(ask: Ask) -> Reply:
    """The entries of who must not be called."""
    given = checked(NewEntries, ask.body)
    entries = [shown(entry) for entry in await do_not_call.add(ask.rooms, ask.caller, given)]
    return Reply({"entry": None if given.phone_number is None else entries[0], "entries": entries}, status=201)


async def remove(ask: Ask) -> Reply:
    """An entry less."""
    await do_not_call.remove(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


OPERATIONS = (
    Operation(
        method="GET",
        path="/do-not-call",
        run=list_,
        name="listDoNotCall",
        tag=TAG,
        summary="List who must not be called",
        query=DoNotCallQuery,
        reply=EntriesReply,
    ),
    Operation(
        method="POST",
        path="/do-not-call",
        run=add,
        name="addDoNotCall",
        tag=TAG,
        summary="Put parties on the do-not-call list",
        description="Calls to them are refused from now on, those that wait included. A party that is listed already "
        "keeps its entry; a `reason` that is given replaces its own.",
        scope="write",
        body=NewEntries,
        reply=EntriesAddedReply,
        status=201,
        request_example={"phone_number": "+31612345670", "reason": "Asked not to be called again"},
    ),
    Operation(
        method="DELETE",
        path="/do-not-call/{id}",
        run=remove,
        name="removeDoNotCall",
        tag=TAG,
        summary="Take a party off the do-not-call list",
        scope="write",
        reply=Success,
        codes=("not_found",),
        reply_example={"success": True},
    ),
)
