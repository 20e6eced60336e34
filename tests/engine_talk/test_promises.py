"""Whatever happens, in whatever order: the promises of the conversation hold."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine_talk.chaos import Chaos
from tests.engine_talk.duplex_chaos import DuplexChaos
from tests.engine_talk.world import plan
from trunkline.domain.events import CallEnded

pytestmark = pytest.mark.unit

TOOLS = [
    {"name": "look_up", "url": "https://example.org/a", "async_response": "One moment."},
    {"name": "book", "url": "https://example.org/b"},
    {"type": "end_call"},
    {"type": "transfer_call", "destinations": [{"number": "+31201234567", "message": "I connect you."}]},
    {"type": "send_dtmf"},
]
SETTINGS: dict[str, Any] = {
    "first_message": "Good day.",
    "autonomous_silence_handling": True,
    "llm_config": {"provider": "local", "tools": TOOLS},
    "speech_config": {"end_call_phrases": ["goodbye then"], "end_call_message": "Bye."},
}
PLAN = plan(max_duration_seconds=60, **SETTINGS)
LONG_PLAN = plan(max_duration_seconds=14400, **SETTINGS)
WORDY_PLAN = plan(
    max_duration_seconds=14400,
    llm_config={"provider": "local", "tools": TOOLS},
    speech_config={"turn_taking": {"interruption_min_words": 2, "endpointing_min_delay": 0.1}},
)
PLANS = (PLAN, LONG_PLAN, WORDY_PLAN)


def live_through(chaos: Chaos | DuplexChaos, steps: int) -> None:
    """Steps until the call is closed, and looks whether it ended as every call has to."""
    for _ in range(steps):
        if chaos.closed:
            break
        chaos.step()
    if not chaos.closed:
        chaos.close()
    assert chaos.talk.ended
    assert isinstance(chaos.facts[-1], CallEnded)
    assert sum(isinstance(fact, CallEnded) for fact in chaos.facts) == 1
    assert sorted(chaos.outcomes) == sorted(chaos.orders)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_order_of_events_breaks_a_promise(data: st.DataObject) -> None:
    chaos = Chaos(PLAN, lambda ways: data.draw(st.integers(0, ways - 1)))
    live_through(chaos, data.draw(st.integers(5, 90)))


@pytest.mark.parametrize("seed", range(0, 1000, 50))
def test_long_wild_calls_keep_every_promise(seed: int) -> None:
    for offset in range(50):
        dice = Random(seed + offset)
        live_through(Chaos(dice.choice(PLANS), dice.randrange), steps=250)


@pytest.mark.parametrize("seed", range(0, 1000, 50))
def test_when_the_party_says_no_more_every_call_ends_by_itself(seed: int) -> None:
    for offset in range(50):
        dice = Random(seed + offset)
        chaos = Chaos(dice.choice((LONG_PLAN, WORDY_PLAN)), dice.randrange)
        for _ in range(dice.randrange(150)):
            if not chaos.closed:
                chaos.step()
        assert chaos.closed or chaos.calm_down(seconds=120)
