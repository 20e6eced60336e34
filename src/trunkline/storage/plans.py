"""The plan of a call as text, secrets in clear: only ever kept sealed."""

from dataclasses import fields
from typing import Any

import orjson
from pydantic import ValidationError

from trunkline.base.errors import TrunklineError
from trunkline.domain.assistant import LlmConfig, TransientAssistant
from trunkline.domain.call import Direction, EndReason
from trunkline.domain.plan import CallPlan, Refusal, TrunkPlan
from trunkline.storage.secrets import revealed

# What a receiver is told by, beside the assistant.
_TOLD = frozenset({"webhook_url", "webhook_secret"})
_WAYS = ("trunk", "transfer_trunk")


class PlanBroken(TrunklineError):
    """A stored plan does not fit this version of the platform; ``plan_salvaged`` reads what does."""

    code = "plan_broken"


def plan_to_json(plan: CallPlan) -> str:
    """The whole plan as JSON."""
    values = _values(plan)
    values["assistant"] = revealed(plan.assistant)
    for way in _WAYS:
        trunk = getattr(plan, way)
        values[way] = None if trunk is None else _values(trunk)
    values["refusal"] = None if plan.refusal is None else _values(plan.refusal)
    return orjson.dumps(values).decode()


def plan_from_json(text: str) -> CallPlan:
    """The plan that ``plan_to_json`` wrote. Raises PlanBroken where this version cannot read all of it."""
    try:
        values: dict[str, Any] = orjson.loads(text)
        values["assistant"] = TransientAssistant.model_validate(values["assistant"])
        for way in _WAYS:
            if (trunk := values.get(way)) is not None:
                values[way] = TrunkPlan(**{**trunk, "codecs": tuple(trunk["codecs"])})
        if (refusal := values.get("refusal")) is not None:
            values["refusal"] = Refusal(EndReason(refusal["reason"]), refusal["words"])
        return CallPlan(**values | {"direction": Direction(values["direction"])})
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise PlanBroken(f"the stored plan of the call cannot be read ({type(error).__name__})") from None


def plan_salvaged(text: str, call_id: str, org_id: str) -> CallPlan:
    """What can still be read of a broken plan, each part by itself: enough to tell its receiver, never to dial by."""
    values = _objects(text)
    told = {name: values[name] for name in _TOLD if isinstance(values.get(name), str)}
    return CallPlan(
        call_id=call_id,
        org_id=org_id,
        direction=Direction.OUTBOUND,
        destination="",
        caller_id="",
        number_id=None,
        number_name=None,
        trunk=None,
        assistant=_assistant_salvaged(values.get("assistant")),
        **told,
    )


def _objects(text: str) -> dict[str, Any]:
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}


def _assistant_salvaged(config: object) -> TransientAssistant:
    sound: dict[str, Any] = {"llm_config": LlmConfig(provider="local")}
    for name, value in config.items() if isinstance(config, dict) else ():
        try:
            TransientAssistant.model_validate({**sound, name: value})
        except ValidationError:
            continue
        sound[name] = value
    return TransientAssistant.model_validate(sound)


def _values(plan: CallPlan | TrunkPlan | Refusal) -> dict[str, Any]:
    return {part.name: getattr(plan, part.name) for part in fields(plan)}
