"""Whatever a realtime model and the party do, in whatever order: the promises of the conversation hold."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine_talk.duplex_chaos import DuplexChaos
from tests.engine_talk.test_promises import SETTINGS, TOOLS, live_through
from tests.engine_talk.world import plan

pytestmark = pytest.mark.unit

DUPLEX = {**SETTINGS, "llm_config": {"provider": "openai_realtime", "tools": TOOLS}}
PLAN = plan(max_duration_seconds=60, **DUPLEX)
LONG_PLAN = plan(max_duration_seconds=14400, **DUPLEX)
SCREENED_PLAN = plan(max_duration_seconds=14400, voicemail_detection=True, voicemail_message="Call us.", **DUPLEX)
PLANS = (PLAN, LONG_PLAN, SCREENED_PLAN)


def _live_through(chaos: DuplexChaos, steps: int) -> None:
    live_through(chaos, steps)
    chaos.check_order()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_order_of_events_breaks_a_promise(data: st.DataObject) -> None:
    chaos = DuplexChaos(PLAN, lambda ways: data.draw(st.integers(0, ways - 1)))
    _live_through(chaos, data.draw(st.integers(5, 90)))


@pytest.mark.parametrize("seed", range(0, 1000, 50))
def test_long_wild_calls_keep_every_promise(seed: int) -> None:
    for offset in range(50):
        dice = Random(seed + offset)
        _live_through(DuplexChaos(dice.choice(PLANS), dice.randrange), steps=250)


@pytest.mark.parametrize("seed", range(0, 1000, 50))
def test_when_the_party_says_no_more_every_call_ends_by_itself(seed: int) -> None:
    for offset in range(50):
        dice = Random(seed + offset)
        chaos = DuplexChaos(dice.choice((LONG_PLAN, SCREENED_PLAN)), dice.randrange)
        for _ in range(dice.randrange(150)):
            if not chaos.closed:
                chaos.step()
        assert chaos.closed or chaos.calm_down(seconds=160)
