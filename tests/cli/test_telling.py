"""What the command line prints and sends, from literals."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from trunkline.cli.body import body
from trunkline.cli.lazy import LazyGroup
from trunkline.cli.main import Commands
from trunkline.cli.nouns.organisations import OrgCommands
from trunkline.cli.output import Output, printable
from trunkline.cli.telling import Teller
from trunkline.client import Event

pytestmark = pytest.mark.unit
AT = "2026-11-22T10:00:00.500Z"


def _words(role: str, content: str, *, final: bool) -> Event:
    data = {"at": AT, "role": role, "content": content, "started_at": AT, "final": final, "interrupted": False}
    return Event("transcript", data, None)


def test_words_stand_below_until_they_are_final() -> None:
    teller = Teller()
    assert teller.take(_words("user", "Who", final=False)) == []
    assert teller.said == {"user": "Who"}
    [line] = teller.take(_words("user", "Who is this?", final=True))
    assert (line.who, line.text.plain, teller.said) == ("they", "Who is this?", {})


def test_a_turn_is_measured_below_the_words_that_answered() -> None:
    teller = Teller()
    latency = {"at": AT, "turn": 2, "heard": 812.4, "stt": 90.0, "llm_first_token": None}
    assert teller.take(Event("latency", latency, 3)) == []
    words, measured = teller.take(_words("assistant", "Maria.", final=True))
    assert (words.text.plain, measured.text.plain) == ("Maria.", "turn 2 answered after 812 ms (stt 90)")
    assert teller.rest() == []


def test_states_tell_why() -> None:
    [line] = Teller().take(Event("status", {"at": AT, "status": "failed", "end_reason": "busy", "error": None}, 9))
    assert line.text.plain == "failed (busy)"


def test_orders_to_a_terminal_do_not_come_through() -> None:
    assert printable("a\x1b[2Jb\x9bc\td\ne") == "a[2Jbc\td\ne"


@pytest.mark.parametrize(("columns", "rows"), [("60", 3), ("120", 2)])
def test_a_narrow_terminal_gets_fields(
    columns: str, rows: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    Output().many([{"id": "x" * 36, "name": "[red]Desk[/]"}], ("id", "name"), 7)
    told = capsys.readouterr()
    assert "[red]Desk[/]" in told.out
    assert "x" * 36 in told.out
    assert "\x1b[3" not in told.out
    assert len(told.out.splitlines()) == rows
    assert "1 of 7" in told.err


def test_options_win_over_the_file_and_paths_over_both(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"name": "file", "a": 1, "kept": true}')
    stored: dict[str, Any] = {"llm_config": {"model": "m", "messages": [{"content": "old"}]}}
    made = body(
        str(file),
        {"name": "option", "a": None},
        ["a=two", "n=null", 'text="12"', "llm_config.messages.0.content=new", "metadata.x.y=1"],
        lambda: stored,
    )
    assert made == {
        "name": "option",
        "kept": True,
        "a": "two",
        "n": None,
        "text": "12",
        "llm_config": {"model": "m", "messages": [{"content": "new"}]},
        "metadata": {"x": {"y": 1}},
    }
    assert stored["llm_config"]["messages"] == [{"content": "old"}]


def test_a_place_that_a_list_lacks_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="has 1 items"):
        body(None, {}, ["tools.3.name=x"], lambda: {"tools": [{}]})


@pytest.mark.parametrize("group", [Commands, OrgCommands])
def test_the_tables_name_what_there_is(group: type[LazyGroup]) -> None:
    for name, wanted in group.COMMANDS.items():
        found = typer.main.get_group(getattr(import_module(wanted.module), wanted.attribute))
        assert wanted.command is None or wanted.command in found.commands, name
        assert wanted.help.endswith("."), name
