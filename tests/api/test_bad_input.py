"""What bad input gets: one shape of error, and a sentence that names the field."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.api.world import DESTINATION, Api, Away, client, made, opened, placed, ready_to_call, served
from trunkline.api.app import ApiSettings, create_app
from trunkline.ports.offers import VoiceFacts
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.models import ScriptedModels

pytestmark = pytest.mark.room
LLM = {"provider": "local", "model": "scripted"}
MCP = {"type": "mcp", "url": "https://example.org/mcp"}
STAGES = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
JSON = {"Content-Type": "application/json"}
RAW: list[tuple[str, bytes, dict[str, str], str]] = [
    ("no JSON", b"{", JSON, "invalid_json"),
    ("an array", b"[]", JSON, "invalid_json"),
    ("a string", b'"x"', JSON, "invalid_json"),
    ("null", b"null", JSON, "invalid_json"),
    ("no UTF-8", b'{"name": "\xff\xfe"}', JSON, "invalid_json"),
    ("half a surrogate", b'{"name": "\\ud800"}', JSON, "invalid_json"),
    ("NaN", b'{"name": NaN}', JSON, "invalid_json"),
    ("an infinite number", b'{"name": "A", "max_duration_seconds": 1e999}', JSON, "invalid_json"),
    ("a huge number", b'{"name": "A", "max_duration_seconds": 1' + b"0" * 300 + b"}", JSON, "invalid_request"),
    ("a long number", b'{"name": "A", "max_duration_seconds": 99999999999999999999999}', JSON, "invalid_request"),
    ("NUL in a value", b'{"name": "a\\u0000b"}', JSON, "invalid_request"),
    ("NUL in a name", b'{"name": "a", "metadata": {"\\u0000": 1}}', JSON, "invalid_request"),
    ("deep arrays", b'{"name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", JSON, "invalid_json"),
    ("rather deep objects", b'{"a":' * 150 + b"1" + b"}" * 150, JSON, "invalid_json"),
    ("a form", b"name=A", {"Content-Type": "application/x-www-form-urlencoded"}, "invalid_content_type"),
    ("text", b'{"name": "A"}', {"Content-Type": "text/plain"}, "invalid_content_type"),
    (
        "another alphabet",
        b'{"name": "A"}',
        {"Content-Type": "application/json; charset=utf-16"},
        "invalid_content_type",
    ),
    ("nothing", b"", {}, "invalid_request"),
]
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("/assistants", {}, "name: is required"),
    ("/assistants", {"name": ""}, "name:"),
    ("/assistants", {"name": 7}, "name: must be a valid string"),
    ("/assistants", {"name": "A", "nmae": "B"}, "nmae: unknown field"),
    (
        "/assistants",
        {"name": "A", "max_duration_seconds": 9},
        "max_duration_seconds: must be greater than or equal to 10",
    ),
    ("/assistants", {"name": "A", "webhook_events": ["nothing"]}, "webhook_events.0:"),
    ("/assistants", {"name": "A", "webhook_url": "ftp://example.com"}, "webhook_url: must be an https address"),
    ("/assistants", {"name": "A", "webhook_url": "http://example.com"}, "webhook_url: must be an https address"),
    (
        "/assistants",
        {"name": "A", "webhook_url": "https://127.0.0.1/x"},
        "webhook_url: must not lead to a private address",
    ),
    ("/assistants", {"name": "A", "webhook_url": "https://u:p@example.com"}, "webhook_url: must not contain a user"),
    ("/assistants", {"name": "A", "llm_config": {"provider": "nobody"}}, "llm_config.provider: use one of"),
    ("/assistants", {"name": "A", "llm_config": "local"}, "llm_config:"),
    ("/assistants", {"name": "A", "llm_config": {**LLM, "tools": 1}}, "llm_config.tools:"),
    ("/assistants", {"name": "A", "llm_config": {**LLM, "tools": [1]}}, "llm_config.tools.0:"),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "tools": [{"type": "x"}]}},
        "llm_config.tools.0: is no known type",
    ),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "tools": [{"name": "f"}]}},
        "llm_config.tools.0.url: is required",
    ),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "script": {"goal": "g", "steps": []}}},
        "llm_config.script.steps:",
    ),
    (
        "/assistants",
        {"name": "A", "speech_config": {"turn_taking": {"x": 1}}},
        "speech_config.turn_taking.x: unknown field",
    ),
    ("/numbers", {"phone_number": "0850835037"}, "phone_number: must be a phone number in E.164"),
    ("/numbers", {"phone_number": "+31 85 083 5037"}, "phone_number: must be a phone number in E.164"),
    ("/numbers", {"phone_number": "+999123"}, "phone_number: must be a phone number in E.164"),
    ("/numbers", {"phone_number": "+31850835037", "trunk_id": "x"}, "trunk_id: there is no SIP trunk"),
    (
        "/numbers",
        {"phone_number": "+31850835037", "transfer_trunk_id": "x"},
        "transfer_trunk_id: there is no SIP trunk",
    ),
    ("/numbers", {"phone_number": "+31850835037", "assistant_id": 5}, "assistant_id: must be a valid string"),
    ("/sip-trunks", {"name": "T"}, "address: is required"),
    ("/sip-trunks", {"name": "T", "address": "not a host"}, "address:"),
    ("/sip-trunks", {"name": "T", "address": "host:99999"}, "address:"),
    ("/sip-trunks", {"name": "T", "address": "a", "inbound_addresses": ["192.0.2.1:5060"]}, "inbound_addresses:"),
    ("/sip-trunks", {"name": "T", "address": "a", "inbound_addresses": ["192.0.2.1", "x y"]}, "inbound_addresses:"),
    ("/sip-trunks", {"name": "T", "address": "a", "inbound_addresses": ["192.0.2.0/33"]}, "inbound_addresses:"),
    ("/sip-trunks", {"name": "T", "address": "a", "inbound_addresses": ["0.0.0.0/0"]}, "inbound_addresses:"),
    ("/sip-trunks", {"name": "T", "address": "a", "inbound_addresses": "192.0.2.1"}, "inbound_addresses:"),
    ("/sip-trunks", {"name": "T", "address": "1.2.3"}, "address:"),
    ("/sip-trunks", {"name": "T", "address": "a@example.com"}, "address:"),
    ("/sip-trunks", {"name": "T", "address": "host;transport=tcp"}, "address:"),
    ("/sip-trunks", {"name": "T", "host": "a", "address": "b"}, "host: is another name of address"),
    ("/sip-trunks", {"name": "T", "host": 5}, "host:"),
    ("/sip-trunks", {"name": "T", "address": "a", "username": "x", "auth_username": "y"}, "username: is another name"),
    ("/sip-trunks", {"name": "T", "address": "a", "transport": "sctp"}, "transport:"),
    ("/sip-trunks", {"name": "T", "address": "a", "calls_per_second": 0}, "calls_per_second:"),
    ("/api-keys", {"name": "K", "scopes": ["root"]}, "scopes.0:"),
    ("/api-keys", {"name": "K", "scopes": []}, "scopes:"),
    ("/api-keys", {"name": "K", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at: must be in the future"),
    ("/api-keys", {"name": "K", "expires_at": "2030-01-01T00:00:00"}, "expires_at:"),
    ("/calls/outbound", {}, "destination: is required"),
    (
        "/calls/outbound",
        {"destination": "0612345678", "assistant_id": "x"},
        "destination: must be a phone number in E.164",
    ),
    ("/calls/outbound", {"destination": DESTINATION}, "assistant_id: is required"),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant_id": "x", "assistant": {"llm_config": LLM}},
        "assistant:",
    ),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant_override": {}},
        "assistant_override: needs assistant_id",
    ),
    ("/calls/outbound", {"destination": DESTINATION, "assistant": {}}, "assistant.llm_config: is required"),
    ("/calls/outbound", {"destination": DESTINATION, "variables": {"a": 1}}, "variables.a:"),
    ("/calls/outbound", {"destination": DESTINATION, "max_ring_seconds": 4}, "max_ring_seconds:"),
    ("/calls/outbound", {"destination": DESTINATION, "scheduled_at": "tomorrow"}, "scheduled_at: must be ISO 8601"),
    ("/calls/outbound", {"destination": DESTINATION, "scheduled_at": "2030-01-01T00:00:00"}, "scheduled_at: must be"),
    ("/calls/outbound", {"destination": DESTINATION, "scheduled_at": 1893456000}, "scheduled_at: must be ISO 8601"),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant_id": "x", "agent_id": "y"},
        "agent_id: is another name",
    ),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant": {"llm_config": LLM, **STAGES, "webhook_url": "http://10.0.0.1"}},
        "webhook_url: must be an https address",
    ),
    (
        "/calls/outbound",
        {
            "destination": DESTINATION,
            "assistant": {"llm_config": {**LLM, "tools": [{"name": "f", "url": "https://10.0.0.1"}]}, **STAGES},
        },
        "llm_config.tools: the url of f must not lead to a private address",
    ),
    (
        "/assistants",
        {
            "name": "A",
            "llm_config": {**LLM, "tools": [{"type": "end_call"}, {"type": "mcp", "url": "https://10.0.0.1"}]},
        },
        "llm_config.tools.1.url: must not lead to a private address",
    ),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "tools": [{**MCP, "headers": {"Host": "x"}}]}},
        "llm_config.tools.0.headers: Host cannot be set: the platform sets it",
    ),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "tools": [{**MCP, "headers": {"X-Key": "a\nb"}}]}},
        "llm_config.tools.0.headers: the value of X-Key must be plain text on one line, of at most 8192 characters",
    ),
    (
        "/assistants",
        {"name": "A", "llm_config": {**LLM, "tools": [{**MCP, "headers": {"X-Key": None}}]}},
        "llm_config.tools.0.headers: the value of X-Key is missing",
    ),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant": {"llm_config": LLM}, "metadata": {"a": "x" * 17_000}},
        "metadata: is larger than 16 KiB",
    ),
    ("/assistants", {"name": "A", "notification_email": "the desk"}, "notification_email:"),
    ("/assistants", {"name": "A", "notification_emails": ["a@example.com", "desk"]}, "notification_emails.1:"),
    ("/assistants", {"name": "A", "notification_emails": ["a@example.com"] * 6}, "notification_emails:"),
    (
        "/calls/outbound",
        {"destination": DESTINATION, "assistant": {"llm_config": LLM, "notification_email": "a@example.com"}},
        "assistant.notification_email: unknown field",
    ),
]
ORDERS: list[tuple[dict[str, Any], str]] = [
    ({}, "type"),
    ({"type": "dance"}, "type"),
    ({"type": ["say"]}, "type"),
    ({"type": "say"}, "content"),
    ({"type": "say", "content": ""}, "content"),
    ({"type": "say", "content": "x", "loud": True}, "loud"),
    ({"type": "inject-context", "content": 5}, "content"),
    ({"type": "transfer"}, "destination"),
    ({"type": "transfer", "destination": "tel"}, "destination"),
    ({"type": "transfer", "destination": "+31612345678", "mode": "cold"}, "mode"),
    ({"type": "transfer", "destination": "+31612345678", "summary_for_agent": True}, "summary_for_agent"),
    ({"type": "send-dtmf", "digits": "12X"}, "digits"),
    ({"type": "mute", "content": "x"}, "content"),
]

PATHS: list[tuple[str, str, int, str | None]] = [
    ("GET", "/nothing", 404, "route_not_found"),
    ("GET", "/campaign", 404, "route_not_found"),
    ("POST", "/web-calls", 404, "route_not_found"),
    ("GET", "/assistants/", 404, "route_not_found"),
    ("PUT", "/assistants", 405, "method_not_allowed"),
    ("DELETE", "/calls/call-outbound-x", 405, "method_not_allowed"),
    ("GET", "/calls/outbound/control", 405, "method_not_allowed"),
    ("GET", "/assistants/%00", 404, "not_found"),
    ("GET", "/assistants/%ff", 404, "not_found"),
    ("GET", "/assistants/" + "x" * 3000, 404, "not_found"),
    ("GET", "/calls?status=%00", 400, "invalid_request"),
    ("GET", "/calls?status=dancing", 400, "invalid_request"),
    ("GET", "/calls?start_date=yesterday", 400, "invalid_request"),
    ("GET", "/calls?start_date=2026-11-22T10:00:00", 400, "invalid_request"),
    ("GET", "/calls?assistant_id=a&agent_id=b", 400, "invalid_request"),
    ("GET", "/voices?limit=1", 400, "invalid_request"),
    ("PATCH", "/organizations", 200, None),
]


async def test_a_body_that_is_no_good_json_is_refused(api: Api) -> None:
    for name, raw, headers, code in RAW:
        reply = await api.ours.post("/assistants", content=raw, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (400, code), f"{name}: {reply.text}"
        assert set(reply.json()) <= {"error", "message", "code", "details"}


async def test_a_field_that_is_wrong_is_named(api: Api) -> None:
    for path, body, detail in WRONG:
        reply = await api.ours.post(path, json=body)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request"), f"{detail}: {reply.text}"
        assert any(line.startswith(detail) for line in reply.json()["details"]), f"{detail}: {reply.text}"


async def test_what_is_wrong_is_said_in_the_words_of_json(api: Api) -> None:
    for path, body, details in (
        ("/campaigns", {"name": "C", "number_ids": None}, ["number_ids: must be a list"]),
        ("/campaigns", {"name": "C", "leads": [1]}, ["leads.0: must be an object"]),
        ("/campaigns", {"name": "C", "days_of_week": []}, ["days_of_week: must have at least 1 item"]),
        ("/campaigns", {"name": "C", "days_of_week": [9]}, ["days_of_week.0: must be less than or equal to 7"]),
        ("/analysis-templates", {"name": "T", "schema": None}, ["schema: must be an object"]),
        ("/assistants", {"name": "A", "speech_config": []}, ["speech_config: must be an object"]),
        ("/api-keys", {"name": "K", "scopes": ["root"]}, ["scopes.0: must be 'read', 'write' or 'calls'"]),
    ):
        reply = await api.ours.post(path, json=body)
        assert (reply.status_code, reply.json()["details"]) == (400, details)
    reply = await api.ours.get("/assistants", params={"limit": "x"})
    assert reply.json()["details"] == ["limit: must be a whole number"]


async def test_null_and_what_is_empty_stand_for_the_default(api: Api) -> None:
    body: dict[str, Any] = {
        "name": "A",
        "recording_consent": None,
        "notification_emails": [],
        "speech_config": {"background_audio": {"enabled": False, "clip": "office"}},
        "llm_config": {**LLM, "voice": None, "turn_detection": None},
    }
    assistant = await made(api.ours, "/assistants", body)
    assert assistant["recording_consent"] == {"enabled": False, "message": None}


async def test_an_order_that_does_not_fit_is_refused(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    settings = ApiSettings(requests_per_minute=1000, controls_per_minute=1000)
    async with opened(sqlite, vault, tmp_path, settings) as api:
        call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
        await api.answer(call_id)
        for body, field in ORDERS:
            reply = await api.ours.post(f"/calls/{call_id}/control", json=body)
            assert (reply.status_code, reply.json()["code"]) == (400, "invalid_command"), f"{body}: {reply.text}"
            assert reply.json()["details"][0].startswith(field), reply.text
        assert api.live.orders == []


async def test_a_body_of_ten_mebibytes_is_refused_over_a_real_socket(api: Api) -> None:
    body = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = {"Authorization": f"Bearer {api.key}", **JSON}
    async with served(api.app) as url, httpx2.AsyncClient(headers=headers) as http:
        for content in (body, chunks()):
            reply = await http.post(f"{url}/assistants", content=content)
            assert (reply.status_code, reply.json()["code"]) == (413, "request_too_large")
        refused = await http.post(f"{url}/assistants", content=body, headers={"Authorization": "Bearer no"})
        assert refused.status_code == 401
        assert (await http.get(f"{url}/assistants")).json()["pagination"]["total"] == 0


async def test_a_path_that_is_wrong_gets_the_same_shape(api: Api) -> None:
    for method, path, status, code in PATHS:
        reply = await api.ours.request(method, path)
        assert (reply.status_code, reply.json().get("code")) == (status, code), f"{method} {path}: {reply.text}"
        assert status != 405 or {"GET", "POST"} & set(reply.headers["Allow"].split(", "))


async def test_the_same_paths_answer_without_the_prefix(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    bare = await api.stranger.get("http://testserver/assistants", headers=headers)
    assert bare.status_code == 200
    assert (await api.stranger.get("http://testserver/health")).status_code == 200
    assert (await api.stranger.get("http://testserver/")).json()["code"] == "route_not_found"


class Broken(ScriptedModels):
    """Models that crash when they are asked for their voices."""

    def voices(self) -> list[VoiceFacts]:
        raise RuntimeError("the password is hunter2")


async def test_a_defect_tells_nothing_but_that_it_is_ours(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    async with client(create_app(replace(api.rooms, models=Broken()), ApiSettings()), api.key) as http:
        reply = await http.get("/voices", headers={"X-Request-Id": "find-me"})
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in reply.text
    assert reply.headers["X-Request-Id"] == "find-me"
    assert capsys.readouterr().out.count("request crashed") == 1


async def test_a_database_that_is_away_is_503(api: Api) -> None:
    async with client(create_app(replace(api.rooms, database=Away()), ApiSettings()), api.key) as http:
        reply = await http.get("/voices")
        health = await http.get("/health")
    assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
    assert reply.headers["Retry-After"] == str(reply.json()["retry_after"])
    assert (health.status_code, health.json()["status"], health.json()["checks"]["database"]["status"]) == (
        503,
        "down",
        "down",
    )
