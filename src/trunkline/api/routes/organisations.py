"""The organisation over HTTP."""

from dataclasses import replace

from trunkline.api.later import ORGANISATION, without
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.organisations import OrganisationQuery, OrganisationShown, shown
from trunkline.services import organisations
from trunkline.services.organisations import OrganisationChanges

TAG = "Organisation"


async def get(ask: Ask) -> Reply:
    """The organisation that the key belongs to."""
    query = ask.query(OrganisationQuery)
    return Reply(shown(await organisations.overview(ask.rooms, ask.caller), children=query.include_children))


async def update(ask: Ask) -> Reply:
    """The changed organisation."""
    return Reply(shown(await organisations.update(ask.rooms, ask.caller, without(ask.body, ORGANISATION))))


_GET = Operation(
    method="GET",
    path="/organizations",
    run=get,
    name="getOrganization",
    tag=TAG,
    summary="Read the organisation",
    query=OrganisationQuery,
    reply=OrganisationShown,
)
OPERATIONS = (
    _GET,
    Operation(
        method="PATCH",
        path="/organizations",
        run=update,
        name="updateOrganization",
        tag=TAG,
        summary="Change the organisation",
        description="Changes only what is given; null clears.",
        scope="write",
        body=OrganisationChanges,
        partial=True,
        reply=OrganisationShown,
        codes=("not_available",),
        request_example={"webhook_url": "https://example.com/hook", "webhook_secret": "a-long-random-text"},
    ),
    replace(_GET, path="/account", name="getAccount", summary="Read the organisation (older path)", deprecated=True),
)
