"""Whatever is asked, with whichever key: nothing of another tenant is read, told apart from what is not there, or counted.

A small world of tenants (a parent, its two children, a stranger) has everything that an organisation can have, marked as
its own. Random requests from the whole table of operations must not bring anything of another to light.
"""

import asyncio
import re
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.api.world import Api, client, made
from trunkline.api.app import OPERATIONS
from trunkline.api.operation import Operation
from trunkline.domain.access import Caller
from trunkline.domain.call import EndReason
from trunkline.domain.events import CallEnded, MessageSpoken
from trunkline.domain.mail_domain import MailDomain
from trunkline.domain.transcript import Message, Role
from trunkline.storage.database import Database
from trunkline.storage.deliveries import Delivery

pytestmark = pytest.mark.room
Json = dict[str, Any]
LLM = {"provider": "local", "model": "scripted"}
NAMES = ("parent", "first", "second", "stranger")
NOUNS = {
    "calls": "call",
    "assistants": "assistant",
    "agents": "assistant",
    "numbers": "number",
    "sip-trunks": "trunk",
    "api-keys": "key",
    "tool-templates": "tool",
    "analysis-templates": "analysis",
    "do-not-call": "entry",
    "webhook-deliveries": "delivery",
    "campaigns": "campaign",
}
SEES_CHILDREN = ("/organizations", "/account", "/usage", "/audit-log")
"""Where a parent, acting for itself, is told of its children."""


@dataclass
class Tenant:
    """An organisation, its clients, the ids of what it has by noun, and every word that is its own."""

    name: str
    place: int
    key: str
    org_id: str
    full: httpx2.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    @property
    def mark(self) -> str:
        """A word that stands in all its texts."""
        return f"mark{self.name}"


@dataclass
class World:
    """The tenants, and how many statements their requests ran."""

    api: Api
    tenants: dict[str, Tenant]
    reading: dict[str, httpx2.AsyncClient]
    statements: "Statements"

    def allowed(self, asker: str, acting: str | None) -> str | None:
        """The tenant that a request is answered for; None where it must be refused."""
        if acting is None or acting == asker:
            return asker
        return acting if asker == "parent" and acting in ("first", "second") else None

    def foreign_words(self, asker: str, whose: str | None, path: str) -> set[str]:
        """What must not stand in the reply to a request of ``asker`` in the name of ``whose``."""
        mine = {asker, whose}
        if asker == "parent" and whose == "parent" and path in SEES_CHILDREN:
            mine |= {"first", "second"}
        others = [tenant.words for name, tenant in self.tenants.items() if name not in mine]
        own = set().union(*(self.tenants[name].words for name in mine if name is not None))
        return set().union(*others) - own


class Statements:
    """Counts what is run on a database, on all its connections."""

    def __init__(self) -> None:
        self.count = 0

    async def listen(self, database: Database) -> None:
        """Counts from now on."""
        event.listen(database._engine.sync_engine, "before_cursor_execute", self._one)
        for trips in database._trips.values():
            opened = await asyncio.get_running_loop().run_in_executor(trips.thread, trips._opened)
            await asyncio.get_running_loop().run_in_executor(trips.thread, opened.set_trace_callback, self._one)

    def _one(self, *_: object) -> None:
        self.count += 1


async def _tenant(api: Api, name: str, place: int, org_id: str, key: str) -> Tenant:
    """Fills an organisation with everything."""
    one = Tenant(name, place, key, org_id, client(api.app, key))
    mark, ours = one.mark, one.full
    await ours.patch("/organizations", json={"name": mark, "webhook_url": f"https://{mark}.example.com/hook"})
    ids = one.ids
    ids["trunk"] = (await made(ours, "/sip-trunks", {"name": mark, "address": f"{mark}.example.com"}))["id"]
    ids["tool"] = (await made(ours, "/tool-templates", {"name": mark, "tool_type": "end_call"}))["id"]
    schema = {"name": mark, "schema": {"description": mark}, "user_prompt": mark}
    ids["analysis"] = (await made(ours, "/analysis-templates", schema))["id"]
    settings_ = {
        "name": mark,
        "first_message": mark,
        "business_name": mark,
        "llm_config": {**LLM, "tools": [{"template_id": ids["tool"]}]},
    }
    ids["assistant"] = (await made(ours, "/assistants", settings_))["id"]
    number = {
        "phone_number": f"+3120123450{place}",
        "name": mark,
        "trunk_id": ids["trunk"],
        "assistant_id": ids["assistant"],
    }
    ids["number"] = (await made(ours, "/numbers", number))["id"]
    ids["key"] = (await made(ours, "/api-keys", {"name": mark}))["id"]
    entry = {"phone_number": f"+3161234560{place}", "reason": mark}
    ids["entry"] = (await made(ours, "/do-not-call", entry))["entry"]["id"]
    lead = {"phone_number": f"+3161234561{place}", "name": mark, "variables": {"who": mark}}
    campaign = {"name": mark, "assistant_id": ids["assistant"], "number_ids": [ids["number"]], "leads": [lead]}
    ids["campaign"] = (await made(ours, "/campaigns", campaign))["campaign"]["id"]
    ids["lead"] = (await ours.get(f"/campaigns/{ids['campaign']}/leads")).json()["leads"][0]["id"]
    await ours.post("/byok", json={"provider": "openai", "api_key": f"sk-{mark}"})
    await ours.post("/byok/config", json={"provider": "scripted", "config": {"llm_model": mark}})
    ids["call"] = await _call(api, one)
    await _rows(api, one)
    phones = [f"+3120123450{place}", *(f"+316123456{kind}{place}" for kind in range(3))]
    keys = (await ours.get("/api-keys")).json()["api_keys"]
    words: list[str] = [mark, org_id, key, *ids.values(), *phones, *(shown["id"] for shown in keys)]
    one.words = set(words)
    return one


async def _call(api: Api, one: Tenant) -> str:
    order = {
        "destination": f"+3161234562{one.place}",
        "assistant_id": one.ids["assistant"],
        "metadata": {"of": one.mark},
    }
    call_id = str((await made(one.full, "/calls/outbound", order))["call_id"])
    async with api.rooms.unit(Caller(one.org_id)) as unit:
        await unit.calls.change(call_id, status="dialing")
    from_ = api.clock.now()
    await api.note(call_id, MessageSpoken(from_, Message(Role.USER, one.mark, from_)))
    recording = api.rooms.blobs.create(f"{call_id}.wav")
    recording.write(b"RIFF" + one.mark.encode())
    recording.close()
    await api.note(call_id, CallEnded(from_, EndReason.USER_HANGUP, recording=f"{call_id}.wav"))
    return call_id


async def _rows(api: Api, one: Tenant) -> None:
    """What no request makes."""
    now, id = api.clock.now(), str(uuid.uuid4())
    one.ids["delivery"] = id
    async with api.rooms.unit(Caller(one.org_id)) as unit:
        await unit.calls.change(one.ids["call"], summary=one.mark, analysis_result={"structured_data": one.mark})
        await unit.deliveries.add(
            Delivery(
                id, one.org_id, one.ids["call"], 99, "status-update", f"https://{one.mark}.example.com", one.mark, now
            )
        )
        domain = MailDomain(
            str(uuid.uuid4()), one.org_id, f"{one.mark}.example.com", f"resend-{one.mark}", "pending", now, now
        )
        await unit.domains.add(domain)


@asynccontextmanager
async def _world(api: Api) -> AsyncIterator[World]:
    reading: dict[str, httpx2.AsyncClient] = {}
    tenants: dict[str, Tenant] = {}
    for place, name in enumerate(NAMES):
        if name == "parent":
            org_id, key = api.org_id, api.key
        elif name == "stranger":
            org_id = (await api.theirs.get("/organizations")).json()["id"]
            key = api.theirs.headers["authorization"].removeprefix("Bearer ")
        else:
            child = (await tenants["parent"].full.post("/organizations", json={"name": f"mark{name}"})).json()
            org_id, key = child["id"], child["api_key"]
        tenants[name] = await _tenant(api, name, place, org_id, key)
        only = await made(tenants[name].full, "/api-keys", {"name": f"mark{name}", "scopes": ["read"]})
        tenants[name].words.add(only["id"])
        reading[name] = client(api.app, only["key"])
        await reading[name].get("/voices")
    counted = Statements()
    await counted.listen(api.rooms.database)
    yield World(api, tenants, reading, counted)
    for one in (*reading.values(), *(tenant.full for tenant in tenants.values())):
        await one.aclose()


@pytest.fixture
async def world(api_on_each: Api) -> AsyncIterator[World]:
    """The tenants, with everything."""
    async with _world(api_on_each) as opened:
        yield opened


def _noun(path: str) -> str:
    return NOUNS[path.split("/")[1]]


def _unknown(noun: str) -> str:
    return "call-outbound-" + "x" * 22 if noun == "call" else str(uuid.UUID(int=0, version=4))


@dataclass(frozen=True)
class Request:
    """A request, ready to be sent."""

    method: str
    path: str
    query: Json
    body: Json | None
    headers: dict[str, str]

    async def sent(self, by: httpx2.AsyncClient) -> httpx2.Response:
        return await by.request(self.method, self.path, params=self.query, json=self.body, headers=self.headers)

    @property
    def said(self) -> str:
        """All that the asker itself has put into it."""
        return f"{self.path} {self.query} {self.body} {self.headers}"


class Guessing:
    """Makes requests at random: any operation, with ids and words of anybody, as fits and as does not."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def request(self, operation: Operation, whose: str | None) -> Request:
        """One that changes nothing of its own organisation that is there already."""
        changes = operation.method in ("PATCH", "DELETE") or ("{" in operation.path and operation.method == "POST")
        ids = {
            name: self._id(operation, name, whose, foreign=changes) for name in re.findall(r"{(\w+)}", operation.path)
        }
        return Request(
            operation.method, operation.path.format(**ids), self._query(operation), self._body(operation), {}
        )

    def _id(self, operation: Operation, name: str, whose: str | None, *, foreign: bool) -> str:
        noun = "lead" if name == "lead_id" else _noun(operation.path)
        owners = [one for one in self._world.tenants if not (foreign and one == whose)]
        tenant = self._world.tenants[self._random.choice(owners)]
        return self._random.choice([tenant.ids[noun], tenant.ids[noun], self._word(foreign and whose), _unknown(noun)])

    def _word(self, but: str | bool | None = None) -> str:
        names = [name for name in self._world.tenants if name != but]
        tenant = self._world.tenants[self._random.choice(names)]
        words = sorted(word for word in tenant.words if not word.startswith("tl_"))
        return self._random.choice(words)

    def _query(self, operation: Operation) -> Json:
        if operation.query is None:
            return {}
        fields = operation.query.model_json_schema()
        named = self._random.sample(
            sorted(fields["properties"]), k=self._random.randint(0, min(3, len(fields["properties"])))
        )
        return {name: self._value(fields["properties"][name], fields.get("$defs", {})) for name in named}

    def _value(self, schema: Json, definitions: Json) -> Any:
        kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
        kind = self._random.choice(kinds)
        kind = definitions[kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind
        if "enum" in kind:
            return self._random.choice(kind["enum"])
        match kind.get("type"):
            case "integer":
                return self._random.randint(0, 5)
            case "boolean":
                return self._random.choice(["true", "false"])
            case _:
                return self._random.choice([self._word(), "2026-11-22", "openai"])

    def _body(self, operation: Operation) -> Json | None:
        if operation.body is None:
            return None
        body = dict(operation.request_example or {})
        fields = operation.body.model_json_schema().get("properties", {})
        for name in self._random.sample(sorted(fields), k=min(len(fields), self._random.randint(0, 3))):
            if name == "llm_config":
                body[name] = {**LLM, "tools": [{"template_id": self._word()}]}
            elif name.endswith("_ids"):
                body[name] = [self._word()]
            elif name.endswith("_id"):
                body[name] = self._word()
            elif fields[name].get("type") == "string":
                body[name] = "words"  # whoever writes words of another's into its own finds them there
        return body


async def _ask(world: World, random: Random) -> None:
    operation = random.choice([one for one in OPERATIONS if one.entry != "open"])
    asker = random.choice(NAMES)
    acting = random.choice([None, None, *NAMES])
    whose = world.allowed(asker, acting)
    request = Guessing(world, random).request(operation, whose or asker)
    headers = {} if acting is None else {"X-Organization-Id": world.tenants[acting].org_id}
    if operation.method == "POST" and random.random() < 0.3:
        headers["Idempotency-Key"] = random.choice(["one", "two"])
    request = Request(request.method, request.path, request.query, request.body, headers)
    by = random.choice([world.tenants[asker].full, world.reading[asker]])
    reply = await request.sent(by)
    seen = reply.text + str({name: reply.headers[name] for name in reply.headers if name != "x-request-id"})
    told = f"{asker} acting for {acting}: {request} -> {reply.status_code} {reply.text[:2000]}"
    assert reply.status_code != 500, told
    assert whose is not None or reply.status_code in (400, 403, 404), told
    for word in world.foreign_words(asker, whose, operation.path):
        assert word not in seen or word in request.said, f"{word} shows: {told}"


async def _things(world: World) -> dict[str, list[str]]:
    """Everything that the tenants have, each as it sees it."""
    found: dict[str, list[str]] = defaultdict(list)
    for tenant in world.tenants.values():
        for operation in OPERATIONS:
            if operation.method == "GET" and operation.path.endswith("{id}") and not operation.deprecated:
                reply = await tenant.full.get(operation.path.format(id=tenant.ids[_noun(operation.path)]))
                assert reply.status_code == 200, f"{tenant.name} {operation.path} {reply.text}"
                found[tenant.name].append(re.sub(r"(expires|signature)=[0-9a-f]+", "", reply.text))
        found[tenant.name].append((await tenant.full.get(f"/campaigns/{tenant.ids['campaign']}/leads")).text)
    return found


@pytest.fixture
async def unharmed(world: World) -> AsyncIterator[World]:
    """The tenants, who have in the end what they had in the beginning."""
    before = await _things(world)
    yield world
    assert await _things(world) == before


# The world lives on from one example to the next, so that there is nothing to be made smaller.
@settings(max_examples=40, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
async def test_no_request_brings_anything_of_another_to_light(unharmed: World, seed: int) -> None:
    random = Random(seed)
    for _ in range(10):
        await asyncio.wait_for(_ask(unharmed, random), timeout=20)


ASKERS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("first", None, ("parent", "second")),
    ("stranger", None, ("first",)),
    ("parent", "first", ("second",)),
    ("parent", None, ("stranger",)),
)
"""Who asks, for whom it acts, and whose things it tries."""


def _body_for(operation: Operation) -> Json | None:
    return None if operation.method in ("GET", "DELETE") else dict(operation.request_example or {})


def _pairs(world: World, whose: str, others: Sequence[str]) -> Iterator[tuple[str, Request, Request]]:
    """Requests that name a thing of another, each beside one that names a thing that nobody has."""
    own = world.tenants[whose].ids
    for other in (world.tenants[name] for name in others):
        for operation in OPERATIONS:
            for place in re.findall(r"{(\w+)}", operation.path):
                noun = "lead" if place == "lead_id" else _noun(operation.path)
                places = {
                    one: own["lead" if one == "lead_id" else _noun(operation.path)]
                    for one in re.findall(r"{(\w+)}", operation.path)
                }
                foreign, unknown = (
                    Request(
                        operation.method, operation.path.format(**{**places, place: id}), {}, _body_for(operation), {}
                    )
                    for id in (other.ids[noun], _unknown(noun))
                )
                yield other.ids[noun], foreign, unknown
        for method, path, noun, body in _references(own):
            foreign, unknown = (
                Request(method, path, {}, _filled(body, id), {}) for id in (other.ids[noun], _unknown(noun))
            )
            yield other.ids[noun], foreign, unknown
        for path, field_, noun in FILTERS:
            foreign, unknown = (
                Request("GET", path, {field_: id}, None, {}) for id in (other.ids[noun], _unknown(noun))
            )
            yield other.ids[noun], foreign, unknown


FILTERS = (
    ("/calls", "assistant_id", "assistant"),
    ("/calls", "agent_id", "assistant"),
    ("/calls", "number_id", "number"),
    ("/calls", "campaign_id", "campaign"),
    ("/usage", "assistant_id", "assistant"),
    ("/audit-log", "item_id", "assistant"),
    ("/audit-log", "actor", "key"),
    ("/webhook-deliveries", "call_id", "call"),
)
HERE = "<id>"


def _references(own: dict[str, str]) -> Iterator[tuple[str, str, str, Json]]:
    """Bodies that name a thing, marked as ``HERE``."""
    tools = {"llm_config": {**LLM, "tools": [{"template_id": HERE}]}}
    analysis = {"analysis_plan": {"structured_data_plan": {"template_id": HERE}}}
    call = {"destination": "+31201230000", "assistant_id": own["assistant"]}
    for field_, noun in (("assistant_id", "assistant"), ("trunk_id", "trunk"), ("transfer_trunk_id", "trunk")):
        yield "PATCH", f"/numbers/{own['number']}", noun, {field_: HERE}
        yield "POST", "/numbers", noun, {"phone_number": "+31201230001", field_: HERE}
    yield "POST", "/assistants", "tool", {"name": "A", **tools}
    yield "PATCH", f"/assistants/{own['assistant']}", "analysis", analysis
    yield "POST", "/calls/outbound", "assistant", {**call, "assistant_id": HERE}
    yield "POST", "/calls/outbound", "number", {**call, "number_id": HERE}
    yield "POST", "/calls/outbound", "tool", {**call, "assistant_override": tools}
    yield "POST", "/campaigns", "assistant", {"name": "C", "assistant_id": HERE}
    yield "POST", "/campaigns", "number", {"name": "C", "assistant_id": own["assistant"], "number_ids": [HERE]}
    yield "PATCH", f"/campaigns/{own['campaign']}", "assistant", {"assistant_id": HERE}
    yield "POST", "/webhooks/test", "assistant", {"assistant_id": HERE}


def _filled(body: Any, id: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, id) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, id) for value in body]
    return id if body == HERE else body


async def test_what_is_anothers_is_told_in_no_way_from_what_is_not_there(unharmed: World) -> None:
    world = unharmed
    for asker, acting, others in ASKERS:
        headers = {} if acting is None else {"X-Organization-Id": world.tenants[acting].org_id}
        world.api.clock.advance(61)  # a limit by the minute is met by nobody
        await world.tenants[asker].full.get("/voices")  # the key's use is noted once a minute
        compared = 0
        for id, foreign, unknown in _pairs(world, acting or asker, others):
            nobodys = _unknown("call") if id.startswith("call-") else _unknown("")
            seen = await _answered(world, asker, foreign, id, headers)
            expected = await _answered(world, asker, unknown, nobodys, headers)
            assert seen == expected, f"{asker} acting for {acting}: {foreign}"
            assert expected[0] in (200, 400, 404), f"{foreign} {expected}"
            compared += 1
        assert compared > 50 * len(others)
    await world.tenants["first"].full.get("/voices")
    for named in ("parent", "second", "stranger"):
        asked = Request("GET", "/assistants", {}, None, {})
        answers = [
            await _answered(world, "first", asked, org_id, {"X-Organization-Id": org_id})
            for org_id in (world.tenants[named].org_id, _unknown("organisation"))
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


async def _answered(
    world: World, asker: str, request: Request, id: str, headers: dict[str, str]
) -> tuple[int, str, int]:
    """Status and body, without the id that was asked for, and how many statements it took: what a clock would tell."""
    before = world.statements.count
    sent = Request(request.method, request.path, request.query, request.body, headers)
    reply = await sent.sent(world.tenants[asker].full)
    ran = world.statements.count - before
    assert ran > 0
    return reply.status_code, reply.text.replace(id, HERE), ran


async def test_nobodys_counts_change_with_what_others_have(api_on_each: Api) -> None:
    api = api_on_each
    org_id = (await api.theirs.get("/organizations")).json()["id"]
    key = api.theirs.headers["authorization"].removeprefix("Bearer ")
    stranger = await _tenant(api, "stranger", 3, org_id, key)

    async def all_lists() -> list[str]:
        paths = [one.path for one in OPERATIONS if one.method == "GET" and "{" not in one.path and one.entry != "open"]
        replies = [await stranger.full.get(path) for path in paths]
        hidden = r"(expires|signature)=[0-9a-f]+"
        return [
            f"{path} {reply.status_code} {re.sub(hidden, '', reply.text)}"
            for path, reply in zip(paths, replies, strict=True)
        ]

    before = await all_lists()
    async with client(api.app, api.key):
        await _tenant(api, "parent", 0, api.org_id, api.key)
    assert await all_lists() == before
    await stranger.full.aclose()
