"""Campaigns and leads over HTTP: made, imported, started, stopped, counted, and what is said of what is wrong."""

from typing import Any

import pytest

from tests.api.world import DESTINATION, Api, Json, made, ready_to_call
from trunkline.domain.campaign import LeadStatus

pytestmark = pytest.mark.room

CSV = """\ufeffPhone;Name;Appointment time;city
+31 6 1234 5678;"Lovelace; Ada";ten o'clock;Den Haag
0031612345679;Bob;;

(+31) 6-1234-5680;;noon;
"""


async def campaign(api: Api, **body: Any) -> Json:
    """A campaign with an assistant that can call."""
    ids = await ready_to_call(api.ours)
    reply = await api.ours.post("/campaigns", json={"name": "Reminders", "assistant_id": ids["assistant"], **body})
    assert reply.status_code == 201, reply.text
    found: Json = reply.json()
    return found


async def stand(api: Api, campaign_id: str, number: int, status: LeadStatus) -> str:
    """Lets a lead stand otherwise, as the platform would; its id."""
    async with api.rooms.unit(api.caller) as unit:
        lead = (await unit.leads.page(campaign_id, None, 100, 0))[0][number]
        await unit.leads.save(type(lead)(**{**_fields(lead), "status": status}))
    return lead.id


def _fields(lead: Any) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in lead.__dataclass_fields__}


async def test_a_campaign_has_its_defaults_written_out_and_its_leads_counted(api_on_each: Api) -> None:
    leads = [{"phone_number": "+31612345678", "name": "Ada"}, {"phone_number": "+31612345679"}]
    found = await campaign(api_on_each, leads=leads)
    made_of = found["campaign"]
    assert (found["warnings"], found["errors"]) == ([], [])
    shown = (await api_on_each.ours.get(f"/campaigns/{made_of['id']}")).json()
    assert shown == {"campaign": made_of}
    defaults = {
        "status": "draft",
        "number_ids": [],
        "timezone": "UTC",
        "days_of_week": [1, 2, 3, 4, 5, 6, 7],
        "max_concurrent_calls": 10,
        "calls_per_minute": None,
        "max_attempts": 1,
        "retry_delay_minutes": 60,
        "retry_on": ["no_answer", "busy"],
        "total_leads": 2,
        "pending_leads": 2,
        "completed_leads": 0,
        "failed_leads": 0,
    }
    assert {name: made_of[name] for name in defaults} == defaults
    assert made_of["agent_id"] == made_of["assistant_id"]
    listed = (await api_on_each.ours.get("/campaigns")).json()
    assert listed == {"campaigns": [made_of], "pagination": {"total": 1, "limit": 100, "offset": 0}}
    page = (await api_on_each.ours.get(f"/campaigns/{made_of['id']}/leads?limit=1&offset=1")).json()
    assert page["pagination"] == {"total": 2, "limit": 1, "offset": 1}
    [second] = page["leads"]
    assert (second["phone_number"], second["status"], second["attempts"], second["variables"]) == (
        "+31612345679",
        "pending",
        0,
        {},
    )


async def test_a_patch_sets_what_it_is_given(api_on_each: Api) -> None:
    path = f"/campaigns/{(await campaign(api_on_each))['campaign']['id']}"
    changes = {
        "schedule_start_time": "22:00",
        "schedule_end_time": "02:30:00",
        "timezone": "callee",
        "days_of_week": ["fri", "Saturday", 0, 5],
        "retry_on": ["failed", "voicemail_detected"],
        "max_concurrent_calls": None,
        "calls_per_minute": 30,
        "number_ids": [],
    }
    changed = (await api_on_each.ours.patch(path, json=changes)).json()["campaign"]
    expected = {**changes, "schedule_start_time": "22:00:00", "days_of_week": [5, 6, 7]}
    assert {name: changed[name] for name in changes} == expected
    kept = ("id", "pause_reason", "created_at", "updated_at", "agent_id")
    back = {name: value for name, value in changed.items() if name not in kept and not name.endswith("_leads")}
    assert (await api_on_each.ours.patch(path, json=back)).json()["campaign"] == changed


async def test_only_some_states_follow_each_other(api: Api) -> None:
    path = f"/campaigns/{(await campaign(api, leads=[{'phone_number': DESTINATION}]))['campaign']['id']}"

    async def set_to(status: str) -> tuple[int, str]:
        reply = await api.ours.patch(path, json={"status": status})
        return reply.status_code, reply.json().get("code", "") if reply.status_code != 200 else ""

    assert await set_to("paused") == (409, "campaign_transition")
    assert await set_to("completed") == (400, "invalid_request")
    assert await set_to("draft") == (200, "")
    assert await set_to("scheduled") == (200, "")
    assert await set_to("draft") == (400, "invalid_request")
    assert await set_to("paused") == (200, "")
    assert await set_to("scheduled") == (200, "")
    assert await set_to("cancelled") == (200, "")
    assert await set_to("scheduled") == (409, "campaign_transition")
    shown = (await api.ours.get(path)).json()["campaign"]
    assert (shown["status"], shown["skipped_leads"], shown["pending_leads"]) == ("cancelled", 1, 0)
    [lead] = (await api.ours.get(f"{path}/leads?status=skipped")).json()["leads"]
    assert lead["error"] == "the campaign was cancelled"
    refused = await api.ours.post(f"{path}/leads", json={"phone_number": "+31612345679"})
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_over")


WRONG: list[tuple[Json, str]] = [
    ({"name": ""}, "name:"),
    ({"timezone": "Europe/Amsterdm"}, "timezone: must be a time zone of the IANA database"),
    ({"schedule_start_time": "24:00:00"}, "schedule_start_time:"),
    ({"schedule_end_time": "9:00"}, "schedule_end_time:"),
    ({"days_of_week": []}, "days_of_week:"),
    ({"days_of_week": [8]}, "days_of_week.0:"),
    ({"days_of_week": ["someday"]}, "days_of_week.0:"),
    ({"days_of_week": [[1]]}, "days_of_week.0:"),
    ({"retry_on": ["at_capacity"]}, "retry_on.0: must be one of busy,"),
    ({"max_attempts": 0}, "max_attempts:"),
    ({"calls_per_minute": 0}, "calls_per_minute:"),
    ({"status": "paused"}, "status:"),
    ({"assistant_id": "nobody"}, "assistant_id: there is no assistant with this id"),
    ({"assistant_id": None, "status": "scheduled"}, "assistant_id: is required before"),
    ({"number_ids": ["none"]}, "number_ids.0: there is no number with this id"),
    ({"leads": [{"phone_number": DESTINATION}, {"phone_number": "0612345678"}]}, "leads.1.phone_number:"),
    ({"leads": [{"phone_number": "sip:ada@example.com"}]}, "leads.0.phone_number:"),
    ({"leads": [{"phone_number": DESTINATION, "variables": {"n": 5}}]}, "leads.0.variables.n:"),
    ({"leads": [{"phone_number": DESTINATION, "variables": {"n": "x" * 17_000}}]}, "leads.0.variables:"),
    ({"leads": "all"}, "leads: must be a list"),
    ({"leads": [7]}, "leads.0:"),
    ({"leads": [{}] * 10_001}, "leads: has 10001 leads; send at most 10000 at once"),
    ({"assistent": 1}, "assistent: unknown field"),
]


async def test_what_is_wrong_is_named_and_nothing_is_kept(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    for body, problem in WRONG:
        sent = {"name": "Reminders", "assistant_id": ids["assistant"], **body}
        refused = await api.ours.post("/campaigns", json=sent)
        assert refused.status_code == 400, refused.text
        assert any(detail.startswith(problem) for detail in refused.json()["details"]), refused.json()
    assert (await api.ours.get("/campaigns")).json()["pagination"]["total"] == 0


async def test_numbers_that_cannot_call_out_and_sleeping_assistants_are_refused(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    bare = await made(api.ours, "/numbers", {"phone_number": "+31850835099"})
    body = {"name": "R", "assistant_id": ids["assistant"], "number_ids": [ids["number"], bare["id"]]}
    refused = await api.ours.post("/campaigns", json=body)
    assert refused.json()["details"] == ["number_ids.1: the number has no trunk to call out over; set its trunk_id"]
    await api.ours.patch(f"/assistants/{ids['assistant']}", json={"is_active": False})
    refused = await api.ours.post("/campaigns", json={"name": "R", "agent_id": ids["assistant"]})
    assert refused.json()["details"][0].startswith("assistant_id: the assistant is not active")
    assert refused.headers["Deprecation"] == "true"


async def test_an_assistant_that_is_switched_off_keeps_nobody_from_stopping_its_campaign(api: Api) -> None:
    made_of = (await campaign(api, leads=[{"phone_number": DESTINATION}], status="scheduled"))["campaign"]
    path = f"/campaigns/{made_of['id']}"
    asleep = await api.ours.patch(f"/assistants/{made_of['assistant_id']}", json={"is_active": False})
    assert asleep.status_code == 200
    for change in ({"name": "Later"}, {"status": "paused"}):
        reply = await api.ours.patch(path, json=change)
        assert reply.status_code == 200, reply.text
    refused = await api.ours.patch(path, json={"status": "scheduled"})
    assert refused.json()["details"][0].startswith("assistant_id: the assistant is not active")
    cancelled = await api.ours.patch(path, json={"status": "cancelled"})
    assert cancelled.json()["campaign"]["skipped_leads"] == 1


async def test_a_lead_less_changes_when_the_campaign_was_changed(api: Api) -> None:
    made_of = (await campaign(api, leads=[{"phone_number": DESTINATION}]))["campaign"]
    path = f"/campaigns/{made_of['id']}"
    await api.rooms.clock.sleep(1)
    [lead] = (await api.ours.get(f"{path}/leads")).json()["leads"]
    assert (await api.ours.delete(f"{path}/leads/{lead['id']}")).status_code == 200
    shown = (await api.ours.get(path)).json()["campaign"]
    assert shown["updated_at"] > made_of["updated_at"]
    assert shown["total_leads"] == 0


async def test_one_person_whose_number_is_spelled_in_two_ways_is_one_lead(api_on_each: Api) -> None:
    leads = [{"phone_number": "+31612345678"}, {"phone_number": "+310612345678"}]
    made_of = await campaign(api_on_each, leads=leads)
    assert (made_of["campaign"]["pending_leads"], made_of["campaign"]["skipped_leads"]) == (1, 1)
    path = f"/campaigns/{made_of['campaign']['id']}/leads"
    csv = {"content": "phone\n+31 (0)6 1234 5678\n", "headers": {"Content-Type": "text/csv"}}
    assert (await api_on_each.ours.post(path, **csv)).json()["skipped"] == 1  # type: ignore[arg-type]
    assert {lead["phone_number"] for lead in (await api_on_each.ours.get(path)).json()["leads"]} == {"+31612345678"}


async def test_what_leads_lack_is_told_for_each(api_on_each: Api) -> None:
    leads = [
        {"phone_number": "+31612345670", "name": "Ada", "variables": {"time": "ten"}},
        {"phone_number": "+31612345671", "variables": {"city": "x"}},
        {"phone_number": "+31612345670", "name": "Ada", "variables": {"time": "ten"}},
    ]
    template = "You call {{name}} at {{phone_number}} for {{business_name}} about {{time}}."
    ids = await ready_to_call(api_on_each.ours)
    clinic = {"name": "Anna", "business_name": "Bright Smile", "first_message": "Hello {{name}}"}
    assistant = await made(api_on_each.ours, "/assistants", clinic)
    body = {"name": "R", "assistant_id": assistant["id"], "system_message_template": template, "leads": leads}
    reply = (await api_on_each.ours.post("/campaigns", json=body)).json()
    told = [(one["row"], one["phone_number"], one["missing"]) for one in reply["warnings"]]
    assert told == [(1, "+31612345671", ["name", "time"]), (2, "+31612345670", [])]
    assert reply["campaign"]["skipped_leads"] == 1
    listed = (await api_on_each.ours.get(f"/campaigns/{reply['campaign']['id']}/leads")).json()["leads"]
    assert [lead["id"] for lead in listed[1:]] == [one["lead"] for one in reply["warnings"]]
    assert listed[2]["error"] == "the campaign has this number already"
    assert ids["assistant"] != assistant["id"]


async def test_a_spreadsheet_is_taken_as_people_make_them(api_on_each: Api) -> None:
    path = f"/campaigns/{(await campaign(api_on_each))['campaign']['id']}/leads"
    reply = await api_on_each.ours.post(path, content=CSV, headers={"Content-Type": "text/csv; charset=utf-8"})
    assert reply.status_code == 201, reply.text
    assert (reply.json()["added"], reply.json()["skipped"], reply.json()["lead"]) == (3, 0, None)
    leads = (await api_on_each.ours.get(path)).json()["leads"]
    assert [(lead["phone_number"], lead["name"], lead["variables"]) for lead in leads] == [
        ("+31612345678", "Lovelace; Ada", {"Appointment_time": "ten o'clock", "city": "Den Haag"}),
        ("+31612345679", "Bob", {}),
        ("+31612345680", None, {"Appointment_time": "noon"}),
    ]


FROM_SPREADSHEETS = [
    "phone,name,,\r\n+31612345678,Ada,,\r\n",
    "phone;name\r\n'+31612345678;Ada\r\n",
    'phone,name\r\n"=""+31612345678""",Ada\r\n',
    "phone\tname\r\n\u202a+31612345678\u202c\tAda\r\n",
    "phone,name\r+31612345678,Ada\r",
]


async def test_numbers_and_columns_are_taken_as_spreadsheets_write_them(api: Api) -> None:
    for text in FROM_SPREADSHEETS:
        path = f"/campaigns/{(await campaign_of_another(api))['campaign']['id']}/leads"
        reply = await api.ours.post(path, content=text, headers={"Content-Type": "text/csv"})
        assert reply.status_code == 201, (text, reply.text)
        [lead] = (await api.ours.get(path)).json()["leads"]
        assert (lead["phone_number"], lead["name"], lead["variables"]) == ("+31612345678", "Ada", {})


async def test_wrong_lines_refuse_the_file_or_are_left_out(api: Api) -> None:
    path = f"/campaigns/{(await campaign(api))['campaign']['id']}/leads"
    text = (
        'number,name\n+31612345678,Ada\nno number,Bob\n+31612345679,Cleo,too many\n"+31612345680","two\nlines"\n,Dan\n'
    )
    wrong = [
        "csv.line 3.phone_number: must be a phone number in E.164, as +31612345678",
        "csv.line 4: has 3 cells, more than the 2 columns",
        "csv.line 7.phone_number: must be a phone number in E.164, as +31612345678",
    ]
    refused = await api.ours.post(path, json={"csv": text})
    assert (refused.status_code, refused.json()["details"]) == (400, wrong)
    assert "set skip_invalid" in refused.json()["message"]
    assert (await api.ours.get(path)).json()["pagination"]["total"] == 0
    taken = await api.ours.post(path, json={"csv": text, "skip_invalid": True})
    assert (taken.json()["added"], taken.json()["errors"]) == (2, wrong)
    file = {"content": text, "headers": {"Content-Type": "text/csv"}}
    again = (await api.ours.post(f"{path}?skip_invalid=true", **file)).json()  # type: ignore[arg-type]
    assert (again["added"], again["skipped"], [one["row"] for one in again["warnings"]]) == (2, 2, [2, 5])


NO_FILES = [
    (b"", "csv: is empty"),
    (b"\r\n", "csv: is empty"),
    (b"phone\n", "csv: has no line after"),
    (b"name,city\nAda,Leiden\n", "csv.line 1: names no column phone_number"),
    (b"phone,number\n+31612345678,+31612345678\n", "csv.line 1: has two columns for phone_number"),
    (b"phone,\n+31612345678,x\n", "csv.line 2: has a cell in a column without a name"),
    (b"phone,a&b\n+31612345678,x\n", "csv.line 1: 'a&b' cannot be the name of a variable"),
    (b'phone\n"+31612345678\n', "csv.line 2: is no CSV"),
    (b"phone\n\xff\xfe\n", "csv: is not UTF-8"),
    (b"phone\n+316\x0012345678\n", "csv: must not contain the NUL character"),
    (b"phone\n" + b"+31612345678\n" * 10_001, "csv: has 10001 leads"),
]


async def test_what_is_no_file_of_leads_is_refused(api: Api) -> None:
    path = f"/campaigns/{(await campaign(api))['campaign']['id']}/leads"
    for content, problem in NO_FILES:
        reply = await api.ours.post(path, content=content, headers={"Content-Type": "text/csv"})
        assert reply.status_code == 400, reply.text
        assert reply.json()["details"][0].startswith(problem), reply.json()


WRONG_LEADS: list[tuple[Json, str]] = [
    ({}, "phone_number: send exactly one of phone_number, leads and csv"),
    ({"phone_number": DESTINATION, "leads": []}, "phone_number and leads: send exactly one"),
    ({"leads": [{"phone_number": DESTINATION}], "name": "Ada"}, "name: goes with phone_number, not with leads"),
    ({"csv": 5}, "csv: must be the text of a file"),
    ({"phone_number": "12"}, "phone_number: must be a phone number in E.164, as +31612345678"),
    ({"phone_number": DESTINATION, "nmae": "Ada"}, "nmae: unknown field"),
    ({"leads": [{"phone_number": DESTINATION}], "skip_invalid": "perhaps"}, "skip_invalid:"),
]


async def test_leads_are_sent_in_one_way_at_a_time(api: Api) -> None:
    path = f"/campaigns/{(await campaign(api))['campaign']['id']}/leads"
    for body, problem in WRONG_LEADS:
        reply = await api.ours.post(path, json=body)
        assert reply.status_code == 400, reply.text
        assert reply.json()["details"][0].startswith(problem), reply.json()


async def test_one_lead_is_given_back_whole_and_sent_again_is_not_added_twice(api: Api) -> None:
    path = f"/campaigns/{(await campaign(api))['campaign']['id']}/leads"
    body = {"phone_number": DESTINATION, "name": "Ada", "variables": {"time": "ten"}}
    first = await api.ours.post(path, json=body, headers={"Idempotency-Key": "lead-1"})
    again = await api.ours.post(path, json=body, headers={"Idempotency-Key": "lead-1"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    [lead] = (await api.ours.get(path)).json()["leads"]
    assert first.json() == {"lead": lead, "added": 1, "skipped": 0, "warnings": [], "errors": []}


async def test_ten_thousand_leads_in_one_request(api: Api) -> None:
    leads = [{"phone_number": f"+3161{number:07d}", "name": f"Lead {number}"} for number in range(10_000)]
    found = await campaign(api, leads=leads)
    assert (found["campaign"]["total_leads"], found["campaign"]["pending_leads"]) == (10_000, 10_000)
    last = (await api.ours.get(f"/campaigns/{found['campaign']['id']}/leads?offset=9999")).json()["leads"]
    assert [lead["name"] for lead in last] == ["Lead 9999"]


async def test_who_is_being_called_cannot_be_removed(api_on_each: Api) -> None:
    leads = [{"phone_number": "+31612345678"}, {"phone_number": "+31612345679"}]
    campaign_id = (await campaign(api_on_each, leads=leads))["campaign"]["id"]
    path = f"/campaigns/{campaign_id}"
    calling = await stand(api_on_each, campaign_id, 0, LeadStatus.CALLING)
    other = (await api_on_each.ours.get(f"{path}/leads?status=pending")).json()["leads"][0]["id"]
    refused = await api_on_each.ours.delete(f"{path}/leads/{calling}")
    assert (refused.status_code, refused.json()["code"]) == (409, "lead_being_called")
    refused = await api_on_each.ours.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_has_calls")
    assert (await api_on_each.ours.delete(f"{path}/leads/{other}")).json() == {"success": True}
    elsewhere = (await campaign_of_another(api_on_each))["campaign"]["id"]
    assert (await api_on_each.ours.delete(f"/campaigns/{elsewhere}/leads/{calling}")).status_code == 404
    await stand(api_on_each, campaign_id, 0, LeadStatus.COMPLETED)
    shown = (await api_on_each.ours.get(path)).json()["campaign"]
    assert (shown["total_leads"], shown["completed_leads"]) == (1, 1)
    assert (await api_on_each.ours.delete(path)).json() == {"success": True}
    assert (await api_on_each.ours.get(path)).status_code == 404


async def campaign_of_another(api: Api) -> Json:
    """A second campaign of the same organisation."""
    found: Json = (await api.ours.post("/campaigns", json={"name": "Other"})).json()
    return found
