"""Tool and analysis templates: written once, used by assistants, and frozen into the calls that are placed."""

from typing import Any

import pytest

from tests.api.world import DESTINATION, Api, made, ready_to_call
from trunkline.domain.plan import CallPlan
from trunkline.services import claims

pytestmark = pytest.mark.room
LLM = {"provider": "local", "model": "scripted"}
FUNCTION = {"name": "look_up", "parameters": {"type": "object", "properties": {"order": {"type": "string"}}}}
SERVER = {"url": "https://example.com/tool", "secret": "hush"}
TOOL: dict[str, Any] = {"name": "Look up", "tool_config": {"function": FUNCTION, "server": SERVER}}
ANALYSIS: dict[str, Any] = {
    "name": "Appointment",
    "schema": {"type": "object", "properties": {"day": {"type": "string"}}},
    "user_prompt": "{caller_number}, {duration}: {transcript}",
}
MISSING = "3f0b8c1e-0000-4000-8000-000000000000"


async def _dialled(api: Api, **order: Any) -> CallPlan:
    placed = await api.ours.post("/calls/outbound", json={"destination": DESTINATION, **order})
    assert placed.status_code == 200, placed.text
    plan = await claims.claim(api.rooms, placed.json()["call_id"], "worker")
    assert plan is not None
    return plan


def _spoken(plan: CallPlan) -> dict[str, Any]:
    return plan.assistant.model_dump(mode="json", by_alias=True)


async def test_a_tool_template_is_made_read_changed_and_removed_and_its_secret_never_shown(api_on_each: Api) -> None:
    ours = api_on_each.ours
    template = await made(ours, "/tool-templates", TOOL)
    path = f"/tool-templates/{template['id']}"
    assert template["tool_type"] == "function"
    assert template["org_id"] == api_on_each.org_id
    assert template["tool_config"]["server"] == {"url": SERVER["url"], "secret": None}
    assert template["tool_config"]["async"] is False
    assert (await ours.get(path)).json() == {"tool_template": template}
    listed = (await ours.get("/tool-templates")).json()
    assert (listed["tool_templates"], listed["pagination"]["total"]) == ([template], 1)
    renamed = (await ours.patch(path, json={"name": "Orders", "description": "Finds orders"})).json()["tool_template"]
    assert (renamed["name"], renamed["tool_config"]) == ("Orders", template["tool_config"])
    again = await ours.patch(path, json={"tool_config": renamed["tool_config"], "tool_type": "function"})
    assert again.json()["tool_template"]["tool_config"] == template["tool_config"]
    async with api_on_each.rooms.unit(api_on_each.caller, write=False) as unit:
        tool = (await unit.tool_templates.get(template["id"])).tool
    assert tool.server.secret.get_secret_value() == "hush"  # type: ignore[union-attr]
    assert "hush" not in again.text
    assert (await ours.delete(path)).json() == {"success": True}
    assert (await ours.get(path)).status_code == (await ours.delete(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"tool_config": {"url": "https://example.com/t", "parameters": {"type": "object"}}}, "function"),
        ({"tool_type": "end_call"}, "end_call"),
        ({"tool_type": "send_dtmf", "tool_config": {"type": "send_dtmf"}}, "send_dtmf"),
        ({"tool_type": "transfer_call", "tool_config": {"destinations": [{"number": DESTINATION}]}}, "transfer_call"),
        ({"tool_type": "mcp", "tool_config": {"url": "https://example.com/mcp", "headers": {"X-Key": "hush"}}}, "mcp"),
    ],
)
async def test_every_kind_of_tool_can_be_a_template(api: Api, body: dict[str, Any], kind: str) -> None:
    template = await made(api.ours, "/tool-templates", {"name": "one_tool", **body})
    assert template["tool_type"] == kind
    assert "type" not in template["tool_config"]
    again = await api.ours.patch(
        f"/tool-templates/{template['id']}", json={"tool_config": template["tool_config"], "tool_type": kind}
    )
    assert again.json()["tool_template"]["tool_config"] == template["tool_config"]
    tools = [{"template_id": template["id"]}]
    plan = await _dialled(
        api, **{"assistant_id": (await ready_to_call(api.ours))["assistant"]},
        assistant_override={"llm_config": {"tools": tools}},
    )  # fmt: skip
    assert len(plan.assistant.llm_config.tools) == 1
    assert "template_id" not in _spoken(plan)["llm_config"]["tools"][0]


async def test_the_older_spelling_of_a_tool_template_is_taken(api_on_each: Api) -> None:
    ours = api_on_each.ours
    older = {"name": "T", "function_definition": FUNCTION, "server_url": SERVER["url"], "server_secret": "hush"}
    reply = await ours.post("/tool-templates", json={**older, "async": True})
    assert (reply.status_code, reply.headers["deprecation"]) == (201, "true")
    template = reply.json()["tool_template"]
    newer = await made(ours, "/tool-templates", {**TOOL, "tool_config": {**TOOL["tool_config"], "async": True}})
    assert template["tool_config"] == newer["tool_config"]
    path = f"/tool-templates/{template['id']}"
    moved = (await ours.patch(path, json={"server_url": "https://example.com/new", "server_secret": "hush2"})).json()
    assert moved["tool_template"]["tool_config"]["server"] == {"url": "https://example.com/new", "secret": None}
    assert moved["tool_template"]["tool_config"]["function"]["name"] == "look_up"
    assert (await ours.patch(path, json={"tool_config": {}, "server_url": "https://example.com"})).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/tool-templates", {**TOOL, "name": ""}, "name"),
        ("/tool-templates", {"name": "T"}, "tool_config.url"),
        ("/tool-templates", {"name": "T", "tool_type": "dance"}, "tool_type"),
        ("/tool-templates", {"name": "T", "tool_type": "transfer_call"}, "tool_config.destinations"),
        (
            "/tool-templates",
            {"name": "T", "tool_config": {"type": "mcp", "url": "https://a.example"}},
            "tool_config.type",
        ),
        ("/tool-templates", {"name": "T", "tool_config": {"url": "http://10.0.0.1/x"}}, "tool_config"),
        ("/tool-templates", {"name": "T", "tool_config": {"template_id": MISSING}}, "tool_config.template_id"),
        (
            "/tool-templates",
            {"name": "T", "tool_config": {"url": "https://a.example", "parameters": {"type": "dance"}}},
            "tool_config.parameters",
        ),
        ("/tool-templates", {**TOOL, "function_definition": FUNCTION}, "function_definition"),
        ("/analysis-templates", {"name": "A"}, "schema"),
        ("/analysis-templates", {"name": "A", "schema": {"type": "dance"}}, "schema"),
        ("/analysis-templates", {**ANALYSIS, "user_prompt": 5}, "user_prompt"),
        ("/analysis-templates", {**ANALYSIS, "json_schema": {}}, "json_schema"),
    ],
)
async def test_what_is_no_template_is_refused_by_name(api: Api, path: str, body: dict[str, Any], field: str) -> None:
    reply = await api.ours.post(path, json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request"), reply.text
    assert reply.json()["details"][0].startswith(f"{field}: "), reply.text


async def test_an_analysis_template_is_made_listed_changed_and_removed(api_on_each: Api) -> None:
    ours = api_on_each.ours
    template = await made(ours, "/analysis-templates", ANALYSIS)
    other = await made(ours, "/analysis-templates", {**ANALYSIS, "name": "Other"})
    listed = (await ours.get("/analysis-templates", params={"limit": 5})).json()
    part = {"total": 2, "limit": 5, "offset": 0}
    assert {one["id"] for one in listed["data"]} == {template["id"], other["id"]}
    assert listed == {"analysis_templates": listed["data"], "data": listed["data"], **part, "pagination": part}
    path = f"/analysis-templates/{template['id']}"
    changed = (await ours.patch(path, json={"user_prompt": None, "system_prompt": "Extract."})).json()
    assert changed["analysis_template"] == template | {
        "user_prompt": None,
        "system_prompt": "Extract.",
        "updated_at": changed["analysis_template"]["updated_at"],
    }
    assert (await ours.get(path)).json() == changed
    assert (await ours.delete(path)).json() == {"success": True}
    assert (await ours.get(path)).status_code == 404


async def test_a_call_runs_on_the_templates_as_they_were_when_it_was_placed(api_on_each: Api) -> None:
    api = api_on_each
    await ready_to_call(api.ours)
    tool, analysis = (
        await made(api.ours, "/tool-templates", TOOL),
        await made(api.ours, "/analysis-templates", ANALYSIS),
    )
    settings = {
        "name": "A",
        "llm_config": {**LLM, "tools": [{"type": "end_call"}, {"template_id": tool["id"]}]},
        "analysis_plan": {"structured_data_plan": {"enabled": True, "template_id": analysis["id"]}},
    }
    assistant = await made(api.ours, "/assistants", settings)
    assert assistant["llm_config"]["tools"][1] == {"template_id": tool["id"]}
    placed = (
        await api.ours.post("/calls/outbound", json={"destination": DESTINATION, "assistant_id": assistant["id"]})
    ).json()
    for path, change in (
        (
            f"/tool-templates/{tool['id']}",
            {"tool_config": {"function": FUNCTION, "server": {"url": "https://b.example"}}},
        ),
        (f"/analysis-templates/{analysis['id']}", {"schema": {"type": "string"}, "user_prompt": "Changed."}),
    ):
        assert (await api.ours.patch(path, json=change)).status_code == 200
    first = await claims.claim(api.rooms, placed["call_id"], "worker")
    assert first is not None
    second = await _dialled(api, assistant_id=assistant["id"])
    old, new = first.assistant.llm_config.tools[1], second.assistant.llm_config.tools[1]
    assert (old.server.url, new.server.url) == (SERVER["url"], "https://b.example")  # type: ignore[union-attr]
    assert old.server.secret.get_secret_value() == "hush"  # type: ignore[union-attr]
    plans = [_spoken(plan)["analysis_plan"]["structured_data_plan"] for plan in (first, second)]
    assert [plan["schema"] for plan in plans] == [ANALYSIS["schema"], {"type": "string"}]
    assert plans[0]["messages"][-1] == {"role": "user", "content": ANALYSIS["user_prompt"]}
    assert [message["content"] for message in plans[1]["messages"]][1:] == [
        "Changed.",
        "The transcript:\n\n{{transcript}}",
    ]
    shown = (await api.ours.get(f"/calls/{placed['call_id']}")).json()["assistant"]
    assert shown["llm_config"]["tools"][1]["server"] == {"url": SERVER["url"], "secret": None}


async def test_what_the_plan_itself_says_wins_over_its_analysis_template(api: Api) -> None:
    await ready_to_call(api.ours)
    analysis = await made(api.ours, "/analysis-templates", ANALYSIS)
    own = {"enabled": True, "template_id": analysis["id"], "schema": {"type": "number"}}
    assistant = {"llm_config": LLM, "stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
    plan = await _dialled(api, assistant={**assistant, "analysis_plan": {"structured_data_plan": own}})
    spoken = _spoken(plan)["analysis_plan"]["structured_data_plan"]
    assert spoken["schema"] == {"type": "number"}
    assert len(spoken["messages"]) == 2


async def test_a_template_that_is_not_there_is_named(api_on_each: Api) -> None:
    api = api_on_each
    ids = await ready_to_call(api.ours)
    theirs = await made(api.theirs, "/tool-templates", TOOL)
    tools = {"llm_config": {**LLM, "tools": [{"template_id": theirs["id"]}]}}
    analysis = {"analysis_plan": {"structured_data_plan": {"template_id": MISSING}}}
    for reply, prefix in (
        (await api.ours.post("/assistants", json={"name": "A", **tools, **analysis}), ""),
        (await api.ours.patch(f"/assistants/{ids['assistant']}", json={**tools, **analysis}), ""),
        (
            await api.ours.post(
                "/calls/outbound",
                json={
                    "destination": DESTINATION,
                    "assistant_id": ids["assistant"],
                    "assistant_override": {**tools, **analysis},
                },
            ),
            "",
        ),
    ):
        assert (reply.status_code, reply.json()["details"]) == (
            400,
            [
                f"{prefix}llm_config.tools.0.template_id: there is no tool template {theirs['id']}",
                f"{prefix}analysis_plan.structured_data_plan.template_id: there is no analysis template {MISSING}",
            ],
        )
    twice = {"llm_config": {**LLM, "tools": [{"template_id": MISSING, "type": "end_call"}]}}
    assert (await api.ours.post("/assistants", json={"name": "A", **twice})).status_code == 400


async def test_a_script_may_call_a_tool_of_a_template_and_no_other(api: Api) -> None:
    tool = await made(api.ours, "/tool-templates", TOOL)

    def script(name: str) -> dict[str, Any]:
        steps = [{"id": "one", "tool": name}]
        tools = [{"template_id": tool["id"]}]
        return {"name": "A", "llm_config": {**LLM, "tools": tools, "script": {"goal": "Orders", "steps": steps}}}

    right = await api.ours.post("/assistants", json=script("look_up"))
    assert right.status_code == 201, right.text
    wrong = await api.ours.post("/assistants", json=script("look_down"))
    assert wrong.status_code == 400
    assert "look_down" in wrong.json()["details"][0]


@pytest.mark.parametrize("kind", ["tool", "analysis"])
async def test_a_template_in_use_is_not_removed(api_on_each: Api, kind: str) -> None:
    ours = api_on_each.ours
    template = await made(ours, f"/{kind}-templates", TOOL if kind == "tool" else ANALYSIS)
    id, path = template["id"], f"/{kind}-templates/{template['id']}"
    using: dict[str, Any] = {
        "tool": {"llm_config": {**LLM, "tools": [{"template_id": id}]}},
        "analysis": {"analysis_plan": {"structured_data_plan": {"template_id": id}}},
    }
    assistant = await made(ours, "/assistants", {"name": "Reminder", **using[kind]})
    await made(ours, "/assistants", {"name": "Mentions it", "first_message": f"The id is {id}"})
    refused = await ours.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "template_in_use")
    assert f"{assistant['id']} (Reminder)" in refused.json()["message"]
    assert "Mentions it" not in refused.json()["message"]
    await ours.patch(f"/assistants/{assistant['id']}", json={"llm_config": LLM, "analysis_plan": None})
    assert (await ours.delete(path)).status_code == 200


async def test_a_schema_that_takes_long_to_check_is_refused(api: Api) -> None:
    many = {"anyOf": [{"type": "string"}] * 2001}
    long = {"type": "string", "description": "x" * 70_000}
    tool = {"name": "look", "url": "https://example.com", "parameters": {"type": "object"}}
    tools = [{**tool, "name": f"t{n}", "parameters": {"anyOf": [{"title": f"{n}"}] * 300}} for n in range(7)]
    for path, body, detail in (
        ("/analysis-templates", {"name": "A", "schema": many}, "schema: has more than 2000 parts"),
        ("/analysis-templates", {"name": "A", "schema": long}, "schema: is larger than 64 KiB"),
        (
            "/tool-templates",
            {"name": "T", "tool_config": {**tool, "parameters": many}},
            "tool_config.parameters: has more",
        ),
        (
            "/assistants",
            {"name": "A", "llm_config": {"provider": "local", "tools": tools}},
            "llm_config.tools.6.parameters",
        ),
    ):
        reply = await api.ours.post(path, json=body)
        assert reply.status_code == 400, path
        assert reply.json()["details"][0].startswith(detail), reply.text
    assert (await api.ours.post("/analysis-templates", json={"name": "A", "schema": {"anyOf": [{}] * 1900}})).is_success
