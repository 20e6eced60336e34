"""The description tells all of the truth: every field, every error, examples that work, replies that fit."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from jsonschema import Draft202012Validator

import trunkline
from tests.api.test_deliveries import written
from tests.api.world import DESTINATION, Api, Json, made, placed, ready_to_call
from trunkline.api.app import OPERATIONS, PREFIX, ApiSettings
from trunkline.api.codes import CODES
from trunkline.api.openapi import document
from trunkline.domain.call import EndReason
from trunkline.domain.events import MessageSpoken, StageUsage, TurnMeasured, Usage
from trunkline.domain.transcript import Message, Role

pytestmark = pytest.mark.room
NOT_OF_THE_API = {"call_transition", "invalid_master_key", "seal_broken"}


@pytest.fixture(scope="module")
def described() -> Json:
    """The document."""
    return document(OPERATIONS, ApiSettings(), PREFIX)


def _validator(described: Json, schema: Json) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": described["components"]})


def _each(described: Json) -> list[tuple[str, str, Json]]:
    return [
        (path, method.upper(), operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def _properties(schema: Any, where: str) -> list[tuple[str, Json]]:
    if isinstance(schema, list):
        return [found for item in schema for found in _properties(item, where)]
    if not isinstance(schema, dict):
        return []
    found = [(f"{where}.{name}", item) for name, item in schema.get("properties", {}).items()]
    for name, item in schema.items():
        found += _properties(list(item.values()) if name == "properties" else item, where)
    return found


def test_every_property_parameter_and_operation_is_described(described: Json) -> None:
    properties = [
        one for name, schema in described["components"]["schemas"].items() for one in _properties(schema, name)
    ]
    assert len(properties) > 150
    assert [name for name, item in properties if not item.get("description")] == []
    assert [name for name, schema in described["components"]["schemas"].items() if not schema.get("description")] == []
    for path, method, operation in _each(described):
        assert operation["summary"], f"{method} {path}"
        assert operation["description"], f"{method} {path}"
        assert all(one["description"] for one in operation["parameters"])


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere(described: Json) -> None:
    assert described["openapi"] == "3.1.0"
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    text = str(described)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in described["components"]["schemas"]
    names = [operation["operationId"] for _, _, operation in _each(described)]
    assert len(set(names)) == len(names)


def test_the_document_is_openapi(described: Json) -> None:
    schemathesis.openapi.from_dict(json.loads(json.dumps(described))).validate()
    broken = json.loads(json.dumps(described))
    del broken["paths"][f"{PREFIX}/calls"]["get"]["responses"]["200"]["description"]
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


def test_every_example_fits_its_schema(described: Json) -> None:
    checked = 0
    for path, method, operation in _each(described):
        contents = list(operation.get("requestBody", {}).get("content", {}).values())
        for status, reply in operation["responses"].items():
            contents += reply["content"].values() if "content" in reply else []
            if int(status) >= 400:
                for example in reply["content"]["application/json"].get("examples", {}).values():
                    _validator(described, {"$ref": "#/components/schemas/Error"}).validate(example["value"])
        for content in contents:
            if "example" in content:
                _validator(described, content["schema"]).validate(content["example"])
                checked += 1
        assert method in ("GET", "DELETE") or "example" in contents[0], f"{method} {path}"
    assert checked >= 15


def test_older_names_and_paths_are_marked(described: Json) -> None:
    schemas = described["components"]["schemas"]
    for name in ("agent_id", "agent", "agent_config"):
        assert schemas["PlaceCall"]["properties"][name]["deprecated"] is True
    assert schemas["NumberChanges"]["properties"]["agent_id"]["deprecated"] is True
    older = [path for path, _, operation in _each(described) if operation.get("deprecated")]
    assert {path.split("/")[3] for path in older} == {"agents", "account"}
    assert not [path for path in described["paths"] if not path.startswith(PREFIX)]


def test_every_code_that_the_source_names_is_listed() -> None:
    source = Path(str(files(trunkline)))
    named: set[str] = set()
    for room in ("api", "services", "storage", "domain"):
        for file in (source / room).rglob("*.py"):
            named.update(re.findall(r'code="([a-z_]+)"', file.read_text()))
    assert named - NOT_OF_THE_API <= set(CODES)


ELSEWHERE = (
    "testWebhook",
    "createDomain",
    "deleteDomain",
    "listDomainChoices",
    "chooseDomain",
    "verifyDomain",
    "refreshDomain",
)
"""Whose replies need a receiver or a vendor, and are compared with their schemas where there is one."""


async def test_every_reply_fits_what_is_said_of_it(api: Api, described: Json) -> None:
    ids = await ready_to_call(api.ours)
    await api.ours.patch(f"/numbers/{ids['number']}", json={"assistant_id": ids["assistant"]})
    call_id = await placed(api.ours, ids["assistant"])
    await api.answer(call_id)
    now = api.clock.now()
    await api.note(call_id, MessageSpoken(now, Message(Role.USER, "hello", now, now)))
    over = await placed(api.ours, ids["assistant"])
    await api.answer(over)
    await api.note(over, TurnMeasured(now, 1, heard=700.0, stt=120.5))
    used = StageUsage(
        "llm", "openai", "gpt-5.4", own_key=True, prompt_tokens=900, completion_tokens=90, cached_tokens=9
    )
    await api.end(over, reason=EndReason.USER_HANGUP, usage=Usage(stages=(used, StageUsage("tts", "x", characters=7))))
    bodies: dict[str, Json] = {
        "placeCall": {"destination": DESTINATION, "assistant_id": ids["assistant"]},
        "createTrunk": {"name": "T", "host": "sip.example.com", "password": "x"},
        "createNumber": {"phone_number": "+31850835039"},
        "createCampaign": {"name": "C", "assistant_id": ids["assistant"], "leads": [{"phone_number": DESTINATION}]},
        "setProviderConfig": {"provider": "scripted", "config": {"llm_model": "script"}},
    }
    key = (await made(api.ours, "/api-keys", {"name": "K"}))["id"]
    of = {"calls": call_id, "assistants": ids["assistant"], "agents": ids["assistant"], "numbers": ids["number"]}
    of |= {"sip-trunks": ids["trunk"], "api-keys": key, "webhook-deliveries": (await written(api)).id}
    lead = ""
    for operation in sorted(OPERATIONS, key=lambda one: (one.method == "DELETE") * (9 - one.path.count("/"))):
        if operation.reply is None:
            continue
        path = operation.path.format(id=of.get(operation.path.split("/")[1], ""), lead_id=lead)
        if operation.name in ("createAgent", "deleteAgent") or operation.name in ELSEWHERE:
            continue
        body = bodies.get(operation.name, operation.request_example)
        reply = await api.ours.request(operation.method, path, json=body if operation.body else None)
        assert reply.status_code == operation.status, f"{operation.name}: {reply.text}"
        if operation.status == 201:
            made_ids = [item["id"] for item in reply.json().values() if isinstance(item, dict) and "id" in item]
            of.setdefault(operation.path.split("/")[1], *made_ids[:1])
        lead = reply.json()["lead"]["id"] if operation.name == "addLeads" else lead
        answers = described["paths"][PREFIX + operation.path][operation.method.lower()]["responses"]
        schema = answers[str(reply.status_code)]["content"]["application/json"]["schema"]
        _validator(described, schema).validate(reply.json())
    await api.end(call_id, reason=EndReason.USER_HANGUP)
    ended = await api.ours.get(f"/calls/{call_id}")
    _validator(described, {"$ref": "#/components/schemas/Call"}).validate(ended.json())


async def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = await api.stranger.get("/docs")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    texts = [page.text]
    for asset in re.findall(r'(?:href|src)="([^"#]+)"', page.text):
        if not asset.startswith("data:"):
            reply = await api.stranger.get(f"/{asset}")
            assert reply.status_code == 200, asset
            texts.append(reply.text)
    assert len(texts) == 4
    for text in texts[:3]:
        assert not re.search(r"https?://|//[a-z]+\.|innerHTML|@import|url\(", text)
    assert (await api.stranger.get("/openapi.json")).json()["info"]["version"] == ApiSettings().version
