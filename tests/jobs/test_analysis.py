"""What is made of a finished call, by a model that answers well, badly, late or not at all, and without one."""

import json
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.jobs.world import WORKER, FixedAnalyst, World, make_world
from tests.storage.world import NOW
from trunkline.base.errors import Invalid
from trunkline.domain.assistant import AnalysisPlan, LlmConfig, PromptMessage, StructuredDataPlan
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, MessageSpoken, StatusChanged
from trunkline.domain.template import AnalysisTemplate
from trunkline.domain.transcript import Message, Role
from trunkline.jobs.analysis import Analyser
from trunkline.jobs.asking_model import extraction_turns, filled, json_in
from trunkline.jobs.fitting import problems
from trunkline.ports.analyst import Analysis
from trunkline.ports.models import Llm
from trunkline.providers import offers
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.services import claims
from trunkline.services.aftercall import closing
from trunkline.services.costing import tariff
from trunkline.services.journal import ServiceJournal
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.emulators.openai_chat import Behaviour, OpenAiChatEmulator
from trunkline.testing.models import ScriptedLlm, ScriptedModels, Thinking, Trouble

pytestmark = pytest.mark.room

SCHEMA = {
    "type": "object",
    "properties": {"day": {"type": "string"}, "hour": {"type": "integer"}},
    "required": ["day"],
    "additionalProperties": False,
}
MODEL: dict[str, Any] = {"llm_config": {"provider": "openai_compatible", "model": "tiny", "base_url": "http://x"}}


def plan(schema: dict[str, Any] = SCHEMA, success: bool = False, **data: Any) -> dict[str, Any]:
    return {
        "analysis_plan": {
            "structured_data_plan": {"enabled": True, "schema": schema, **data},
            "success_evaluation": {"enabled": success, "rubric": "A day was agreed."},
        }
    }


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Only SQLite: nothing here depends on the database."""
    return f"sqlite:///{tmp_path / 'trunkline.db'}"


@pytest.fixture
async def world(database: Database, database_url: str, tmp_path: Path, vault: Vault) -> World:
    return make_world(database, database_url, tmp_path, vault)


def thinking(*replies: str, trouble: Trouble | None = None) -> ScriptedModels:
    script = Thinking(replies, first_token_seconds=0, token_seconds=0, trouble=trouble)
    return ScriptedModels(llm_model=ScriptedLlm(script), known=frozenset({"openai_compatible"}))


async def found(
    world: World, models: ScriptedModels, patience: float = 5.0, analyst: FixedAnalyst | None = None, **assistant: Any
) -> tuple[str | None, dict[str, Any]]:
    call_id = await world.ended(**assistant)
    closed = await closing(world.rooms, call_id)
    findings = await Analyser(models, analyst or FixedAnalyst(), patience).analyse(closed)
    return findings.summary, findings.as_json()


async def test_the_assistants_own_model_summarises_extracts_and_judges(world: World) -> None:
    models = thinking(
        "They agreed.", '```json\n{"day": "Monday", "hour": 10}\n```', '{"passed": true, "reason": "yes"}'
    )
    summary, result = await found(world, models, **MODEL, **plan(success=True))
    assert summary == "They agreed."
    assert result == {
        "model": "tiny",
        "structured_data": {"day": "Monday", "hour": 10},
        "success_evaluation": {"passed": True, "reason": "yes"},
        "error": None,
    }
    asked = "\n".join(turn.content for turns in models.llm_model.asked for turn in turns)
    assert "assistant: Hello, can you make it on Monday?\nuser: Yes, at ten." in asked
    assert "user_hangup" in asked
    assert "A day was agreed." in asked
    assert models.llm_model.open_sessions == 0


async def test_data_that_does_not_fit_is_repaired_once(world: World) -> None:
    models = thinking("They agreed.", '{"hour": "ten"}', '{"day": "Monday"}')
    _, result = await found(world, models, **MODEL, **plan())
    assert result["structured_data"] == {"day": "Monday"}
    assert "is not of type 'integer'" in models.llm_model.asked[2][-1].content
    assert len(models.llm_model.asked) == 3


async def test_data_that_never_fits_is_null_with_an_error(world: World) -> None:
    models = thinking("They agreed.", "I don't know", '{"hour": 10}')
    summary, result = await found(world, models, **MODEL, **plan())
    assert summary == "They agreed."
    assert result["structured_data"] is None
    assert result["error"] == "the structured data does not fit its schema: $: 'day' is a required property"


async def test_the_plans_own_words_are_used_with_their_placeholders_filled(world: World) -> None:
    messages = [{"role": "system", "content": "{{schema}}|{{transcript}}|{{ended_reason}}|{{endedReason}}|{{other}}"}]
    models = thinking("They agreed.", '{"day": "Monday"}')
    await found(world, models, **MODEL, **plan(messages=messages))
    [turn] = models.llm_model.asked[1]
    schema, transcript, reason, old_spelling, other = turn.content.split("|")
    assert json.loads(schema) == SCHEMA
    assert transcript.endswith("user: Yes, at ten.")
    assert (reason, old_spelling, other) == ("user_hangup", "user_hangup", "{{other}}")


@pytest.mark.parametrize("stage", ["open", "first"])
async def test_a_model_that_fails_leaves_an_error(world: World, stage: str) -> None:
    summary, result = await found(world, thinking(trouble=Trouble(stage)), **MODEL, **plan())
    assert summary is None
    assert result["structured_data"] is None
    assert result["error"] == "the scripted provider fails"


async def test_a_model_that_hangs_is_not_waited_for(world: World) -> None:
    summary, result = await found(world, thinking(trouble=Trouble("first", hangs=True)), 0.2, **MODEL, **plan())
    assert summary is None
    assert result["error"] == "the analysis was not ready within 0.2 seconds"


async def test_without_a_text_model_only_filled_slots_that_fit_are_used(world: World) -> None:
    analyst = FixedAnalyst(
        Analysis("All done.", {"day": "Monday", "hour": "ten", "mood": "good"}, "completed", "scripted")
    )
    summary, result = await found(world, thinking(), 5.0, analyst, **plan(success=True))
    assert summary == "All done."
    assert result["model"] == "scripted"
    assert result["structured_data"] == {"day": "Monday", "hour": None}
    assert result["success_evaluation"] == {"passed": True, "reason": "All done."}
    assert result["error"].startswith("hour does not fit its schema")


async def test_the_operators_model_judges_calls_whose_own_is_no_text_model(world: World) -> None:
    closed = await closing(world.rooms, await world.ended(**plan()))
    fallback = LlmConfig(provider="openai_compatible", model="judge")
    findings = await Analyser(thinking("Fine.", '{"day": "Monday"}'), FixedAnalyst(), 5, fallback).analyse(closed)
    assert (findings.summary, findings.model, findings.structured_data) == ("Fine.", "judge", {"day": "Monday"})


@pytest.mark.parametrize(
    ("named", "model", "usd"),
    [({"model": "gpt-4o"}, "gpt-4o", 0.0001), ({}, offers.model_of("llm", "openai", None), None)],
)
async def test_a_vendors_model_judges_on_the_organisations_key_and_is_in_the_cost(
    world: World, named: dict[str, str], model: str, usd: float | None
) -> None:
    key = "sk-of-the-organisation"
    async with AsyncExitStack() as stack:
        vendor = await stack.enter_async_context(OpenAiChatEmulator(key=key))
        catalogue = await stack.enter_async_context(Catalogue(ProviderSettings(urls={"openai": vendor.url})))
        limits = replace(world.rooms.limits, tariff=tariff(catalogue.providers(), {}))
        whole = replace(world, rooms=replace(world.rooms, models=catalogue, limits=limits))
        await stack.enter_async_context(whole.jobs())
        call_id = await whole.ended(
            "http://127.0.0.1:9/",
            webhook_events=["end-of-call-report"],
            llm_config={"provider": "openai", **named},
            keys={"openai": key},
        )
        [delivery] = await whole.until_told(call_id, 1)
        await whole.until(lambda: _forgotten(whole, call_id))
    message = json.loads(delivery.body or "")["message"]
    assert message["summary"] == Behaviour().text
    assert message["analysis"]["model"] == model
    [stage] = message["cost"]["stages"]
    assert (stage["stage"], stage["provider"], stage["own_key"]) == ("analysis", "openai", True)
    assert stage["usage"] == {"prompt_tokens": 12, "completion_tokens": 7}
    assert usd is None or stage["usd"] == usd
    assert message["cost"]["total"] == 0
    assert key not in json.dumps(message)


async def _forgotten(world: World, call_id: str) -> bool:
    return (await closing(world.rooms, call_id)).plan.keys == {}


async def test_a_short_call_is_not_analysed(world: World) -> None:
    call_id = await world.ended(analysis_plan={"min_messages_threshold": 3})
    closed = await closing(world.rooms, call_id)
    assert not Analyser(thinking(), FixedAnalyst(), 1).wanted(closed)


async def test_a_call_that_was_refused_with_a_few_words_is_not_analysed(world: World) -> None:
    call_id = await world.place(analysis_plan={"min_messages_threshold": 0})
    await claims.claim(world.rooms, call_id, WORKER)
    now, journal = world.rooms.clock.now(), ServiceJournal(world.rooms)
    await journal.note(call_id, StatusChanged(now, CallStatus.IN_PROGRESS))
    await journal.note(call_id, MessageSpoken(now, Message(Role.ASSISTANT, "Not today.", now)))
    await journal.note(call_id, CallEnded(now, EndReason.REJECTED_BY_WEBHOOK))
    closed = await closing(world.rooms, call_id)
    assert (closed.call.status, len(closed.messages)) == (CallStatus.REJECTED, 1)
    assert not Analyser(thinking(), FixedAnalyst(), 1).wanted(closed)


async def test_a_hanging_model_does_not_hold_up_the_report(world: World) -> None:
    models = thinking(trouble=Trouble("first", hangs=True))
    broken = replace(world, rooms=replace(world.rooms, models=models))
    async with broken.jobs(analysis_seconds=0.2):
        call_id = await broken.ended("http://127.0.0.1:9/", webhook_events=["end-of-call-report"], **MODEL, **plan())
        [delivery] = await broken.until_told(call_id, 1)
    message = json.loads(delivery.body or "")["message"]
    assert message["summary"] is None
    assert message["analysis"]["error"] == "the analysis was not ready within 0.2 seconds"


async def test_a_schema_is_never_fetched_and_never_trusted() -> None:
    assert await problems({"$ref": "http://127.0.0.1:9/schema"}, 1) == [
        "the schema refers to something that is not in it"
    ]
    assert (await problems({"type": "nonsense"}, 1))[0].startswith("the schema itself is not valid")
    assert await problems({"$ref": "#"}, 1) == ["the schema refers to something that is not in it"]
    assert await problems({}, {"anything": 1}) == []
    assert not await problems({"properties": {f"p{place}": {"type": "string"} for place in range(500)}}, {"p1": "x"})


async def test_a_regular_expression_is_judged_apart() -> None:
    schema = {"type": "object", "properties": {"code": {"type": "string", "pattern": "^[A-Z]{2}$"}}}
    assert await problems(schema, {"code": "NL"}) == []
    assert await problems(schema, {"code": "nope"}) == ["$.code: 'nope' does not match '^[A-Z]{2}$'"]


async def test_a_regular_expression_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.jobs.fitting.PATIENCE_SECONDS", 1.0)
    wrong = await problems({"type": "string", "pattern": "^(a+)+$"}, "a" * 64 + "!")
    assert wrong == ["the schema takes too long to be judged"]


async def test_references_that_double_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.jobs.fitting.PATIENCE_SECONDS", 1.0)
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n - 1}"}] * 2} for n in range(1, 40)}
    assert await problems({"$defs": {"d0": {}, **doubling}, "$ref": "#/$defs/d39"}, 1) == [
        "the schema takes too long to be judged"
    ]


def test_json_is_found_among_words() -> None:
    assert json_in('Here you are: {"a": [1, {"b": "}"}]} Bye {') == {"a": [1, {"b": "}"}]}
    assert json_in("null") is None
    with pytest.raises(ValueError, match="not JSON"):
        json_in("nothing here {")


def test_only_known_placeholders_are_filled() -> None:
    assert filled("{{ transcript }} {{x}} {{ {{schema}}", {"transcript": "T", "schema": "{{transcript}}"}) == (
        "T {{x}} {{ {{transcript}}"
    )


async def test_an_analysis_templates_words_are_filled_and_completed(world: World) -> None:
    user = "{caller_number}, {duration}, {summary}: {other} {{ended_reason}}"
    template = AnalysisTemplate("a", "org-a", "A", SCHEMA, NOW, NOW, user_prompt=user)
    models = thinking("They {transcript}.", '{"day": "Monday"}')
    messages = [message.model_dump() for message in template.messages]
    await found(world, models, **MODEL, **plan(messages=messages))
    system, asked, transcript = (turn.content for turn in models.llm_model.asked[1])
    assert json.loads(system.partition("\n\n")[2]) == SCHEMA
    number, _, rest = asked.partition(", ")
    assert number.startswith("+")
    assert re.fullmatch(r"[0-9]+ seconds, They \{transcript\}\.: \{other\} user_hangup", rest)
    assert transcript.endswith("user: Yes, at ten.")


class TwoModels(ScriptedModels):
    """A second text model beside the first."""

    second: ScriptedLlm

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        return self.second if provider == "second" else super().llm(provider, key)


@pytest.mark.parametrize("hangs", [False, True])
async def test_where_the_model_fails_its_fallback_judges(world: World, hangs: bool) -> None:
    first = thinking("no", trouble=Trouble("first", hangs=hangs))
    models = TwoModels(llm_model=first.llm_model, known=first.known)
    models.second = ScriptedLlm(Thinking(("They agreed.",), first_token_seconds=0, token_seconds=0))
    settings: dict[str, Any] = {
        "llm_config": {**MODEL["llm_config"], "fallbacks": [{"provider": "second", "model": "other"}]}
    }
    summary, result = await found(world, models, patience=1.0, **settings)
    assert summary == "They agreed."
    assert result == {"model": "other", "error": None}
    assert first.llm_model.open_sessions == models.second.open_sessions == 0


async def test_what_was_asked_of_a_model_that_failed_later_is_used_too(world: World) -> None:
    first = thinking("Agreed.", '{"day": "Monday"}', trouble=Trouble("middle"))
    models = TwoModels(llm_model=first.llm_model, known=first.known)
    replies = ("They agreed.", '{"day":"Monday"}')
    models.second = ScriptedLlm(Thinking(replies, first_token_seconds=0, token_seconds=0))
    fallbacks = [{"provider": "second", "model": "other"}]
    call_id = await world.ended(llm_config={**MODEL["llm_config"], "fallbacks": fallbacks}, **plan())
    findings = await Analyser(models, FixedAnalyst(), 5).analyse(await closing(world.rooms, call_id))
    assert findings.structured_data == {"day": "Monday"}
    assert [(one.provider, one.prompt_tokens, one.completion_tokens) for one in findings.used] == [
        ("openai_compatible", 10, 5),
        ("second", 20, 10),
    ]


async def test_a_model_that_never_answered_was_not_used(world: World) -> None:
    call_id = await world.ended(**MODEL)
    closed = await closing(world.rooms, call_id)
    findings = await Analyser(thinking("no", trouble=Trouble("first")), FixedAnalyst(), 5).analyse(closed)
    assert findings.errors
    assert findings.used == ()


async def test_where_every_model_fails_the_errors_are_told(world: World) -> None:
    models = thinking("no", trouble=Trouble("first"))
    fallbacks = [{"provider": "openai_compatible", "model": "other", "base_url": "http://y"}]
    settings: dict[str, Any] = {"llm_config": {**MODEL["llm_config"], "fallbacks": fallbacks}}
    summary, result = await found(world, models, **settings)
    assert summary is None
    assert result == {"model": "tiny", "error": "the scripted provider fails"}
    assert len(models.llm_model.asked) == 2


def test_a_prompt_does_not_grow_beyond_what_any_model_reads() -> None:
    data = StructuredDataPlan(messages=(PromptMessage(content="{transcript}" * 30),))
    plan = AnalysisPlan(structured_data_plan=data)
    assert len(extraction_turns(plan, {"transcript": "x" * 100_000})[0].content) == 3_000_000
    with pytest.raises(Invalid, match="longer than"):
        extraction_turns(plan, {"transcript": "x" * 200_000})
    many = AnalysisPlan(structured_data_plan=StructuredDataPlan(messages=data.messages * 3))
    with pytest.raises(Invalid, match="longer than"):
        extraction_turns(many, {"transcript": "x" * 100_000})
