"""The organisation over HTTP."""

from dataclasses import replace

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.organisations import (
    CreatedOrganisationShown,
    OrganisationQuery,
    OrganisationShown,
    shown,
)
from trunkline.services import organisations
from trunkline.services.organisations import NewOrganisation, OrganisationChanges

TAG = "Organisation"


async def get(ask: Ask) -> Reply:
    """The organisation that the key belongs to, or acts for."""
    children = ask.query(OrganisationQuery).include_children
    found = await organisations.overview(ask.rooms, ask.caller, children=children)
    return Reply(shown(found, ask.caller, children=children))


async def create(ask: Ask) -> Reply:
    """A new child with its first key."""
    made, key = await organisations.create_child(ask.rooms, ask.caller, ask.body)
    of_parent = replace(ask.caller, org_id=made.organisation.id, home_org_id=ask.caller.home)
    return Reply({**shown(made, of_parent), "api_key": key}, 201)


async def update(ask: Ask) -> Reply:
    """The changed organisation."""
    changed = await organisations.update(ask.rooms, ask.caller, ask.body)
    return Reply(shown(changed, ask.caller))


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
        method="POST",
        path="/organizations",
        run=create,
        name="createOrganization",
        tag=TAG,
        summary="Make a child organisation",
        description=(
            "A client of yours: it has its own assistants, numbers, calls and keys, sees nothing of you or of your other "
            "children, and is billed to you. Act for it with the header `X-Organization-Id`. Its first key is shown this "
            "once and has the scopes of the key that made it."
        ),
        scope="write",
        body=NewOrganisation,
        reply=CreatedOrganisationShown,
        status=201,
        codes=("children_not_allowed",),
        request_example={"name": "Bakery Janssen", "email": "desk@example.com", "max_concurrent_calls": 5},
    ),
    Operation(
        method="PATCH",
        path="/organizations",
        run=update,
        name="updateOrganization",
        tag=TAG,
        summary="Change the organisation",
        description=(
            "Changes only what is given; null clears. The limits of a child are its parent's to set, acting for it with "
            "the header `X-Organization-Id`."
        ),
        scope="write",
        body=OrganisationChanges,
        partial=True,
        reply=OrganisationShown,
        codes=("limit_not_yours",),
        request_example={"webhook_url": "https://example.com/hook", "webhook_secret": "a-long-random-text"},
    ),
    replace(_GET, path="/account", name="getAccount", summary="Read the organisation (older path)", deprecated=True),
)
