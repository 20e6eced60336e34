"""Phone numbers over HTTP."""

from trunkline.api.names import ASSISTANT_ID
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Paging, Success, paged
from trunkline.api.schemas.numbers import NumberReply, NumbersReply, shown
from trunkline.services import numbers
from trunkline.services.numbers import NumberSettings
from trunkline.services.validation import checked

TAG = "Numbers"


async def list_(ask: Ask) -> Reply:
    """A page of numbers."""
    paging = ask.query(Paging)
    page = await numbers.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("numbers", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new number."""
    number = await numbers.create(ask.rooms, ask.caller, checked(NumberSettings, ask.renamed(ASSISTANT_ID)))
    return Reply({"number": shown(number)}, status=201)


async def get(ask: Ask) -> Reply:
    """One number."""
    return Reply({"number": shown(await numbers.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed number."""
    return Reply({"number": shown(await numbers.update(ask.rooms, ask.caller, ask.id, ask.renamed(ASSISTANT_ID)))})


async def delete(ask: Ask) -> Reply:
    """A number less."""
    await numbers.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


OPERATIONS = (
    Operation(
        method="GET",
        path="/numbers",
        run=list_,
        name="listNumbers",
        tag=TAG,
        summary="List numbers",
        query=Paging,
        reply=NumbersReply,
    ),
    Operation(
        method="POST",
        path="/numbers",
        run=create,
        name="createNumber",
        tag=TAG,
        summary="Register a number",
        description="A number stands once in the whole installation; one that is taken gives 409, whoever has it.",
        scope="write",
        body=NumberSettings,
        reply=NumberReply,
        status=201,
        codes=("number_taken",),
        request_example={"phone_number": "+31850835037", "name": "Main line"},
    ),
    Operation(
        method="GET",
        path="/numbers/{id}",
        run=get,
        name="getNumber",
        tag=TAG,
        summary="Read a number",
        reply=NumberReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/numbers/{id}",
        run=update,
        name="updateNumber",
        tag=TAG,
        summary="Change a number",
        description="Changes only what is given; null detaches the assistant or the trunk.",
        scope="write",
        body=NumberSettings,
        partial=True,
        reply=NumberReply,
        codes=("not_found", "number_taken"),
        request_example={"name": "Front desk", "assistant_id": None},
    ),
    Operation(
        method="DELETE",
        path="/numbers/{id}",
        run=delete,
        name="deleteNumber",
        tag=TAG,
        summary="Remove a number",
        description="Calls that are going on go on.",
        scope="write",
        reply=Success,
        codes=("not_found",),
        reply_example={"success": True},
    ),
)
