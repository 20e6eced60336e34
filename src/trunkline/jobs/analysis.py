"""What a finished call came to: summary, structured data and success, by the assistant's own model or by local rules.

Whatever goes wrong, and however long a model takes, there is a result: what could not be had is null, with an error.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from trunkline.base.errors import TrunklineError
from trunkline.base.logs import logger
from trunkline.domain.assistant import REALTIME, AnalysisPlan, LlmConfig, llm_choices
from trunkline.domain.call import CallStatus
from trunkline.domain.events import StageUsage
from trunkline.jobs import asking_model as ask
from trunkline.jobs.fitting import problems
from trunkline.ports.analyst import Analyst
from trunkline.ports.models import Models, Spent, Turn
from trunkline.services.aftercall import ClosedCall

NO_TEXT_MODELS = REALTIME | {"local"}
COMPLETED = frozenset({"completed", "message_taken"})

_log = logger("jobs")


@dataclass(slots=True)
class Findings:
    """What was found so far; ``wants_*`` say which parts were asked for."""

    model: str
    wants_data: bool = False
    wants_success: bool = False
    summary: str | None = None
    structured_data: Any = None
    success: dict[str, Any] | None = None
    outcome: str | None = None
    used: tuple[StageUsage, ...] = ()
    errors: list[str] = field(default_factory=list)
    broke: bool = False

    def broken(self, error: str) -> None:
        """It could not be brought to its end."""
        self.broke = True
        self.errors.append(error)

    def as_json(self) -> dict[str, Any]:
        """``analysis_result`` as the call object and the report show it."""
        result: dict[str, Any] = {"model": self.model}
        if self.outcome:
            result["outcome"] = self.outcome
        if self.wants_data:
            result["structured_data"] = self.structured_data
        if self.wants_success:
            result["success_evaluation"] = self.success
        result["error"] = "; ".join(self.errors) or None
        return result


class Analyser:
    """Analyses finished calls, each within ``patience_seconds``."""

    def __init__(
        self, models: Models, analyst: Analyst, patience_seconds: float, fallback: LlmConfig | None = None
    ) -> None:
        """``fallback`` is the text model that judges calls whose own model is none."""
        self._models = models
        self._fallback = fallback
        self._analyst = analyst
        self._patience_seconds = patience_seconds
        self._now = time.monotonic

    def wanted(self, closed: ClosedCall) -> bool:
        """Whether there was a conversation, and enough was said; who was refused with a few words pays for nothing."""
        if closed.call.status is CallStatus.REJECTED:
            return False
        return len(closed.messages) >= max(1, closed.plan.assistant.analysis_plan.min_messages_threshold)

    async def analyse(self, closed: ClosedCall) -> Findings:
        """What the call came to; never raises, whatever breaks. Where a model fails the next one judges, in the time that is
        left; what the first failed one found counts where all fail."""
        judges = self._judges_of(closed)
        if not judges:
            return await self._tried(closed, None, self._patience_seconds)
        until = self._now() + self._patience_seconds
        failed: list[Findings] = []
        used: tuple[StageUsage, ...] = ()
        for number, judge in enumerate(judges):
            found = await self._tried(closed, judge, (until - self._now()) / (len(judges) - number))
            used += found.used
            if not found.broke:
                return replace(found, used=used)
            failed.append(found)
        found = replace(next((one for one in failed if one.summary), failed[0]), used=used)
        found.errors = list(dict.fromkeys(error for one in failed for error in one.errors))
        return found

    async def _tried(self, closed: ClosedCall, judge: LlmConfig | None, seconds: float) -> Findings:
        plan = closed.plan.assistant.analysis_plan
        found = Findings(
            model=self._name(judge) if judge else "scripted",
            wants_data=plan.structured_data_plan.enabled,
            wants_success=plan.success_evaluation.enabled,
            errors=[closed.damage] if closed.damage else [],
        )
        try:
            async with asyncio.timeout(seconds):
                await (self._by_model(closed, found, judge) if judge else self._by_rules(closed, found))
        except TimeoutError:
            found.broken(f"the analysis was not ready within {self._patience_seconds:g} seconds")
        except TrunklineError as error:
            found.broken(error.message)
        except Exception:  # noqa: BLE001
            _log.exception("an analysis broke", call_id=closed.call.id)
            found.broken("the analysis broke off")
        return found

    def _name(self, judge: LlmConfig) -> str:
        """The model that judges: the provider's default where none is named."""
        return self._models.model("llm", judge.provider, judge.model) or judge.provider

    def _judges_of(self, closed: ClosedCall) -> list[LlmConfig]:
        """The text models that may judge this call, in order: its own with their fallbacks, else the operator's; none: the
        rules do."""
        own = [one for one in llm_choices(closed.plan.assistant.llm_config) if one.provider not in NO_TEXT_MODELS]
        return own or ([self._fallback] if self._fallback is not None else [])

    async def _by_model(self, closed: ClosedCall, found: Findings, judge: LlmConfig) -> None:
        plan = closed.plan
        config = ask.for_analysis(judge)
        key = plan.keys.get(self._models.vendor(config.provider))
        llm = self._models.llm(config.provider, SecretStr(key) if key is not None else None)
        session = await llm.open(config, plan.variables)
        model, values = ask.Model(session), _values(closed)
        try:
            found.summary = await model.answer(ask.summary_turns(values)) or None
            values["summary"] = found.summary or ""
            if found.wants_data:
                await _extract(model, plan.assistant.analysis_plan, values, found)
            if found.wants_success:
                await _judge(model, ask.judging_turns(plan.assistant.analysis_plan, values), found)
        finally:
            name = self._models.model("llm", config.provider, config.model)
            if model.spent != Spent():
                found.used = (StageUsage("analysis", config.provider, name, key is not None, **asdict(model.spent)),)
            await session.aclose()

    async def _by_rules(self, closed: ClosedCall, found: Findings) -> None:
        plan = closed.plan
        analysis = await self._analyst.summarise(plan.assistant.llm_config, plan.variables, closed.messages)
        found.model = analysis.model or found.model
        found.summary = analysis.summary or None
        found.outcome = analysis.outcome or None
        if found.wants_success:
            found.success = {"passed": analysis.outcome in COMPLETED, "reason": analysis.summary}
        if found.wants_data:
            schema = plan.assistant.analysis_plan.structured_data_plan.json_schema or {}
            found.structured_data = await _mapped(schema, analysis.slots, found.errors)


def _values(closed: ClosedCall) -> dict[str, str]:
    schema = closed.plan.assistant.analysis_plan.structured_data_plan.json_schema or {}
    reason = closed.call.end_reason
    return {
        "schema": json.dumps(schema, ensure_ascii=False, indent=2),
        "transcript": ask.transcript_of(closed.messages),
        "ended_reason": reason.value if reason else "",
        "duration": f"{closed.call.duration_seconds or 0} seconds",
        "caller_number": closed.call.caller_phone or "unknown",
        "summary": "",
    }


async def _extract(model: ask.Model, plan: AnalysisPlan, values: Mapping[str, str], found: Findings) -> None:
    """Structured data that fits the schema, after one repair at most; else None and an error, never a guess."""
    schema = plan.structured_data_plan.json_schema or {}
    turns = ask.extraction_turns(plan, values)
    answer = await model.answer(turns)
    value, wrong = await _read(schema, answer)
    if wrong:
        value, wrong = await _read(schema, await model.answer(ask.repair_turns(turns, answer, wrong)))
    if wrong:
        found.errors.append(f"the structured data does not fit its schema: {'; '.join(wrong)}")
    else:
        found.structured_data = value


async def _read(schema: Mapping[str, Any], answer: str) -> tuple[Any, list[str]]:
    try:
        value = ask.json_in(answer)
    except ValueError as error:
        return None, [str(error)]
    return value, await problems(schema, value)


async def _judge(model: ask.Model, turns: Sequence[Turn], found: Findings) -> None:
    try:
        verdict = ask.json_in(await model.answer(turns))
    except ValueError:
        verdict = None
    if isinstance(verdict, dict) and isinstance(verdict.get("passed"), bool):
        found.success = {"passed": verdict["passed"], "reason": str(verdict.get("reason") or "")}
    else:
        found.errors.append("the success evaluation could not be read")


async def _mapped(schema: Mapping[str, Any], slots: Mapping[str, object], errors: list[str]) -> dict[str, Any]:
    """The fields of the schema that a filled slot of the same name fits; the rest is null."""
    mapped: dict[str, Any] = {}
    for name, part in (schema.get("properties") or {}).items():
        value = slots.get(name)
        wrong = (
            await problems({**_definitions(schema), **part}, value)
            if isinstance(part, dict) and value is not None
            else []
        )
        mapped[name] = None if wrong else value
        errors.extend(f"{name} does not fit its schema: {problem}" for problem in wrong)
    return mapped


def _definitions(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {word: schema[word] for word in ("$defs", "definitions") if word in schema}
