"""The do-not-call list: kept, spelled one way, and asked wherever somebody would be called."""

import pytest

from tests.api.world import DESTINATION, Api, made, placed, ready_to_call
from trunkline.base.errors import Forbidden
from trunkline.domain.access import Caller
from trunkline.domain.organisation import Organisation
from trunkline.services import claims, do_not_call
from trunkline.services.do_not_call import NewEntries

pytestmark = pytest.mark.room
NOTED = {"phone_number": DESTINATION, "reason": "Asked us to stop"}


async def _order(api: Api, assistant_id: str, destination: str = DESTINATION) -> tuple[int, str]:
    reply = await api.ours.post("/calls/outbound", json={"destination": destination, "assistant_id": assistant_id})
    return reply.status_code, reply.json().get("code", "")


async def test_a_party_is_listed_once_however_it_is_spelled(api_on_each: Api) -> None:
    ours = api_on_each.ours
    first = await ours.post("/do-not-call", json={**NOTED, "phone_number": "+31 6 1234-5678"})
    entry = first.json()["entry"]
    assert (first.status_code, entry["phone_number"], entry["reason"]) == (201, DESTINATION, NOTED["reason"])
    again = await ours.post("/do-not-call", json={"phone_number": f"sip:0031612345678@{'a' * 8}.example.com:5080"})
    assert (again.status_code, again.json()) == (201, {"entry": entry, "entries": [entry]})
    other = await ours.post("/do-not-call", json={"phone_number": DESTINATION, "reason": "By letter"})
    assert other.json()["entry"] == entry | {"reason": "By letter"}
    listed = (await ours.get("/do-not-call")).json()
    assert (listed["entries"], listed["pagination"]["total"]) == ([entry | {"reason": "By letter"}], 1)
    assert (await api_on_each.theirs.get("/do-not-call")).json()["entries"] == []


async def test_many_are_listed_at_once_or_none(api_on_each: Api) -> None:
    ours = api_on_each.ours
    numbers = [f"+316123456{last:02}" for last in range(60)]
    reply = (await ours.post("/do-not-call", json={"phone_numbers": [*numbers, numbers[0]]})).json()
    assert reply["entry"] is None
    assert [entry["phone_number"] for entry in reply["entries"]] == numbers
    wrong = await ours.post("/do-not-call", json={"phone_numbers": ["+31612345699", "0612345678"]})
    assert (wrong.status_code, len(wrong.json()["details"])) == (400, 1)
    assert wrong.json()["details"][0].startswith("phone_numbers.1: must be a phone number in E.164")
    assert (await ours.get("/do-not-call", params={"limit": 1})).json()["pagination"]["total"] == 60
    one = (await ours.get("/do-not-call", params={"phone_number": " +31 612345607"})).json()
    assert [entry["phone_number"] for entry in one["entries"]] == ["+31612345607"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone_number": DESTINATION, "phone_numbers": [DESTINATION]},
        {"phone_number": "112"},
        {"phone_number": None},
        {"phone_numbers": []},
        {"phone_numbers": [DESTINATION] * 1001},
        {"phone_number": DESTINATION, "reason": "x" * 501},
        {"phone_number": DESTINATION, "why": "?"},
    ],
)
async def test_what_is_no_party_is_refused(api: Api, body: dict[str, object]) -> None:
    reply = await api.ours.post("/do-not-call", json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")
    assert reply.json()["details"]
    assert (await api.ours.get("/do-not-call", params={"phone_number": "112"})).status_code == 400


async def test_a_listed_party_is_not_called_until_it_is_off_the_list(api_on_each: Api) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    await api.ours.patch(f"/sip-trunks/{ids['trunk']}", json={"allow_sip_uri": True})
    entry = (await made(api.ours, "/do-not-call", NOTED))["entry"]
    await made(api.ours, "/do-not-call", {"phone_number": "sip:anna@Example.com;transport=tcp"})
    for destination in (
        DESTINATION,
        "+310612345678",
        "sip:+31612345678@example.com;user=phone",
        "sip:anna@example.com:5062",
    ):
        assert await _order(api, ids["assistant"], destination) == (403, "do_not_call"), destination
    assert (await api.ours.get("/calls")).json()["pagination"]["total"] == 0
    assert (await _order(api, ids["assistant"], "+31612345679"))[0] == 200
    assert (await api.ours.delete(f"/do-not-call/{entry['id']}")).json() == {"success": True}
    assert (await api.ours.delete(f"/do-not-call/{entry['id']}")).status_code == 404
    assert (await _order(api, ids["assistant"]))[0] == 200


@pytest.mark.parametrize(
    "user",
    [
        "0612345678",
        "612345678",
        "01131612345678",
        "%2b3161234567%38",
        "+31612345678,1",
        "+31612345678/1",
        "*31*+31612345678",
        "(06)12-34.56.78",
        "0612345678;phone-context=+31",
    ],
)
async def test_a_sip_uri_does_not_go_around_the_list(api_on_each: Api, user: str) -> None:
    ids = await ready_to_call(api_on_each.ours)
    await api_on_each.ours.patch(f"/sip-trunks/{ids['trunk']}", json={"allow_sip_uri": True})
    await made(api_on_each.ours, "/do-not-call", NOTED)
    assert await _order(api_on_each, ids["assistant"], f"sip:{user}@pbx.example.com") == (403, "do_not_call")


@pytest.mark.parametrize("user", ["anna", "0612345679", "+32612345678", "+15612345678", "12345678"])
async def test_a_sip_uri_to_somebody_else_is_called(api_on_each: Api, user: str) -> None:
    ids = await ready_to_call(api_on_each.ours)
    await api_on_each.ours.patch(f"/sip-trunks/{ids['trunk']}", json={"allow_sip_uri": True})
    await made(api_on_each.ours, "/do-not-call", NOTED)
    assert await _order(api_on_each, ids["assistant"], f"sip:{user}@pbx.example.com") == (200, "")


@pytest.mark.parametrize("destination", ["sip:%61nna@pbx.example.com", "sips:anna@PBX.example.com.:5061;lr"])
async def test_a_sip_uri_is_listed_however_it_is_written(api_on_each: Api, destination: str) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    odd = await api.ours.post("/do-not-call", json={"phone_number": "sip:an%00%40%C3na@pbx.example.com"})
    assert odd.json()["entry"]["phone_number"] == "sip:an%00%40%c3na@pbx.example.com"
    await api.ours.patch(f"/sip-trunks/{ids['trunk']}", json={"allow_sip_uri": True})
    await made(api.ours, "/do-not-call", {"phone_number": "sip:anna@pbx.example.com"})
    assert await _order(api, ids["assistant"], destination) == (403, "do_not_call")


async def test_a_call_that_waits_is_not_dialled_once_its_party_is_listed(api_on_each: Api) -> None:
    api = api_on_each
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    await made(api.ours, "/do-not-call", NOTED)
    assert await claims.claim(api.rooms, call_id, "worker") is None
    call = (await api.ours.get(f"/calls/{call_id}")).json()
    assert (call["status"], call["end_reason"]) == ("failed", "blocked")
    assert call["error"] == "the destination is on the do-not-call list"


async def test_a_live_call_is_not_handed_over_to_a_listed_party(api: Api) -> None:
    call_id = await placed(api.ours, (await ready_to_call(api.ours))["assistant"])
    await api.answer(call_id)
    await made(api.ours, "/do-not-call", {"phone_number": "+31201234567"})
    path, order = f"/calls/{call_id}/control", {"type": "transfer", "destination": "+31201234567"}
    refused = await api.ours.post(path, json=order)
    assert (refused.status_code, refused.json()["code"]) == (403, "do_not_call")
    assert (await api.ours.post(path, json={**order, "destination": "+31201234568"})).status_code == 200


async def test_a_child_is_held_to_its_parents_list_and_a_parent_not_to_its_childs(api_on_each: Api) -> None:
    api = api_on_each
    now, child = api.clock.now(), Caller("child")
    async with api.rooms.database.system() as unit:
        await unit.organisations.add(Organisation("child", "Child", now, now, parent_org_id=api.org_id))
    await made(api.ours, "/do-not-call", NOTED)
    await do_not_call.add(api.rooms, child, NewEntries(phone_number="+31612345679"))
    for destination in (DESTINATION, "+31612345679"):
        with pytest.raises(Forbidden):
            await do_not_call.check(api.rooms, child, destination)
    await do_not_call.check(api.rooms, api.caller, "+31612345679")
    assert [entry.phone_number for entry in (await do_not_call.list_(api.rooms, child, 10, 0)).items] == [
        "+31612345679"
    ]
