"""Resend as an emulator: e-mails with idempotency keys, and domains that are verified, in the vendor's own words."""

import asyncio
import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut

TEST_SENDER = "onboarding@resend.dev"
TEST_DOMAIN = "resend.dev"
UNFOUND = ".invalid"
"""Domains with this ending never have their records."""
REGIONS = ("us-east-1", "eu-west-1", "sa-east-1", "ap-northeast-1")
MOST_RECIPIENTS = 50
_ADDRESS = re.compile(r"(?:[^<>]*<)?([^\s<>@,]+@([^\s<>@,]+))>?")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_BROKEN = (500, "application_error", "An unexpected error occurred.")
_REFUSALS = {
    Fault.UNAUTHORISED: (403, "invalid_api_key", "API key is invalid"),
    Fault.RATE_LIMITED: (429, "rate_limit_exceeded", "Too many requests. You can only make 2 requests per second."),
    Fault.OVERLOADED: _BROKEN,
    Fault.ERROR: _BROKEN,
}
Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class ResendAccount:
    """What an account holds: ``domains`` by id, in their order, and ``emails``; ``replies`` are those that were given for
    idempotency keys, with the hash of what was asked."""

    domains: dict[str, Json] = field(default_factory=dict)
    emails: dict[str, Json] = field(default_factory=dict)
    replies: dict[str, tuple[str, Json]] = field(default_factory=dict)
    restricted: bool = False
    """Whether the key may only send."""


def add_resend(app: web.Application, house: Emulator) -> None:
    """Adds the protocol; what it holds is in ``app[ACCOUNT]``."""
    resend = _Resend(house)
    app[ACCOUNT] = resend.account
    app.router.add_post("/emails", resend.guarded(resend.send, sends=True))
    app.router.add_get("/emails/{id}", resend.guarded(resend.email))
    app.router.add_post("/domains", resend.guarded(resend.create))
    app.router.add_get("/domains", resend.guarded(resend.list_))
    app.router.add_get("/domains/{id}", resend.guarded(resend.get))
    app.router.add_delete("/domains/{id}", resend.guarded(resend.delete))
    app.router.add_post("/domains/{id}/verify", resend.guarded(resend.verify))


ACCOUNT = web.AppKey("resend", ResendAccount)


class _Resend:
    def __init__(self, house: Emulator) -> None:
        self.account = ResendAccount()
        self._house = house

    def guarded(self, handler: Handler, *, sends: bool = False) -> Handler:
        """``handler`` behind the key and whatever is to go wrong."""

        async def handle(request: web.Request) -> web.StreamResponse:
            text = await request.read()
            self._house.keep(request.path, request.headers, _json(text))
            trouble = self._house.trouble(Moment.CONNECT)
            if trouble is not None and (strange := await self._go_wrong(trouble, request)) is not None:
                return strange
            self._check_key(request, sends)
            answer = await handler(request)
            if (trouble := self._house.trouble(Moment.FIRST)) is not None:
                strange = await self._go_wrong(trouble, request)
                return answer if strange is None else strange
            return answer

        return handle

    async def _go_wrong(self, trouble: Trouble, request: web.Request) -> web.StreamResponse | None:
        """At ``first`` the request was done already, and only its answer goes wrong."""
        if trouble.fault in _REFUSALS:
            _refuse(*_REFUSALS[trouble.fault])
        match trouble.fault:
            case Fault.DROP:
                cut(request)
                return web.Response(status=500)
            case Fault.SILENCE | Fault.HALF_OPEN:
                await self._house.hang()
            case Fault.SLOW:
                await asyncio.sleep(trouble.seconds)
            case Fault.GARBAGE:
                return web.Response(text="<html>Bad gateway", content_type="text/html")
        return None

    def _check_key(self, request: web.Request, sends: bool) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            _refuse(401, "missing_api_key", "Missing API Key")
        if key != self._house.key:
            _refuse(403, "invalid_api_key", "API key is invalid")
        if self.account.restricted and not sends:
            _refuse(401, "restricted_api_key", "This API key is restricted to only send emails")

    # --- e-mails

    async def send(self, request: web.Request) -> web.Response:
        text = await request.read()
        once = request.headers.get("Idempotency-Key")
        if once is not None and not 1 <= len(once) <= 256:
            _refuse(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        asked = hashlib.sha256(text).hexdigest()
        if once is not None and once in self.account.replies:
            before, reply = self.account.replies[once]
            if before != asked:
                words = "This idempotency key has been used with a different request payload."
                _refuse(409, "invalid_idempotent_request", words)
            return web.json_response(reply)
        mail = _body(text)
        self._check_mail(mail)
        id = str(uuid.uuid4())
        self.account.emails[id] = {**mail, "id": id, "created_at": _now(), "last_event": "delivered"}
        reply = {"id": id}
        if once is not None:
            self.account.replies[once] = (asked, reply)
        self._house.changed()
        return web.json_response(reply)

    def _check_mail(self, mail: Json) -> None:
        for name in ("from", "to", "subject"):
            if not mail.get(name):
                _refuse(422, "missing_required_field", f"Missing `{name}` field.")
        if not mail.get("html") and not mail.get("text"):
            _refuse(422, "missing_required_field", "Missing `html` or `text` field.")
        recipients = [mail["to"]] if isinstance(mail["to"], str) else mail["to"]
        if len(recipients) > MOST_RECIPIENTS or not all(_ADDRESS.fullmatch(str(one)) for one in recipients):
            _refuse(422, "validation_error", "Invalid `to` field. The email address needs to follow the format.")
        sender = _ADDRESS.fullmatch(str(mail["from"]))
        if sender is None:
            _refuse(422, "validation_error", "Invalid `from` field. The email address needs to follow the format.")
        domain = sender[2].lower()
        if domain != TEST_DOMAIN and not self._is_verified(domain):
            words = (
                f"The {domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
            )
            _refuse(403, "validation_error", words)

    def _is_verified(self, name: str) -> bool:
        return any(one["name"] == name and one["status"] == "verified" for one in self.account.domains.values())

    async def email(self, request: web.Request) -> web.Response:
        mail = self.account.emails.get(request.match_info["id"])
        if mail is None:
            _refuse(404, "not_found", "Email not found")
        return web.json_response({"object": "email", **mail})

    # --- domains

    async def create(self, request: web.Request) -> web.Response:
        body = _body(await request.read())
        name, region = str(body.get("name") or "").lower(), body.get("region", REGIONS[0])
        if not name:
            _refuse(422, "missing_required_field", "Missing `name` field.")
        if not _DOMAIN.fullmatch(name) and not name.endswith(UNFOUND):
            _refuse(422, "validation_error", "The domain name is invalid.")
        if region not in REGIONS:
            _refuse(422, "invalid_region", "Region must be one of the supported ones.")
        if any(one["name"] == name for one in self.account.domains.values()):
            _refuse(403, "validation_error", f"The {name} domain has been registered already.")
        id = str(uuid.uuid4())
        domain = {
            "object": "domain",
            "id": id,
            "name": name,
            "status": "not_started",
            "created_at": _now(),
            "region": region,
            "records": _records(name, region),
        }
        self.account.domains[id] = domain
        return web.json_response(_without(domain, "object"), status=201)

    async def list_(self, request: web.Request) -> web.Response:
        listed = list(self.account.domains.values())
        limit, after = int(request.query.get("limit", "0")), request.query.get("after")
        if after is not None:
            ids = [one["id"] for one in listed]
            listed = listed[ids.index(after) + 1 :] if after in ids else []
        page = listed[:limit] if limit else listed
        data = [_without(one, "object", "records") for one in page]
        return web.json_response({"object": "list", "has_more": len(page) < len(listed), "data": data})

    async def get(self, request: web.Request) -> web.Response:
        domain = self._domain(request)
        shown = dict(domain)
        if domain["status"] == "pending":
            _settle(domain)
        return web.json_response(shown)

    async def verify(self, request: web.Request) -> web.Response:
        """The next look still says pending; the one after it what came of it."""
        domain = self._domain(request)
        domain["status"] = "pending"
        domain["records"] = [{**record, "status": "pending"} for record in domain["records"]]
        return web.json_response({"object": "domain", "id": domain["id"]})

    async def delete(self, request: web.Request) -> web.Response:
        domain = self._domain(request)
        del self.account.domains[domain["id"]]
        return web.json_response({"object": "domain", "id": domain["id"], "deleted": True})

    def _domain(self, request: web.Request) -> Json:
        domain = self.account.domains.get(request.match_info["id"])
        if domain is None:
            _refuse(404, "not_found", "Domain not found")
        return domain


def _settle(domain: Json) -> None:
    found = "failed" if domain["name"].endswith(UNFOUND) else "verified"
    domain["status"] = found
    domain["records"] = [{**record, "status": found} for record in domain["records"]]


def _records(name: str, region: str) -> list[Json]:
    key = hashlib.sha256(name.encode()).hexdigest()
    spf = '"v=spf1 include:amazonses.com ~all"'
    relay = f"feedback-smtp.{region}.amazonses.com"
    shared = {"ttl": "Auto", "status": "not_started"}
    return [
        {"record": "SPF", "name": "send", "type": "MX", "value": relay, "priority": 10, **shared},
        {"record": "SPF", "name": "send", "type": "TXT", "value": spf, **shared},
        {"record": "DKIM", "name": "resend._domainkey", "type": "TXT", "value": f"p={key}", **shared},
    ]


def _refuse(status: int, name: str, message: str) -> NoReturn:
    body = orjson.dumps({"statusCode": status, "name": name, "message": message}).decode()
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
        422: web.HTTPUnprocessableEntity,
        429: web.HTTPTooManyRequests,
        500: web.HTTPInternalServerError,
    }
    headers = {"retry-after": "1"} if status == 429 else None
    raise kinds[status](text=body, content_type="application/json", headers=headers)


def _body(text: bytes) -> Json:
    found = _json(text)
    if not isinstance(found, dict):
        _refuse(422, "validation_error", "The request body must be valid JSON.")
    return found


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _without(found: Json, *names: str) -> Json:
    return {name: value for name, value in found.items() if name not in names}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
