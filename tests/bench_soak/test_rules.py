"""Which ends the soak takes for right, and what it takes for left over, from literals."""

from dataclasses import replace
from typing import Any

import pytest
from bench.soak.leaks import Held, left_over
from bench.soak.report import growth, summary
from bench.soak.rules import Deeds, Outcome, judge
from bench.soak.scripts import KINDS, Script, draw

from trunkline.domain.call import Direction, EndReason, end_status

pytestmark = pytest.mark.unit

TALK = Script(1, "talks")
ORDERED = Script(1, "ordered to end", ends=frozenset({"api_ended"}), must=True)
HANDED = Script(1, "transfer", ends=frozenset({"transferred"}))


def _wrong(script: Script, reason: str, status: str = "ended", reports: int = 1, **deeds: Any) -> list[str]:
    outcome = Outcome(script, Deeds(**deeds), status=status, reason=reason, reports=reports)
    return judge(outcome)


def test_who_hangs_up_first_gives_the_reason() -> None:
    assert _wrong(TALK, "user_hangup", hung_up_first=True) == []
    assert _wrong(TALK, "user_hangup") != []
    assert _wrong(TALK, "internal_error", "failed", hung_up_first=True) != []


def test_a_call_that_we_must_end_is_not_ended_by_the_far_end() -> None:
    assert _wrong(ORDERED, "api_ended") == []
    assert _wrong(ORDERED, "user_hangup", hung_up_first=True) != []


def test_transferred_is_only_who_was_handed_over() -> None:
    assert _wrong(HANDED, "transferred", "transferred", handed_over=True) == []
    assert _wrong(HANDED, "transferred", "transferred", bridged=True) == []
    assert _wrong(HANDED, "transferred", "transferred", hung_up_first=True) != []
    assert _wrong(HANDED, "user_hangup", hung_up_first=True, handed_over=True, handed_over_seconds=0.1) == []
    assert _wrong(HANDED, "user_hangup", hung_up_first=True, handed_over=True, handed_over_seconds=5.0) != []


@pytest.mark.parametrize(
    "deeds",
    [
        {"leg_gone": False},
        {"unconfirmed": 1},
        {"late_packets": 3},
        {"answered": True, "up_seconds": 4.0, "packets": 2},
        {"problems": ["it was dialled twice"]},
    ],
    ids=["leg", "unconfirmed", "late", "silent", "problem"],
)
def test_a_right_reason_is_not_enough(deeds: dict[str, Any]) -> None:
    assert len(_wrong(TALK, "user_hangup", hung_up_first=True, **deeds)) == 1


def test_each_call_has_one_report_and_the_status_of_its_reason() -> None:
    assert _wrong(TALK, "user_hangup", hung_up_first=True, reports=0) != []
    assert _wrong(TALK, "user_hangup", hung_up_first=True, reports=2) != []
    assert _wrong(TALK, "user_hangup", "failed", hung_up_first=True) != []


def test_the_reasons_drawn_have_the_end_states_of_the_domain() -> None:
    for number in range(500):
        for reason in draw(number, 1).ends:
            status = end_status(EndReason(reason), Direction.OUTBOUND, answered=True)
            assert not any("status" in wrong for wrong in _wrong(TALK, reason, status))


def test_the_same_seed_has_the_same_calls_and_every_kind_comes() -> None:
    assert [draw(number, 5) for number in range(50)] == [draw(number, 5) for number in range(50)]
    assert draw(3, 5) != draw(3, 6)
    assert {draw(number, 5).kind for number in range(1000)} == set(KINDS)


def test_every_call_ends_by_itself() -> None:
    for number in range(1000):
        script = draw(number, 2)
        assert script.ring != "answers" or any(act.what == "hang_up" for act in script.acts)


CENSUS = {
    "live_calls": 0,
    "room": 250,
    "offered": 0,
    "supervisor_tasks": 0,
    "legs": 0,
    "seats": 0,
    "vad_slots": 0,
    "tasks": {"media:clock": 1, "unnamed": 2},
    "heap_mb": 60.0,
}
ROWS = {"live_rows": 0, "outbox_rows": 0, "waiting_deliveries": 0, "dead_deliveries": 0}
IDLE = Held(CENSUS, 20, {"udp": 3, "tcp": 4, "file": 9}, ROWS, 0, 200.0)


def test_an_idle_platform_has_nothing_left_over() -> None:
    assert left_over(IDLE, IDLE, IDLE) == []


@pytest.mark.parametrize(
    "now",
    [
        replace(IDLE, census=CENSUS | {"live_calls": 1}),
        replace(IDLE, census=CENSUS | {"room": 249}),
        replace(IDLE, census=CENSUS | {"vad_slots": 1}),
        replace(IDLE, census=CENSUS | {"tasks": {"media:clock": 1, "unnamed": 3}}),
        replace(IDLE, threads=29),
        replace(IDLE, files={"udp": 4, "tcp": 4, "file": 9}),
        replace(IDLE, files={"udp": 3, "tcp": 4, "file": 22}),
        replace(IDLE, rows=ROWS | {"outbox_rows": 1}),
        replace(IDLE, rows=ROWS | {"dead_deliveries": 1}),
        replace(IDLE, listed_live=1),
    ],
    ids=["call", "room", "detector", "task", "thread", "port", "file", "outbox", "dead", "listed"],
)
def test_whatever_is_left_is_found(now: Held) -> None:
    assert len(left_over(now, IDLE, IDLE)) == 1


def _looks(*sizes: float) -> list[tuple[int, Held]]:
    return [(200 * (count + 1), replace(IDLE, rss_mb=size)) for count, size in enumerate(sizes)]


def test_growth_is_a_line_through_the_looks() -> None:
    def resident(one: Held) -> float:
        return one.rss_mb

    assert growth(_looks(200, 202, 204), resident) == 1.0
    assert growth(_looks(200, 200.2, 199.9, 200.1), resident) == pytest.approx(0.0, abs=0.1)
    assert growth(_looks(200, 210), resident) is None


def test_a_soak_is_only_well_where_all_is() -> None:
    good = Outcome(TALK, Deeds(), call_id="a", reason="user_hangup")
    looks = _looks(200, 200, 200)
    assert summary([good], looks, [], {"a": 1})["ok"]
    assert not summary([replace(good, wrong=["x"])], looks, [], {"a": 1})["ok"]
    assert not summary([good], looks, ["threads"], {"a": 1})["ok"]
    assert not summary([good], looks, [], {})["ok"]
    assert not summary([good], _looks(200, 210, 220), [], {"a": 1})["ok"]
    heaps = [(count, replace(one, census=CENSUS | {"heap_mb": 60.0 + count / 50})) for count, one in looks]
    assert not summary([good], heaps, [], {"a": 1})["ok"]
