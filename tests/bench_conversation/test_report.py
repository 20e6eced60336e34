"""Figures of many calls are those of all their events together."""

import pytest
from bench.conversation.measure import Outcome
from bench.conversation.report import Result, cells, figures, markdown
from bench.conversation.truth import Truth

pytestmark = pytest.mark.unit

ONE = Outcome(turns=3, wrong_cut_ins=1, response_ms=[400.0, 500.0], false_events=2, false_stops=1)
OTHER = Outcome(turns=1, missed_ends=1, response_ms=[900.0], barge_ins=1, stop_ms=[120.0], pause_ms=[1500.0])
TOLD = Truth(
    said_words=50, said_errors=2, cuts=2, over_words=[1, 0], under_words=[0, 3], their_words=10, their_errors=1
)
RESULTS = [Result("plain", "clean", ONE, TOLD), Result("plain", "loss_5", OTHER, None)]


def test_events_are_added_and_percentiles_are_of_all_values() -> None:
    found = figures(RESULTS)
    assert (found["calls"], found["turns"], found["wrong_cut_ins"], found["missed_ends"]) == (2, 4, 1, 1)
    assert (found["response_ms_p50"], found["response_ms_p95"]) == (500.0, 860.0)
    assert (found["barge_in_stop_ms_p95"], found["pause_ms_p50"]) == (120.0, 1500.0)
    assert (found["said_word_error"], found["their_word_error"]) == (0.04, 0.1)
    assert (found["overclaimed_words"], found["underclaimed_words"]) == (0.5, 1.5)


def test_nothing_measured_is_none_and_not_zero() -> None:
    found = figures([Result("plain", "clean", Outcome(), None)])
    names = ("response_ms_p50", "barge_in_stop_ms_p95", "said_word_error", "overclaimed_words", "cuts")
    assert [found[name] for name in names] == [None] * 5


def test_adding_up_leaves_the_calls_as_they_were() -> None:
    figures(RESULTS)
    assert ONE.turns == 3
    assert ONE.response_ms == [400.0, 500.0]


def test_a_row_for_each_cell_and_a_table_by_category_and_by_line() -> None:
    assert [(row["category"], row["condition"], row["turns"]) for row in cells(RESULTS)] == [
        ("plain", "clean", 3),
        ("plain", "loss_5", 1),
    ]
    by_category, by_line = markdown(RESULTS).split("\n\n")
    assert [line.split(" | ")[0] for line in by_category.splitlines()[2:]] == ["| plain", "| all"]
    assert [line.split(" | ")[0] for line in by_line.splitlines()[2:]] == ["| clean", "| loss_5", "| all"]
    assert "| 400" not in by_category
    assert "500, 860" in by_category
    assert {line.count("|") for line in by_category.splitlines()} == {15}
