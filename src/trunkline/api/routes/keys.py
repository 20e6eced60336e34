"""API keys over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Paging, Success, paged
from trunkline.api.schemas.keys import KeysReply, NewKey, NewKeyReply, shown
from trunkline.services import keys
from trunkline.services.validation import checked

TAG = "API keys"


async def list_(ask: Ask) -> Reply:
    """A page of keys."""
    paging = ask.query(Paging)
    page = await keys.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("api_keys", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new key, with its text."""
    wanted = checked(NewKey, ask.body)
    key, text = await keys.create(ask.rooms, ask.caller, wanted.name, wanted.scopes, wanted.expires_at)
    return Reply({"api_key": shown(key) | {"key": text}}, status=201)


async def revoke(ask: Ask) -> Reply:
    """A key that works no more."""
    await keys.revoke(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


OPERATIONS = (
    Operation(
        method="GET",
        path="/api-keys",
        run=list_,
        name="listApiKeys",
        tag=TAG,
        summary="List API keys",
        description="Revoked ones too.",
        query=Paging,
        reply=KeysReply,
    ),
    Operation(
        method="POST",
        path="/api-keys",
        run=create,
        name="createApiKey",
        tag=TAG,
        summary="Make an API key",
        description="The key itself is in this reply and never again.",
        scope="write",
        body=NewKey,
        reply=NewKeyReply,
        status=201,
        request_example={"name": "Website", "scopes": ["read", "calls"]},
    ),
    Operation(
        method="DELETE",
        path="/api-keys/{id}",
        run=revoke,
        name="revokeApiKey",
        tag=TAG,
        summary="Revoke an API key",
        description="Works at once, also on the key that asks. The last key of an organisation that may change anything is "
        "not revoked by its own keys: make another first.",
        scope="write",
        reply=Success,
        codes=("not_found", "last_key"),
        reply_example={"success": True},
    ),
)
