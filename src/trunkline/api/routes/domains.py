"""The domain of an organisation's e-mails over HTTP."""

from trunkline.api.names import renamed
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import NoBody, Success
from trunkline.api.schemas.domains import (
    ChoicesReply,
    DomainNamed,
    DomainReply,
    DomainsReply,
    choices_shown,
    shown,
)
from trunkline.base.errors import NotFound
from trunkline.services import domains
from trunkline.services.domains import ChosenDomain, NewDomain
from trunkline.services.validation import checked

TAG = "E-mail domains"
_NAMES = {"resendDomainId": "resend_domain_id", "domain_id": "resend_domain_id"}
_FAILURES = ("mail_not_configured", "provider_error")


async def find(ask: Ask) -> Reply:
    """The domain, as it was last seen."""
    found = await domains.find(ask.rooms, ask.caller)
    listed = [] if found is None else [shown(found)]
    return Reply({"domain": listed[0] if listed else None, "domains": listed})


async def create(ask: Ask) -> Reply:
    """A new domain."""
    domain = await domains.create(ask.rooms, ask.caller, checked(NewDomain, ask.body))
    return Reply({"domain": shown(domain)}, status=201)


async def delete(ask: Ask) -> Reply:
    """A domain less."""
    named = checked(DomainNamed, ask.body).domain_id
    if named is not None:
        found = await domains.find(ask.rooms, ask.caller)
        if found is None or named not in (found.id, found.resend_domain_id):
            raise NotFound(f"there is no domain {named}")
    await domains.delete(ask.rooms, ask.caller)
    return Reply({"success": True})


async def list_choices(ask: Ask) -> Reply:
    """The domains of the account."""
    return Reply(choices_shown(await domains.choices(ask.rooms, ask.caller)))


async def choose(ask: Ask) -> Reply:
    """Another domain."""
    body, _ = renamed(ask.body, _NAMES)
    return Reply({"domain": shown(await domains.choose(ask.rooms, ask.caller, checked(ChosenDomain, body)))})


async def verify(ask: Ask) -> Reply:
    """A domain whose records are looked for."""
    checked(NoBody, ask.body)
    return Reply({"domain": shown(await domains.verify(ask.rooms, ask.caller))})


async def refresh(ask: Ask) -> Reply:
    """The domain as it is now."""
    checked(NoBody, ask.body)
    return Reply({"domain": shown(await domains.refresh(ask.rooms, ask.caller))})


OPERATIONS = (
    Operation(
        method="GET",
        path="/domains",
        run=find,
        name="getDomain",
        tag=TAG,
        summary="Read the e-mail domain",
        description="An organisation has one at most. As it was last seen: `POST /domains/refresh` asks Resend.",
        reply=DomainsReply,
    ),
    Operation(
        method="POST",
        path="/domains",
        run=create,
        name="createDomain",
        tag=TAG,
        summary="Register an e-mail domain",
        description="Registers the domain at Resend, with your key (`POST /byok`) or else the platform's. Enter its "
        "`records` with who keeps your DNS, then verify it. Reports are e-mailed from it once it is verified.",
        scope="write",
        body=NewDomain,
        reply=DomainReply,
        status=201,
        codes=("domain_exists", *_FAILURES),
        request_example={"domain_name": "mail.example.com"},
    ),
    Operation(
        method="DELETE",
        path="/domains",
        run=delete,
        name="deleteDomain",
        tag=TAG,
        summary="Let the e-mail domain go",
        description="Takes it away at Resend too if it was registered here; one that was chosen stays there.",
        scope="write",
        body=DomainNamed,
        reply=Success,
        codes=("not_found", "provider_error"),
        reply_example={"success": True},
    ),
    Operation(
        method="GET",
        path="/domains/sync",
        run=list_choices,
        name="listDomainChoices",
        tag=TAG,
        summary="List the domains of your Resend account",
        description="With a key of your own all of its account; with the platform's none but the one you registered.",
        reply=ChoicesReply,
        codes=_FAILURES,
    ),
    Operation(
        method="POST",
        path="/domains/sync",
        run=choose,
        name="chooseDomain",
        tag=TAG,
        summary="Choose a domain of your Resend account",
        description="In place of the one before. Also accepted under the names `resendDomainId` and `domain_id`.",
        scope="write",
        body=ChosenDomain,
        reply=DomainReply,
        codes=("not_found", "domain_exists", *_FAILURES),
        request_example={"resend_domain_id": "d91cd9bd-1176-453e-8fc1-35364d380206"},
    ),
    Operation(
        method="POST",
        path="/domains/verify",
        run=verify,
        name="verifyDomain",
        tag=TAG,
        summary="Verify the e-mail domain",
        description="Has Resend look for the records, which takes minutes to hours; refresh to see what came of it.",
        scope="write",
        body=NoBody,
        request_example={},
        reply=DomainReply,
        codes=("not_found", *_FAILURES),
    ),
    Operation(
        method="POST",
        path="/domains/refresh",
        run=refresh,
        name="refreshDomain",
        tag=TAG,
        summary="Ask Resend how the domain stands",
        scope="write",
        body=NoBody,
        request_example={},
        reply=DomainReply,
        codes=("not_found", *_FAILURES),
    ),
)
