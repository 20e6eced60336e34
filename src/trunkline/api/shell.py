"""What happens around every operation: who asks, how often, with what, and whether it was answered before."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from trunkline.api.body import Incoming, canonical, is_csv, parsed
from trunkline.api.errors import Problem, internal, problem
from trunkline.api.limits import Limiter, exceeded
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.settings import ApiSettings
from trunkline.base.errors import Forbidden, Invalid, NotFound, TrunklineError, Unauthenticated
from trunkline.base.ids import hash_api_key
from trunkline.base.logs import logger
from trunkline.domain.access import Caller
from trunkline.services import idempotency, keys, organisations
from trunkline.services.lead_files import decoded
from trunkline.services.rooms import Rooms
from trunkline.storage.idempotency import IdempotencySlot

ACTING = "x-organization-id"
LONGEST_ID = 128

_log = logger("api")
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_CLIENT_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WITH_BODY = {"POST", "PATCH"}
_MOST_PROVEN = 10_000


@dataclass(frozen=True, slots=True)
class Counter:
    """The limits: requests of a key, control commands of a call, wrong keys of an address (which keys that have worked
    before do not feel, so that nobody is locked out by a neighbour)."""

    requests: Limiter
    controls: Limiter
    wrong_keys: Limiter
    proven: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs operations over HTTP."""

    rooms: Rooms
    settings: ApiSettings
    counter: Counter

    def serve(self, operations: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one path: its operations by method."""

        async def answer(request: Request) -> Response:
            operation = operations[request.method]
            request.state.route, request.state.places_call = operation.path, operation.places_call
            incoming = Incoming(request, self.settings.max_body_bytes)
            try:
                return await self._answer(operation, request, incoming)
            except ClientDisconnect:
                return Response(status_code=400)
            except TrunklineError as error:
                told = _told(error)
            except Exception as error:  # noqa: BLE001
                told = _told(error)
            await incoming.drain()
            return told.response()

        return answer

    async def _answer(self, operation: Operation, request: Request, incoming: Incoming) -> Response:
        if operation.deprecated:
            request.state.deprecated = True
        who = await self._admitted(operation, request)
        if any("\0" in str(value) or len(str(value)) > LONGEST_ID for value in request.path_params.values()):
            raise NotFound("no id contains NUL or is as long")
        ask = Ask(self.rooms, self.settings, request, who)
        if operation.query is None and request.query_params and operation.entry != "open":
            raise Invalid(
                "This operation takes no query parameters.", details=[f"{_first(request)}: unknown parameter"]
            )
        if operation.method in _WITH_BODY or operation.body is not None:
            content_type = request.headers.get("content-type")
            raw = await incoming.read()
            ask.body = {"csv": decoded(raw)} if operation.csv and is_csv(content_type) else parsed(raw, content_type)
        self._count_controls(operation, ask)
        if operation.method == "POST" and "idempotency-key" in request.headers:
            return await self._once(operation, ask)
        return _response(await operation.run(ask))

    async def _admitted(self, operation: Operation, request: Request) -> Caller | None:
        """Who asks and may, counted; None where nobody has to say."""
        who = await self._who(operation, request)
        if who is None:
            return None
        self._count(self.counter.requests, who.key_id or who.org_id, "requests", request)
        _check_scope(operation, who)
        return await self._acting(request, who)

    async def _who(self, operation: Operation, request: Request) -> Caller | None:
        if operation.entry == "open":
            return None
        header = request.headers.get("authorization")
        if header is None and operation.entry == "key_or_signature" and "signature" in request.query_params:
            return None
        if header is None:
            raise Unauthenticated("Send your API key: Authorization: Bearer tl_live_...")
        found = _BEARER.fullmatch(header.strip())
        if found is None:
            raise Unauthenticated("The Authorization header must read: Bearer tl_live_...")
        return await self._key(found[1], request.client.host if request.client else "")

    async def _key(self, presented: str, address: str) -> Caller:
        proof = hash_api_key(presented)
        spent = self.counter.wrong_keys.spent(address)
        if spent is not None and proof not in self.counter.proven:
            raise exceeded(spent, "wrong API keys from one address")
        try:
            who = await keys.authenticate(self.rooms, presented)
        except Unauthenticated:
            self.counter.wrong_keys.take(address)
            raise
        if len(self.counter.proven) >= _MOST_PROVEN:
            self.counter.proven.clear()
        self.counter.proven.add(proof)
        return who

    async def _acting(self, request: Request, who: Caller) -> Caller:
        """Who asks, acting for the child that the request names; counted already, so that nobody can try ids at will."""
        named = request.headers.getlist(ACTING)
        if len(named) > 1:
            raise Invalid("Give X-Organization-Id once.")
        return await organisations.acting(self.rooms, who, named[0].strip()) if named else who

    def _count_controls(self, operation: Operation, ask: Ask) -> None:
        if ask.who is None:
            return
        if operation.control:
            name = f"{ask.who.org_id}:{ask.id}"
            self._count(self.counter.controls, name, "control commands for one call", ask.request)
        if operation.probes:
            self._count(self.counter.controls, f"{ask.who.org_id}:{operation.path}", "test sends", ask.request)

    def _count(self, limiter: Limiter, name: str, what: str, request: Request) -> None:
        allowance, allowed = limiter.take(name)
        request.state.allowance = allowance
        if not allowed:
            raise exceeded(allowance, what)

    async def _once(self, operation: Operation, ask: Ask) -> Response:
        begun = await idempotency.begin(self.rooms, _slot(operation, ask), _fingerprint(ask))
        if isinstance(begun, idempotency.Answered):
            ask.request.state.deprecated = begun.reply["deprecated"]
            return Problem(begun.status, begun.reply["body"], {"Idempotency-Replayed": "true"}).response()
        ask.begun = begun
        try:
            reply = await operation.run(ask)
        except Exception as error:  # noqa: BLE001
            told = _told(error)
            if operation.places_call and await idempotency.call_written(self.rooms, ask.caller, begun):
                await self._keep(ask, begun, told.status, told.body)
            else:
                await idempotency.release(self.rooms, begun)
            return told.response()
        if isinstance(reply, Reply) and not ask.kept:
            await self._keep(ask, begun, reply.status, reply.body)
        return _response(reply)

    async def _keep(self, ask: Ask, begun: idempotency.Begun, status: int, body: dict[str, object]) -> None:
        await idempotency.keep(self.rooms, begun, status, ask.keepable(body))


def _told(error: Exception) -> Problem:
    if isinstance(error, TrunklineError):
        told = problem(error)
        if told.status < 500:
            return told
        _log.warning("request failed", code=error.code, kind=type(error).__name__)
        return told if told.status in (502, 503) else internal()
    _log.error("request crashed", exc_info=error)
    return internal()


def _response(reply: Reply | Response) -> Response:
    if isinstance(reply, Response):
        return reply
    return Response(orjson.dumps(reply.body), status_code=reply.status, media_type="application/json")


def _check_scope(operation: Operation, who: Caller) -> None:
    if who.key_id is not None and operation.scope not in who.scopes:
        raise Forbidden(
            f"This API key lacks the scope {operation.scope!r}; use one that has it.",
            code="missing_scope",
            title="Missing scope",
        )


def _slot(operation: Operation, ask: Ask) -> IdempotencySlot:
    key = ask.request.headers["idempotency-key"]
    if not _CLIENT_KEY.fullmatch(key):
        raise Invalid(
            "An Idempotency-Key is 1 to 255 visible ASCII characters; a UUID is a good one.",
            code="invalid_idempotency_key",
            title="Invalid Idempotency-Key",
        )
    path = operation.path.format(**ask.request.path_params).replace("/agents", "/assistants", 1)
    return IdempotencySlot(ask.caller.org_id, ask.caller.key_id or "", operation.method, path, key)


def _fingerprint(ask: Ask) -> str:
    return hashlib.sha256(canonical(ask.body)).hexdigest()


def _first(request: Request) -> str:
    return next(iter(request.query_params))
