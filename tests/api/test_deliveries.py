"""Webhook deliveries over HTTP: listed, read, sent again, and receivers that are tried with a sample."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from standardwebhooks import Webhook

from tests.api.world import Api, opened, placed, ready_to_call
from tests.webhooks.receiver import Receiver, receiving, reply
from trunkline.api.app import ApiSettings
from trunkline.api.schemas.deliveries import WebhookTestReply
from trunkline.base.clock import SystemClock
from trunkline.base.ids import new_id
from trunkline.services.rooms import Limits
from trunkline.storage.database import Database
from trunkline.storage.deliveries import Delivery
from trunkline.storage.vault import Vault
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.samples import SampleSender
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.signing import signature

pytestmark = pytest.mark.room
SECRET = "hush-hush"
EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")
ATTEMPT = {"at": "2026-11-22T10:00:00.000Z", "status_code": 500, "duration_ms": 3.0, "error": None, "reply": "no"}


async def written(api: Api, **changes: Any) -> Delivery:
    """A delivery of a call of ours."""
    call_id = changes.pop("call_id", None) or await placed(api.ours, (await _assistant(api)))
    delivery = Delivery(
        id=new_id(),
        org_id=api.org_id,
        call_id=call_id,
        position=changes.pop("position", 1),
        event="status-update",
        url="https://example.com/hook",
        body='{"message":{}}',
        created_at=api.clock.now(),
        next_attempt_at=api.clock.now(),
    )
    delivery = replace(delivery, **changes)
    async with api.rooms.unit(api.caller) as unit:
        await unit.deliveries.add(delivery)
    return delivery


async def _assistant(api: Api) -> str:
    listed = (await api.ours.get("/assistants")).json()["assistants"]
    return str(listed[0]["id"]) if listed else (await ready_to_call(api.ours))["assistant"]


async def test_deliveries_are_listed_as_asked_for(api_on_each: Api) -> None:
    api = api_on_each
    first = await written(api)
    api.clock.advance(3600)
    dead = await written(api, call_id=first.call_id, position=2, event="end-of-call-report", status="dead")
    other = await written(api, status="delivered")

    async def found(**query: str) -> set[str]:
        listed = (await api.ours.get("/webhook-deliveries", params=query)).json()
        assert listed["pagination"]["total"] == len(listed["deliveries"])
        return {one["id"] for one in listed["deliveries"]}

    assert await found() == {first.id, dead.id, other.id}
    assert await found(call_id=first.call_id) == {first.id, dead.id}
    assert await found(status="dead") == {dead.id}
    assert await found(event="status-update", status="pending") == {first.id}
    moment = (first.created_at + timedelta(seconds=1)).isoformat()
    assert await found(start_date=moment) == {dead.id, other.id}
    assert await found(end_date=moment) == {first.id}
    counted = (await api.ours.get("/webhook-deliveries", params={"status": "dead", "limit": 1})).json()
    assert counted["pagination"]["total"] == 1


@pytest.mark.parametrize("query", [{"status": "lost"}, {"event": "tool-calls"}, {"start_date": "soon"}, {"url": "x"}])
async def test_a_query_that_does_not_fit_is_refused_by_name(api: Api, query: dict[str, str]) -> None:
    refused = await api.ours.get("/webhook-deliveries", params=query)
    assert refused.status_code == 400
    assert next(iter(query)) in refused.json()["details"][0]


@pytest.mark.parametrize("status", ["delivered", "dead", "pending"])
async def test_any_delivery_can_be_sent_again(api_on_each: Api, status: str) -> None:
    api = api_on_each
    before = await written(
        api,
        status=status,
        attempts=(ATTEMPT,) * 10,
        failing_since=api.clock.now(),
        next_attempt_at=api.clock.now() + timedelta(hours=6) if status == "pending" else None,
    )
    again = await api.ours.post(f"/webhook-deliveries/{before.id}/redeliver")
    assert again.status_code == 200, again.text
    shown = again.json()["delivery"]
    assert (shown["id"], shown["status"], len(shown["attempts"])) == (before.id, "pending", 10)
    assert shown["body"] == before.body
    assert (await api.ours.get(f"/webhook-deliveries/{before.id}")).json()["delivery"] == shown
    async with api.rooms.database.system(write=False) as unit:
        kept = await unit.deliveries.get(before.id)
        due = await unit.deliveries.due(api.clock.now(), api.clock.now())
    assert kept.tries == 0
    assert kept.id in [one.id for one in due]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": None, "status": "dead"}, "delivery_forgotten"),
        ({"claimed_until": timedelta(seconds=5)}, "delivery_in_flight"),
        ({"attempts": (ATTEMPT,) * 200, "status": "dead"}, "delivery_tried_too_often"),
    ],
)
async def test_what_cannot_be_sent_again_says_why(api: Api, changes: dict[str, Any], code: str) -> None:
    if "claimed_until" in changes:
        changes = {"claimed_until": api.clock.now() + changes["claimed_until"]}
    before = await written(api, **changes)
    refused = await api.ours.post(f"/webhook-deliveries/{before.id}/redeliver")
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    async with api.rooms.database.system(write=False) as unit:
        assert await unit.deliveries.get(before.id) == before


async def test_sending_again_and_testing_need_the_scope_to_write(api: Api) -> None:
    before = await written(api)
    key = (await api.ours.post("/api-keys", json={"name": "Reader", "scopes": ["read"]})).json()["api_key"]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    for path in (f"/webhook-deliveries/{before.id}/redeliver", "/webhooks/test"):
        refused = await api.ours.post(path, headers=headers, json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


class LoopbackResolver(AbstractResolver):
    """Every name leads to this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        return None


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def probing(sqlite: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Api]:
    """The API with a sender that reaches loopback."""
    clock = SystemClock()
    limits = Limits(allow_insecure_webhooks=True, signing_key=b"k" * 32)
    async with (
        Sender(Guard(allow_insecure=True), clock) as sender,
        opened(sqlite, vault, tmp_path, probe=SampleSender(sender, clock), limits=limits) as api,
    ):
        yield api


@pytest.mark.parametrize("event", EVENTS)
async def test_a_sample_of_each_event_is_sent_signed_and_marked(probing: Api, receiver: Receiver, event: str) -> None:
    receiver.answer = reply(202, '{"seen": true}')
    asked = {"event": event, "url": receiver.url(), "secret": SECRET}
    answered = await probing.ours.post("/webhooks/test", json=asked)
    assert answered.status_code == 200, answered.text
    told = answered.json()
    assert WebhookTestReply.model_validate(told)
    [seen] = receiver.seen
    assert (told["success"], told["signed"], told["event"], told["url"]) == (True, True, event, receiver.url())
    assert (told["attempt"]["status_code"], told["attempt"]["reply"]) == (202, '{"seen": true}')
    assert json.loads(seen.body) == told["body"]
    message = told["body"]["message"]
    assert (message["type"], message["test"]) == (event, True)
    assert {"call", "phone_number", "customer", "assistant", "metadata", "timestamp"} <= set(message)
    assert seen.headers["webhook-id"] == told["webhook_id"]
    assert Webhook(SECRET.encode()).verify(seen.body, seen.headers)
    stamp = int(seen.headers["x-webhook-timestamp"])
    assert seen.headers["x-webhook-signature"] == signature(seen.body, SECRET, stamp)
    assert SECRET not in answered.text


async def test_a_sample_goes_where_real_events_go(probing: Api, receiver: Receiver) -> None:
    ours = probing.ours
    nowhere = await ours.post("/webhooks/test", json={})
    assert nowhere.status_code == 400
    assert "webhook_url" in nowhere.json()["message"]
    organisation = {"webhook_url": receiver.url("/organisation"), "webhook_secret": "of the organisation"}
    assert (await ours.patch("/organizations", json=organisation)).status_code == 200
    own = {"name": "Own", "webhook_url": receiver.url("/assistant"), "webhook_secret": "of the assistant"}
    with_own = (await ours.post("/assistants", json=own)).json()["assistant"]["id"]
    without = (await ours.post("/assistants", json={"name": "None"})).json()["assistant"]["id"]
    for asked, path, secret in (
        ({}, "/organisation", "of the organisation"),
        ({"assistant_id": with_own}, "/assistant", "of the assistant"),
        ({"assistant_id": without}, "/organisation", "of the organisation"),
        ({"url": receiver.url("/organisation")}, "/organisation", "of the organisation"),
    ):
        assert (await ours.post("/webhooks/test", json=asked)).json()["success"] is True
        seen = receiver.seen[-1]
        assert seen.path == path
        assert Webhook(secret.encode()).verify(seen.body, seen.headers)
    assert json.loads(receiver.seen[1].body)["message"]["assistant"]["name"] == "Own"
    assert b"of the assistant" not in receiver.seen[1].body
    elsewhere = await ours.post("/webhooks/test", json={"url": receiver.url("/elsewhere")})
    assert elsewhere.json()["signed"] is False
    assert "x-webhook-signature" not in receiver.seen[-1].headers
    assert (await ours.get("/webhook-deliveries")).json()["pagination"]["total"] == 0


async def test_a_receiver_that_fails_is_told_of_and_not_tried_again(probing: Api, receiver: Receiver) -> None:
    receiver.answer = reply(503, "down")
    told = (await probing.ours.post("/webhooks/test", json={"url": receiver.url()})).json()
    assert (told["success"], told["attempt"]["status_code"], told["attempt"]["reply"]) == (False, 503, "down")
    assert len(receiver.seen) == 1


async def test_a_foreign_assistant_is_not_there(probing: Api) -> None:
    theirs = (await probing.theirs.post("/assistants", json={"name": "T"})).json()["assistant"]["id"]
    replies = [await probing.ours.post("/webhooks/test", json={"assistant_id": one}) for one in (theirs, new_id())]
    assert [one.status_code for one in replies] == [404, 404]


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://10.0.0.1/", "https://[::1]/", "https://user@example.com/", "ftp://x/"]
)
async def test_an_address_that_is_no_public_https_one_is_refused(api: Api, url: str) -> None:
    refused = await api.ours.post("/webhooks/test", json={"url": url})
    assert (refused.status_code, refused.json()["details"][0].partition(":")[0]) == (400, "url")


async def test_a_name_that_leads_to_a_private_address_is_refused_when_it_resolves(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    clock = SystemClock()
    async with (
        Sender(Guard(), clock, resolver=LoopbackResolver()) as sender,
        opened(sqlite, vault, tmp_path, probe=SampleSender(sender, clock)) as api,
    ):
        told = (await api.ours.post("/webhooks/test", json={"url": "https://inside.example/"})).json()
    assert (told["success"], told["attempt"]["status_code"]) == (False, None)
    assert "this machine itself" in told["attempt"]["error"]


async def test_test_sends_are_counted(sqlite: Database, vault: Vault, tmp_path: Path, receiver: Receiver) -> None:
    clock = SystemClock()
    limits = Limits(allow_insecure_webhooks=True, signing_key=b"k" * 32)
    settings = ApiSettings(requests_per_minute=1000, controls_per_minute=3)
    async with (
        Sender(Guard(allow_insecure=True), clock) as sender,
        opened(sqlite, vault, tmp_path, settings, probe=SampleSender(sender, clock), limits=limits) as api,
    ):
        asked = {"url": receiver.url()}
        replies = [await api.ours.post("/webhooks/test", json=asked) for _ in range(4)]
        assert [one.status_code for one in replies] == [200, 200, 200, 429]
        assert int(replies[3].headers["Retry-After"]) > 0
        assert (await api.theirs.post("/webhooks/test", json=asked)).status_code == 200
    assert len(receiver.seen) == 4
