"""A small soak against the composed platform: real SIP and RTP, every call judged, nothing left behind."""

from typing import Any

import pytest
from bench.soak.run import Plan, soak

pytestmark = pytest.mark.call

KINDS = (
    *("talks", "refuses", "cancelled", "ordered to end", "tools", "odd packets", "hung up on a failure", "transfer"),
    *("warm transfer", "inbound", "inbound gives up", "inbound turned away", "inbound consent"),
)
SEED = 168
"""A seed with all of these kinds, and no call of more than half a minute."""


async def test_a_small_soak_has_every_right_end_and_leaves_nothing() -> None:
    told: list[dict[str, Any]] = []
    found = await soak(Plan(calls=24, at_once=24, wave=24, seed=SEED, kinds=KINDS), told.append)
    assert [line for line in told if "wrong" in line] == []
    assert found["left_over"] == []
    assert found["calls"] == found["reported_calls"] == 24
    assert found["ok"]
