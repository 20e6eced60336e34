"""What a whole call leaves behind for those who run the platform: its trace, its log lines, its figures."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.installation import Installation, installation
from tests.observability.collector import Collector, SpanSeen, collecting
from tests.observability.queries import DEPLOY, asked, dashboard, exported, rules, scraped
from tests.peers import BaresipPeer, SippUas
from tests.providers.prompts import prompt
from tests.webhooks.receiver import Receiver, receiving, reply
from trunkline.audio.frame import silence
from trunkline.testing.emulators.openai_chat import Behaviour, EmulatedCall, OpenAiChatEmulator

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

NUMBER = "+31612345678"
PASSWORD = "hunter2-of-the-trunk"
SECRET = "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"
FIRST = "Good afternoon, your parcel arrives tomorrow."
REPLY = "The shop is open from nine to five."
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """A platform that is watched, and what its call left."""

    house: Installation
    collector: Collector
    hook: Receiver
    call: Json
    request_id: str

    @property
    def lines(self) -> list[Json]:
        """Every line of the log."""
        return [json.loads(line) for line in self.house.log.read_text().splitlines()]

    async def figures(self) -> str:
        """What Prometheus reads."""
        async with httpx2.AsyncClient() as http:
            return str((await http.get(f"{self.house.url}/metrics")).text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One call with words of both sides, a tool and webhooks."""
    async with collecting() as collector, receiving() as hook, OpenAiChatEmulator() as model:
        hook.paths = {"/hours": reply(200, '{"result": "nine to five"}')}
        options = {"otlp_endpoint": collector.url, "log_json": "true", "log_level": "debug"}
        folder = tmp_path_factory.mktemp("installation")
        async with installation(folder, allow_private_model_urls="true", **options) as house:
            yield await _called(house, collector, hook, model)


async def _called(house: Installation, collector: Collector, hook: Receiver, model: OpenAiChatEmulator) -> World:
    model.behave(Behaviour(calls=(EmulatedCall("hours", "{}", "a"),)), Behaviour(text=REPLY))
    person = silence(5, 8_000) + prompt("vm-nobodyavail")
    with BaresipPeer(tone=person + silence(40, 8_000)) as phone:
        number = await house.number(phone.start(), auth_username="bot", auth_password=PASSWORD)
        llm = {"provider": "openai_compatible", "base_url": model.url, "model": "m"}
        tool = {"name": "hours", "url": hook.url("/hours")}
        assistant = {
            "name": "Shop",
            "first_message": FIRST,
            "llm_config": {**llm, "tools": [tool]},
            "stt_config": {"provider": "local"},
            "tts_config": {"provider": "local"},
            "webhook_url": hook.url(),
            "webhook_secret": SECRET,
        }
        body = {"destination": NUMBER, "number_id": number, "assistant": assistant}
        async with httpx2.AsyncClient() as http:
            headers = {"Authorization": f"Bearer {house.key}", "traceparent": CALLER, "X-Request-Id": "order-77"}
            placed = await http.post(f"{house.url}/api/v1/calls/outbound", json=body, headers=headers)
        call_id = placed.json()["call_id"]
        await house.until(call_id, lambda call: REPLY in str(call["messages"]), 40)
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
    await hook.wait(4)
    await collector.until(lambda spans: sum(span.name == "webhook attempt" for span in spans) >= 3)
    await collector.until(lambda spans: any(span.name == "call" for span in spans))
    return World(house, collector, hook, call, placed.headers["x-request-id"])


def named(spans: list[SpanSeen], name: str) -> list[SpanSeen]:
    return [span for span in spans if span.name == name]


async def test_the_trace_of_a_call_hangs_together_from_the_request_to_the_report(world: World) -> None:
    spans = world.collector.spans
    _, trace_id, caller, _ = CALLER.split("-")
    mine = [span for span in spans if span.attributes.get("trunkline.call_id") == world.call["id"]]
    assert {span.trace_id for span in mine} == {trace_id}
    (request,) = [span for span in spans if span.name == "request POST /calls/outbound"]
    assert (request.trace_id, request.parent) == (trace_id, caller)
    assert request.attributes["trunkline.request_id"] == world.request_id == "order-77"
    (whole,) = named(mine, "call")
    assert whole.parent == request.span_id
    assert whole.attributes["trunkline.end_reason"] == "api_ended"
    for name in ("claim", "prepare", "dial", "conversation", "end"):
        (phase,) = named(mine, name)
        assert phase.parent == whole.span_id
        assert whole.start <= phase.start <= phase.end <= whole.end
    (conversation,) = named(mine, "conversation")
    turns = named(mine, "turn")
    assert turns
    assert {turn.parent for turn in turns} == {conversation.span_id}
    parts = [span for span in mine if span.parent in {turn.span_id for turn in turns}]
    assert {span.name for span in parts} == {"stt", "llm", "tts"}
    assert all(span.parent == whole.span_id for span in named(mine, "webhook attempt"))
    ids = [span.span_id for span in spans]
    assert len(ids) == len(set(ids))


async def test_receivers_and_tools_are_told_the_trace(world: World) -> None:
    _, trace_id, _, _ = CALLER.split("-")
    for one in world.hook.seen:
        assert re.fullmatch(f"00-{trace_id}-[0-9a-f]{{16}}-01", one.headers["traceparent"]), one.path
    known = {span.span_id for span in world.collector.spans}
    assert {one.headers["traceparent"].split("-")[2] for one in world.hook.seen} <= known


async def test_the_trace_holds_no_words_and_no_phone_number(world: World) -> None:
    for secret in (NUMBER[1:], "parcel", "nine to five", PASSWORD, SECRET, world.house.key):
        assert secret.encode() not in world.collector.raw


async def test_each_log_line_is_json_and_names_its_call_and_request(world: World) -> None:
    lines = world.lines
    assert all({"timestamp", "level", "event"} <= set(line) for line in lines)
    of_call = [line for line in lines if line.get("call_id") == world.call["id"]]
    assert {line["room"] for line in of_call} >= {"jobs"}
    rooms = ("engine", "services", "webhooks")
    strangers = [line for line in lines if line.get("room") in rooms and "call_id" not in line]
    assert strangers == []
    text = world.house.log.read_text()
    for secret in (NUMBER[1:], "parcel", "nine to five", PASSWORD, SECRET, world.house.key):
        assert secret not in text


async def test_the_figures_tell_of_the_call(world: World) -> None:
    text = await world.figures()
    assert 'trunkline_calls_placed_total{direction="outbound"} 1.0' in text
    ended = 'trunkline_calls_ended_total{direction="outbound",end_reason="api_ended",status="ended"} 1.0'
    assert ended in text
    for name in ("trunkline_call_invite_seconds", "trunkline_turn_heard_seconds", "trunkline_media_pass_late_seconds"):
        assert float(re.findall(rf"^{name}_count ([0-9.e+]+)", text, re.MULTILINE)[0]) >= 1
    assert re.search(
        r'trunkline_provider_requests_total\{outcome="ok",provider="openai_compatible",stage="llm"\} [1-9]', text
    )
    assert 'trunkline_webhook_attempts_total{event="end-of-call-report",outcome="delivered"} 1.0' in text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert {"/calls/outbound", "/calls/{id}", "/calls/{id}/control"} <= routes
    assert "trunkline_database_up 1.0" in text
    for personal in (NUMBER[1:], world.call["id"], "Bright Smile", world.house.key):
        assert personal not in text


async def test_the_figures_are_for_this_machine_alone(world: World) -> None:
    async with httpx2.AsyncClient() as http:
        forwarded = await http.get(f"{world.house.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        assert forwarded.status_code == 404
        away = await http.get(f"{world.house.url}/metrics", headers={"Via": "1.1 proxy"})
        assert away.status_code == 404


async def test_a_call_that_failed_is_traced_and_counted_as_such(world: World) -> None:
    with SippUas("uas_final", keys={"status": "486 Busy Here"}) as peer:
        local = {"provider": "local"}
        call_id = await world.house.call(
            peer.start(),
            {"name": "A", "llm_config": {**local, "model": "scripted"}, "stt_config": local, "tts_config": local},
        )
        await world.house.ended(call_id)

    def there(spans: list[SpanSeen]) -> bool:
        return any(span.name == "call" and span.attributes["trunkline.call_id"] == call_id for span in spans)

    spans = await world.collector.until(there)
    (whole,) = [one for one in named(spans, "call") if one.attributes["trunkline.call_id"] == call_id]
    assert whole.failed
    assert whole.attributes["trunkline.end_reason"] == "busy"
    assert 'end_reason="busy",status="failed"} 1.0' in await world.figures()


async def test_the_dashboard_and_the_alerts_ask_for_nothing_that_is_not_there(world: World) -> None:
    there = exported(await world.figures())
    wanted = asked()
    assert len(wanted) > 30
    assert sorted(set(wanted) - set(there)) == []
    for name, labels in wanted.items():
        assert labels <= there[name] or not there[name], name
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(ids) == len(set(ids))
    for rule in rules():
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)
        assert {"summary", "todo"} == set(rule["annotations"]), rule["alert"]
    assert scraped()["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:8080"]
    assert [(DEPLOY / "prometheus" / name).exists() for name in scraped()["rule_files"]] == [True]
