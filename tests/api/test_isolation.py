"""An organisation sees and touches its own and nothing else, whichever operation it tries."""

import uuid

import pytest

from tests.api.world import DESTINATION, Api, made, placed, ready_to_call
from trunkline.api.app import OPERATIONS
from trunkline.api.operation import Operation
from trunkline.domain.call import EndReason
from trunkline.storage.deliveries import Delivery

pytestmark = pytest.mark.room
BODIES = {"POST": {"type": "end-call"}, "PATCH": {"name": "Stolen"}}
OWN_BODIES: dict[str, dict[str, str]] = {
    "testTrunk": {},
    "redeliverWebhook": {},
    "addLeads": {"phone_number": DESTINATION},
}


def _ids(operation: Operation, ids: dict[str, str]) -> tuple[str, str]:
    """The id of ours that the path names, and one that nobody has."""
    noun = operation.path.split("/")[1]
    if noun == "calls":
        return ids["call"], "call-outbound-" + "x" * 22
    kinds = {
        "assistants": "assistant",
        "agents": "assistant",
        "numbers": "number",
        "sip-trunks": "trunk",
        "api-keys": "key",
        "do-not-call": "entry",
        "tool-templates": "tool",
        "analysis-templates": "analysis",
        "webhook-deliveries": "delivery",
        "campaigns": "campaign",
    }
    return ids[kinds[noun]], str(uuid.uuid4())


async def _everything(api: Api) -> dict[str, str]:
    ids = await ready_to_call(api.ours)
    ids["key"] = (await made(api.ours, "/api-keys", {"name": "Second"}))["id"]
    ids["entry"] = (await made(api.ours, "/do-not-call", {"phone_number": "+31612345670"}))["entry"]["id"]
    ids["tool"] = (await made(api.ours, "/tool-templates", {"name": "End", "tool_type": "end_call"}))["id"]
    ids["analysis"] = (await made(api.ours, "/analysis-templates", {"name": "Any", "schema": {}}))["id"]
    campaign = await made(api.ours, "/campaigns", {"name": "Reminders", "leads": [{"phone_number": DESTINATION}]})
    ids["campaign"] = campaign["campaign"]["id"]
    ids["lead"] = (await api.ours.get(f"/campaigns/{ids['campaign']}/leads")).json()["leads"][0]["id"]
    ids["call"] = await placed(api.ours, ids["assistant"])
    ids["delivery"] = await _told_of(api, ids["call"])
    return ids


async def _told_of(api: Api, call_id: str) -> str:
    """The id of a webhook delivery of a call."""
    now = api.clock.now()
    url = "https://example.com/hook"
    delivery = Delivery(str(uuid.uuid4()), api.org_id, call_id, 1, "status-update", url, "{}", now, next_attempt_at=now)
    async with api.rooms.unit(api.caller) as unit:
        await unit.deliveries.add(delivery)
    return delivery.id


async def _seen(api: Api, ids: dict[str, str]) -> list[str]:
    paths = [f"/assistants/{ids['assistant']}", f"/numbers/{ids['number']}", f"/sip-trunks/{ids['trunk']}"]
    paths += [f"/calls/{ids['call']}", f"/webhook-deliveries/{ids['delivery']}", "/organizations"]
    paths += [f"/campaigns/{ids['campaign']}", f"/campaigns/{ids['campaign']}/leads"]
    return [(await api.ours.get(path)).text for path in paths]


async def test_a_foreign_id_looks_like_an_unknown_one_in_every_operation(api_on_each: Api) -> None:
    api = api_on_each
    ids = await _everything(api)
    before = await _seen(api, ids)
    for operation in OPERATIONS:
        if "{id}" not in operation.path:
            continue
        foreign, unknown = _ids(operation, ids)
        body = OWN_BODIES.get(operation.name, BODIES.get(operation.method))
        replies = [
            await api.theirs.request(operation.method, operation.path.format(id=one, lead_id=ids["lead"]), json=body)
            for one in (foreign, unknown)
        ]
        assert [reply.status_code for reply in replies] == [404, 404], f"{operation.method} {operation.path}"
        assert replies[0].content == replies[1].content
    assert await _seen(api, ids) == before


async def test_lists_and_counts_hold_nothing_of_another(api_on_each: Api) -> None:
    api = api_on_each
    await _everything(api)
    for path in ("/assistants", "/numbers", "/sip-trunks", "/calls", "/webhook-deliveries", "/do-not-call"):
        assert (await api.theirs.get(path)).json()["pagination"]["total"] == 0, path
    assert (await api.theirs.get("/api-keys")).json()["pagination"]["total"] == 1
    organisation = (await api.theirs.get("/organizations")).json()
    assert (organisation["name"], organisation["active_numbers"], organisation["active_agents"]) == ("Theirs", 0, 0)


async def test_keys_and_defaults_of_another_are_neither_seen_nor_removed(api_on_each: Api) -> None:
    api = api_on_each
    stored = (await api.ours.post("/byok", json={"provider": "openai", "api_key": "sk-ours"})).json()
    defaults = {"provider": "scripted", "config": {"llm_model": "ours"}}
    assert (await api.ours.post("/byok/config", json=defaults)).status_code == 200
    assert set((await api.theirs.get("/byok")).json()["byok_keys"].values()) == {None}
    assert (await api.theirs.get("/byok/config")).json()["byok_config"] == {}
    assert (await api.theirs.request("DELETE", "/byok", json={"provider": "openai"})).status_code == 200
    assert (await api.theirs.post("/byok/config", json={"provider": "scripted", "config": {}})).status_code == 200
    assert (await api.ours.get("/byok")).json() == stored
    assert (await api.ours.get("/byok/config")).json()["byok_config"]["scripted"]["llm_model"] == "ours"


async def test_what_belongs_to_another_cannot_be_attached_or_called_with(api_on_each: Api) -> None:
    api = api_on_each
    ids = await _everything(api)
    theirs = await ready_to_call(api.theirs, "+31850835038")
    unknown = str(uuid.uuid4())
    for field, foreign in (
        ("trunk_id", ids["trunk"]),
        ("assistant_id", ids["assistant"]),
        ("agent_id", ids["assistant"]),
    ):
        replies = [
            await api.theirs.patch(f"/numbers/{theirs['number']}", json={field: one}) for one in (foreign, unknown)
        ]
        assert [reply.status_code for reply in replies] == [400, 400]
        assert replies[0].json() == replies[1].json()
        new = {"phone_number": "+31850835039", field: foreign}
        assert (await api.theirs.post("/numbers", json=new)).status_code == 400
    for field in ("assistant_id", "number_id"):
        given = {"destination": DESTINATION, "assistant_id": theirs["assistant"]}
        foreign = ids["assistant" if field == "assistant_id" else "number"]
        replies = [await api.theirs.post("/calls/outbound", json={**given, field: one}) for one in (foreign, unknown)]
        assert replies[0].status_code == 404
        assert replies[0].content == replies[1].content
    assert (await api.theirs.get("/calls")).json()["pagination"]["total"] == 0


async def test_a_recording_of_another_is_not_there_without_its_signature(api: Api) -> None:
    ids = await _everything(api)
    call_id = ids["call"]
    await api.answer(call_id)
    recording = api.rooms.blobs.create(f"{call_id}.wav")
    recording.write(b"RIFF" + b"\0" * 96)
    recording.close()
    await api.end(call_id, reason=EndReason.USER_HANGUP, recording=f"{call_id}.wav")
    assert (await api.ours.get(f"/calls/{call_id}/recording")).status_code == 200
    assert (await api.theirs.get(f"/calls/{call_id}/recording")).status_code == 404
    url = (await api.ours.get(f"/calls/{call_id}")).json()["recording_url"]
    assert (await api.stranger.get(url)).content[:4] == b"RIFF"
    assert (await api.stranger.get(url[:-1] + ("0" if url[-1] != "0" else "1"))).json()["code"] == "invalid_signature"
    assert (await api.stranger.get(f"/calls/{call_id}/recording")).status_code == 401
    assert (await api.theirs.get(url)).status_code == 404
    api.clock.advance(3601)
    assert (await api.stranger.get(url)).json()["code"] == "recording_url_expired"
