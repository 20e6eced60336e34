"""What one operation of the API is: a row of a routes table, and what its function is given and gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from trunkline.api.names import renamed
from trunkline.api.settings import ApiSettings
from trunkline.base.errors import Invalid, Unauthenticated
from trunkline.domain.access import Caller
from trunkline.services.idempotency import Begun
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid

Q = TypeVar("Q", bound=BaseModel)
Scope = Literal["read", "write", "calls"]
Entry = Literal["key", "key_or_signature", "open"]


class AssistantQuery(Protocol):
    """A query that may name an assistant, also under its older name."""

    @property
    def assistant_id(self) -> str | None:
        """The stored assistant."""

    @property
    def agent_id(self) -> str | None:
        """The same, under its older name."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply in JSON."""

    body: dict[str, Any]
    status: int = 200


@dataclass(slots=True)
class Ask:
    """One request, as an operation sees it. ``body`` is the JSON object that was sent, not validated yet; ``kept`` says
    that the operation has kept its reply for the request's Idempotency-Key itself."""

    rooms: Rooms
    settings: ApiSettings
    request: Request
    who: Caller | None
    body: dict[str, Any] = field(default_factory=dict)
    begun: Begun | None = None
    kept: bool = False

    @property
    def caller(self) -> Caller:
        """Who asks. Raises Unauthenticated where nobody has to say so."""
        if self.who is None:
            raise Unauthenticated("Send your API key: Authorization: Bearer tl_live_...")
        return self.who

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    def query(self, model: type[Q]) -> Q:
        """The query as ``model``. Raises Invalid."""
        pairs = self.request.query_params.multi_items()
        given = dict(pairs)
        if len(given) != len(pairs):
            raise Invalid("Give each query parameter once.")
        if nul := [name for name, value in pairs if "\0" in name + value]:
            raise Invalid("The NUL character has no place in a query.", details=[f"{nul[0]!r}: contains NUL"])
        return checked(model, given)

    def renamed(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The body under its present names; older ones are noted. Raises Invalid where both differ."""
        body, older = renamed(self.body, names)
        if older:
            self.mark_deprecated()
        return body

    def assistant_filter(self, query: AssistantQuery) -> str | None:
        """The assistant that a query names by either name; the older one is noted. Raises Invalid where both differ."""
        if query.agent_id is not None:
            self.mark_deprecated()
            if query.assistant_id not in (None, query.agent_id):
                raise invalid(["agent_id: is another name of assistant_id, which has another value"])
        return query.assistant_id or query.agent_id

    def keepable(self, body: dict[str, object]) -> dict[str, object]:
        """A reply as it is kept for an Idempotency-Key."""
        deprecated = bool(getattr(self.request.state, "deprecated", False))
        return {"body": orjson.loads(orjson.dumps(body)), "deprecated": deprecated}

    def mark_deprecated(self) -> None:
        """Notes that an old name was used; the reply then says so."""
        self.request.state.deprecated = True


Run = Callable[[Ask], Awaitable[Reply | Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row. ``body`` (with ``partial`` only the given fields count, with ``csv`` a file may come in its place), ``query``
    and ``reply`` describe it; ``codes`` are the errors it has beyond those that all have; ``probes`` counts it as a control
    command of the organisation, because it keeps a connection open; ``alias_of`` marks a deprecated path."""

    method: str
    path: str
    run: Run
    name: str
    tag: str
    summary: str
    description: str = ""
    scope: Scope = "read"
    entry: Entry = "key"
    body: type[BaseModel] | None = None
    csv: bool = False
    partial: bool = False
    query: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    status: int = 200
    media: str = "application/json"
    codes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    request_example: dict[str, Any] | None = None
    reply_example: dict[str, Any] | None = None
    control: bool = False
    probes: bool = False
    places_call: bool = False
    deprecated: bool = False
