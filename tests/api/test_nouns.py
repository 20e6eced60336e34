"""Assistants, numbers, trunks, keys, the organisation and voices: made, read, changed, removed."""

import pytest

from tests.api.world import Api, made, ready_to_call

pytestmark = pytest.mark.room
LLM = {"provider": "local", "model": "scripted"}


async def test_an_assistant_has_its_defaults_written_out(api_on_each: Api) -> None:
    assistant = await made(api_on_each.ours, "/assistants", {"name": "Reminder"})
    assert assistant["llm_config"]["provider"] == "local"
    assert assistant["stt_config"]["model"] == "moonshine-tiny"
    assert assistant["tts_config"]["model"] == "pico"
    assert assistant["version"] == 1
    assert assistant["webhook_events"] == ["assistant-request", "tool-calls", "status-update", "end-of-call-report"]
    assert assistant["voicemail_detection"] is False
    assert assistant["speech_config"]["background_audio"]["enabled"] is False
    assert assistant["speech_config"]["turn_taking"]["endpointing_min_delay"] == 0.4
    read = await api_on_each.ours.get(f"/assistants/{assistant['id']}")
    assert read.json() == {"assistant": assistant}
    listed = (await api_on_each.ours.get("/assistants")).json()
    assert listed == {"assistants": [assistant], "pagination": {"total": 1, "limit": 100, "offset": 0}}


async def test_what_a_reply_shows_can_be_sent_back(api: Api) -> None:
    assistant = await made(api.ours, "/assistants", {"name": "Reminder", "llm_config": {**LLM, "temperature": 0.2}})
    kept = ("id", "created_at", "updated_at", "version", "webhook_secret_set")
    again = {name: value for name, value in assistant.items() if name not in kept}
    reply = await api.ours.patch(f"/assistants/{assistant['id']}", json=again)
    assert reply.status_code == 200
    assert reply.json()["assistant"] == assistant


async def test_a_patch_changes_what_it_is_given_and_replaces_config_objects_whole(api_on_each: Api) -> None:
    ours = api_on_each.ours
    made_with = {"name": "A", "first_message": "Hi", "speech_config": {"end_call_message": "Bye"}}
    assistant = await made(ours, "/assistants", made_with)
    path = f"/assistants/{assistant['id']}"
    changed = (await ours.patch(path, json={"speech_config": {"end_call_phrases": ["so long"]}})).json()["assistant"]
    assert changed["speech_config"]["end_call_message"] is None
    assert changed["speech_config"]["end_call_phrases"] == ["so long"]
    assert (changed["first_message"], changed["version"]) == ("Hi", 2)
    cleared = (await ours.patch(path, json={"first_message": None, "speech_config": None})).json()["assistant"]
    assert (cleared["first_message"], cleared["speech_config"]["end_call_phrases"], cleared["version"]) == (None, [], 3)
    same = (await ours.patch(path, json={"name": "A"})).json()["assistant"]
    assert same["version"] == 3
    assert (await ours.patch(path, json={"is_active": None})).status_code == 400


async def test_the_secret_of_an_assistant_is_never_shown(api_on_each: Api) -> None:
    ours = api_on_each.ours
    body = {"name": "A", "webhook_url": "https://example.com/hook", "webhook_secret": "hush-hush"}
    assistant = await made(ours, "/assistants", body)
    assert (assistant["webhook_secret"], assistant["webhook_secret_set"]) == (None, True)
    path = f"/assistants/{assistant['id']}"
    assert (await ours.patch(path, json={"name": "B"})).json()["assistant"]["webhook_secret_set"] is True
    gone = await ours.patch(path, json={"webhook_secret": None})
    assert gone.json()["assistant"]["webhook_secret_set"] is False
    assert "hush-hush" not in gone.text


async def test_the_secret_of_a_tool_survives_a_patch_that_does_not_know_it(api: Api) -> None:
    def tool(secret: str | None, url: str = "https://example.com/tool") -> dict[str, object]:
        server = {"url": url} if secret is None else {"url": url, "secret": secret}
        return {"type": "function", "function": {"name": "look_up"}, "server": server}

    async def secret_of(tools: list[dict[str, object]]) -> str | None:
        await api.ours.patch(path, json={"llm_config": {**LLM, "tools": tools}})
        async with api.rooms.unit(api.caller, write=False) as unit:
            llm = (await unit.assistants.get(assistant["id"])).settings.llm_config
        kept = llm.tools[0].server.secret if llm else None  # type: ignore[union-attr]
        return kept.get_secret_value() if kept else None

    assistant = await made(api.ours, "/assistants", {"name": "A", "llm_config": {**LLM, "tools": [tool("s1")]}})
    path = f"/assistants/{assistant['id']}"
    assert assistant["llm_config"]["tools"][0]["server"] == {"url": "https://example.com/tool", "secret": None}
    assert await secret_of([tool(None)]) == "s1"
    assert await secret_of([assistant["llm_config"]["tools"][0]]) == "s1"
    assert await secret_of([tool("s2")]) == "s2"
    assert await secret_of([tool("")]) is None
    await secret_of([tool("s3")])
    assert await secret_of([tool(None, "https://example.com/other")]) is None


async def test_the_headers_of_an_mcp_server_are_never_shown_and_survive_a_patch(api: Api) -> None:
    def tool(url: str = "https://example.com/mcp", **headers: str | None) -> dict[str, object]:
        return {"type": "mcp", "url": url, "headers": headers, "allowed_tools": ["find"]}

    async def stored(tools: list[dict[str, object]]) -> dict[str, str | None]:
        changed = await api.ours.patch(path, json={"llm_config": {**LLM, "tools": tools}})
        assert changed.status_code == 200
        assert "hush" not in changed.text
        async with api.rooms.unit(api.caller, write=False) as unit:
            llm = (await unit.assistants.get(assistant["id"])).settings.llm_config
        headers = llm.tools[0].headers if llm else {}  # type: ignore[union-attr]
        return {name: value.get_secret_value() if value else None for name, value in headers.items()}

    first = tool(Authorization="hush", Other="hush too")
    assistant = await made(api.ours, "/assistants", {"name": "A", "llm_config": {**LLM, "tools": [first]}})
    path = f"/assistants/{assistant['id']}"
    assert assistant["llm_config"]["tools"][0] == tool(Authorization=None, Other=None)
    assert await stored([assistant["llm_config"]["tools"][0]]) == {"Authorization": "hush", "Other": "hush too"}
    assert await stored([tool(Authorization=None, Other="changed")]) == {"Authorization": "hush", "Other": "changed"}
    assert await stored([tool(Other=None)]) == {"Other": "changed"}
    elsewhere = {"llm_config": {**LLM, "tools": [tool("https://example.com/other", Other=None)]}}
    assert (await api.ours.patch(path, json=elsewhere)).status_code == 400


async def test_a_number_is_attached_detached_and_removed(api_on_each: Api) -> None:
    ours = api_on_each.ours
    ids = await ready_to_call(ours)
    path = f"/numbers/{ids['number']}"
    number = (await ours.patch(path, json={"assistant_id": ids["assistant"]})).json()["number"]
    assert (number["agent_id"], number["agent_name"], number["source"]) == (ids["assistant"], "Reminder", "byo")
    number = (await ours.patch(path, json={"assistant_id": None, "trunk_id": None})).json()["number"]
    assert (number["assistant_id"], number["trunk_id"], number["assistant_name"]) == (None, None, None)
    assert (await ours.delete(path)).json() == {"success": True}
    assert (await ours.get(path)).status_code == 404
    assert (await ours.delete(path)).status_code == 404


async def test_a_number_has_a_trunk_of_its_own_for_transfers(api_on_each: Api) -> None:
    ours = api_on_each.ours
    path = f"/numbers/{(await ready_to_call(ours))['number']}"
    desk = (await ours.post("/sip-trunks", json={"name": "Desk", "address": "desk.example.com"})).json()["trunk"]
    number = (await ours.patch(path, json={"transfer_trunk_id": desk["id"]})).json()["number"]
    assert (number["transfer_trunk_id"], number["transfer_trunk_name"]) == (desk["id"], "Desk")
    theirs = (await api_on_each.theirs.post("/sip-trunks", json={"name": "X", "address": "x.example.com"})).json()
    refused = await ours.patch(path, json={"transfer_trunk_id": theirs["trunk"]["id"]})
    assert refused.json()["details"] == ["transfer_trunk_id: there is no SIP trunk with this id"]
    number = (await ours.patch(path, json={"transfer_trunk_id": None})).json()["number"]
    assert (number["transfer_trunk_id"], number["transfer_trunk_name"]) == (None, None)


async def test_removing_an_assistant_or_a_trunk_detaches_its_numbers(api_on_each: Api) -> None:
    ours = api_on_each.ours
    ids = await ready_to_call(ours)
    await ours.patch(f"/numbers/{ids['number']}", json={"assistant_id": ids["assistant"]})
    assert (await ours.delete(f"/assistants/{ids['assistant']}")).json() == {"success": True}
    assert (await ours.delete(f"/sip-trunks/{ids['trunk']}")).json() == {"success": True}
    number = (await ours.get(f"/numbers/{ids['number']}")).json()["number"]
    assert (number["assistant_id"], number["trunk_id"]) == (None, None)


async def test_a_number_that_is_taken_is_a_conflict_whoever_has_it(api_on_each: Api) -> None:
    await made(api_on_each.ours, "/numbers", {"phone_number": "+31850835037"})
    mine = await api_on_each.ours.post("/numbers", json={"phone_number": "+31850835037"})
    theirs = await api_on_each.theirs.post("/numbers", json={"phone_number": "+31850835037"})
    assert mine.status_code == theirs.status_code == 409
    assert mine.json() == theirs.json()
    assert mine.json()["code"] == "number_taken"


async def test_a_trunk_takes_all_its_names_and_never_shows_its_password(api_on_each: Api) -> None:
    ours = api_on_each.ours
    for body in (
        {"outbound_address": "sip.example.com:5080"},
        {"host": "sip.example.com", "port": 5080},
        {"address": "sip:sip.example.com:5080", "username": "me", "password": "pass-word"},
    ):
        trunk = await made(ours, "/sip-trunks", {"name": "T", **body})
        assert trunk["address"] == "sip.example.com:5080"
        assert "auth_password" not in trunk
    assert (trunk["auth_username"], trunk["auth_password_set"], trunk["register"]) == ("me", True, False)
    reply = await ours.get("/sip-trunks")
    assert "pass-word" not in reply.text
    six = await made(ours, "/sip-trunks", {"name": "T", "host": "2001:db8::1", "port": 5061, "transport": "tls"})
    assert six["address"] == "[2001:db8::1]:5061"


async def test_a_trunk_is_tested_and_a_changed_way_out_is_unknown_again(api_on_each: Api) -> None:
    ours = api_on_each.ours
    trunk = await made(ours, "/sip-trunks", {"name": "T", "address": "sip.example.com"})
    path = f"/sip-trunks/{trunk['id']}"
    tested = (await ours.post(f"{path}/test")).json()
    assert tested["success"] is True
    assert [step["name"] for step in tested["steps"]] == ["dns", "options"]
    assert (await ours.get(path)).json()["trunk"]["status"] == "ok"
    assert (await ours.patch(path, json={"provider": "Somebody"})).json()["trunk"]["status"] == "ok"
    changed = (await ours.patch(path, json={"password": "new"})).json()["trunk"]
    assert (changed["status"], changed["auth_password_set"], changed["address"]) == ("unknown", True, "sip.example.com")
    assert (await ours.patch(path, json={"auth_password": None})).json()["trunk"]["auth_password_set"] is False


async def test_the_organisation_counts_what_it_has_and_keeps_its_secret(api_on_each: Api) -> None:
    ours = api_on_each.ours
    await ready_to_call(ours)
    organisation = (await ours.get("/organizations")).json()
    counted = ("active_numbers", "active_agents", "active_calls", "monthly_usage_minutes")
    assert [organisation[name] for name in counted] == [1, 1, 0, 0.0]
    assert (organisation["minutes_balance"], organisation["parent_org_id"]) == (None, None)
    assert "children" not in organisation
    change = {"webhook_url": "https://example.com/hook", "webhook_secret": "hush-hush", "email": "a@example.com"}
    changed = await ours.patch("/organizations", json=change)
    assert "hush-hush" not in changed.text
    assert changed.json()["webhook_secret_set"] is True
    assert changed.json()["name"] == "Ours"
    old = await ours.get("/account?include_children=true")
    assert old.headers["Deprecation"] == "true"
    assert old.json()["children"] == []


async def test_lists_are_paged_newest_first(api_on_each: Api) -> None:
    ours = api_on_each.ours
    for name in "abcde":
        api_on_each.clock.advance(1)
        await made(ours, "/assistants", {"name": name})
    page = (await ours.get("/assistants?limit=2&offset=1")).json()
    assert [item["name"] for item in page["assistants"]] == ["d", "c"]
    assert page["pagination"] == {"total": 5, "limit": 2, "offset": 1}
    for wrong in ("limit=0", "limit=1001", "limit=x", "offset=-1", "offset=99999999999", "limit=1&limit=2", "page=2"):
        assert (await ours.get(f"/assistants?{wrong}")).status_code == 400, wrong


async def test_voices_and_deliveries_are_listed(api: Api) -> None:
    voices = (await api.ours.get("/voices")).json()["voices"]
    assert voices == [{"id": "tone", "name": "Tone", "language": "en", "provider": "scripted", "description": {}}]
    listed = (await api.ours.get("/webhook-deliveries")).json()
    assert listed == {"deliveries": [], "pagination": {"total": 0, "limit": 100, "offset": 0}}


async def test_health_needs_no_key_and_names_every_part(api: Api) -> None:
    reply = await api.stranger.get("/health")
    assert reply.status_code == 200
    health = reply.json()
    assert health["status"] == "ok"
    assert health["checks"]["database"]["latency_ms"] >= 0
    assert health["checks"]["sip"]["listen"] == "memory"
