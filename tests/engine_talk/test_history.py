"""The history that models are given."""

import pytest

from trunkline.domain.assistant import PromptMessage
from trunkline.engine.history import History, result_text
from trunkline.ports.models import ToolCall, Turn
from trunkline.ports.toolrunner import ToolResult

pytestmark = pytest.mark.unit
PROMPT = (PromptMessage(content="Be kind."),)
CALL = ToolCall("c1", "look_up", {"id": 4})


def test_the_prompt_comes_first_and_turns_follow() -> None:
    history = History(PROMPT)
    history.add("assistant", "Hello.")
    history.add("user", "Hi.")
    assert history.turns() == (Turn("system", "Be kind."), Turn("assistant", "Hello."), Turn("user", "Hi."))


def test_turns_of_one_side_in_a_row_become_one() -> None:
    history = History(())
    history.add("user", "I would like")
    unheard = history.add("assistant", "Certainly.")
    history.add("user", "a table")
    unheard.content = ""
    assert history.turns() == (Turn("user", "I would like a table"),)
    assert history.turns(user="for two") == (Turn("user", "I would like a table for two"),)
    assert history.turns() == (Turn("user", "I would like a table"),)


def test_results_stand_right_behind_the_turn_that_called() -> None:
    history = History(())
    entry = history.add("assistant", "One moment.")
    entry.calls = (CALL,)
    history.add("user", "are you there")
    entry.results["c1"] = result_text(ToolResult("c1", {"name": "Zoë"}))
    assert history.turns() == (
        Turn("assistant", "One moment.", (CALL,)),
        Turn("tool", '{"name": "Zoë"}', (), "c1"),
        Turn("user", "are you there"),
    )


def test_a_turn_that_called_stays_even_when_no_word_of_it_was_heard() -> None:
    history = History(())
    history.add("assistant", "Hello.")
    entry = history.add("assistant", "")
    entry.calls = (CALL,)
    entry.results["c1"] = "4"
    history.add("assistant", "Done.")
    assert [turn.role for turn in history.turns()] == ["assistant", "tool", "assistant"]


def test_a_failure_is_told_under_error() -> None:
    assert result_text(ToolResult("c1", "the server said 500", failed=True)) == '{"error": "the server said 500"}'
