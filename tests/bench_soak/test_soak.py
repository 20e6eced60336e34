"""A small soak against the composed platform: real SIP and RTP, every call judged, nothing left behind."""

from typing import Any

import pytest
from bench.soak.run import Plan, soak

pytestmark = pytest.mark.call

KINDS = ("talks", "refuses", "cancelled", "ordered to end", "tools", "odd packets", "hung up on a failure", "transfer")


async def test_a_small_soak_has_every_right_end_and_leaves_nothing() -> None:
    told: list[dict[str, Any]] = []
    found = await soak(Plan(calls=20, at_once=20, wave=20, seed=3, kinds=KINDS), told.append)
    assert [line for line in told if "wrong" in line] == []
    assert found["left_over"] == []
    assert found["calls"] == found["reported_calls"] == 20
    assert found["ok"]
