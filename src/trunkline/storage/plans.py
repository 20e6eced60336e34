"""The plan of a call as text, secrets in clear: only ever kept sealed."""

from dataclasses import fields
from typing import Any

import orjson

from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.storage.secrets import revealed


def plan_to_json(plan: CallPlan) -> str:
    """The whole plan as JSON."""
    values = _values(plan)
    values["assistant"] = revealed(plan.assistant)
    values["trunk"] = None if plan.trunk is None else _values(plan.trunk)
    return orjson.dumps(values).decode()


def plan_from_json(text: str) -> CallPlan:
    """The plan that ``plan_to_json`` wrote."""
    values: dict[str, Any] = orjson.loads(text)
    values["direction"] = Direction(values["direction"])
    values["assistant"] = TransientAssistant.model_validate(values["assistant"])
    if (trunk := values["trunk"]) is not None:
        values["trunk"] = TrunkPlan(**{**trunk, "codecs": tuple(trunk["codecs"])})
    return CallPlan(**values)


def _values(plan: CallPlan | TrunkPlan) -> dict[str, Any]:
    return {part.name: getattr(plan, part.name) for part in fields(plan)}
