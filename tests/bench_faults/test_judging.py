"""The fault matrix calls a cell wrong when something was lost, and only then; its tables go where they belong."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench.faults.cells import FAULTS, Cell, Course, cell_of, cells, providers
from bench.faults.judging import Outcome, judged
from bench.faults.models import REPLIES, SAID
from bench.faults.play import GREETING, Played
from bench.faults.report import BEGIN, END, earlier, written

from tests.vendors import conformance_realtime
from trunkline.domain.call import EndReason
from trunkline.domain.events import CallEnded, StageUsage, Usage
from trunkline.domain.transcript import Message, Role
from trunkline.engine.prompt import APOLOGIES
from trunkline.testing.emulators.brain import answer
from trunkline.testing.emulators.house import Fault, Moment

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CELL = Cell("tts", "openai", Fault.DROP, Moment.FIRST, Course.FALLBACK)
ALONE = replace(CELL, course=Course.ALONE)


def message(role: Role, content: str) -> Message:
    return Message(role, content, NOW, NOW)


TALK = [
    message(Role.ASSISTANT, GREETING),
    message(Role.USER, SAID[0]),
    message(Role.ASSISTANT, REPLIES[0]),
    message(Role.USER, SAID[1].lower()),
    message(Role.ASSISTANT, REPLIES[1]),
]
SORRY = [TALK[0], message(Role.ASSISTANT, APOLOGIES["en"])]


def ended(
    reason: EndReason = EndReason.USER_HANGUP, *used: str, error: str | None = None, stage: str = "tts"
) -> CallEnded:
    stages = tuple(StageUsage(stage, provider, characters=9) for provider in used)
    return CallEnded(NOW, reason, error, usage=Usage(stages=stages))


def played(cell: Cell = CELL, **facts: object) -> Played:
    whole = {
        "ended": ended(EndReason.USER_HANGUP, "deepgram"),
        "messages": TALK,
        "heard_seconds": 20.0,
        "struck": True,
        "answered": True,
    }
    return Played(cell, **{**whole, "waited_seconds": 2.0, **facts})  # type: ignore[arg-type]


def test_a_whole_call_is_completed_by_whom_it_was() -> None:
    assert judged(played()).outcome is Outcome.FALLBACK
    assert judged(played(ended=ended(EndReason.USER_HANGUP, "openai"))).outcome is Outcome.COMPLETED
    assert judged(played(struck=False)).outcome is Outcome.SPARED


def test_an_apology_is_right_where_nobody_stands_by() -> None:
    lost = ended(EndReason.PROVIDER_ERROR, error="the voice (openai) failed")
    assert judged(played(ALONE, ended=lost, messages=SORRY)).outcome is Outcome.APOLOGY
    once = replace(CELL, course=Course.ONCE)
    assert judged(played(once, ended=lost, messages=SORRY)).outcome is Outcome.WRONG
    unanswered = played(ALONE, ended=lost, messages=[], heard_seconds=0.0, waited_seconds=0.0, answered=False)
    assert judged(unanswered).outcome is Outcome.UNANSWERED
    refused = replace(once, fault=Fault.UNAUTHORISED, moment=Moment.CONNECT)
    assert judged(played(refused, ended=lost, messages=SORRY)).outcome is Outcome.APOLOGY


LOST = ended(EndReason.PROVIDER_ERROR, error="the voice (openai) failed")


@pytest.mark.parametrize(
    ("cell", "facts", "why"),
    [
        (CELL, {"ended": None}, "it hung"),
        (CELL, {"ended": LOST, "messages": SORRY}, "lost"),
        (ALONE, {"ended": LOST, "messages": TALK[:1]}, "no apology"),
        (ALONE, {"ended": replace(LOST, error="no idea"), "messages": SORRY}, "does not name"),
        (ALONE, {"ended": ended(EndReason.INTERNAL_ERROR)}, "internal_error"),
        (CELL, {"messages": TALK[:1] + TALK[2:]}, "not understood"),
        (CELL, {"messages": [*TALK[:2], message(Role.ASSISTANT, "Tomorrow"), *TALK[3:]]}, "not said"),
        (CELL, {"waited_seconds": 20.0}, "a silence of 20.0 s"),
        (CELL, {"heard_seconds": 1.0}, "not heard"),
    ],
)
def test_what_is_lost_is_wrong(cell: Cell, facts: dict[str, object], why: str) -> None:
    verdict = judged(played(cell, **facts))
    assert verdict.outcome is Outcome.WRONG
    assert why in verdict.why


TALKER = Cell("realtime", "xai_realtime", Fault.DROP, Moment.MIDDLE, Course.FALLBACK)
BROKEN = [
    message(Role.ASSISTANT, "Good afternoon, how"),
    message(Role.ASSISTANT, "Are you still there?"),
    message(Role.USER, SAID[0]),
    message(Role.ASSISTANT, answer([("user", SAID[0])]).text),
    *TALK[3:4],
    message(Role.ASSISTANT, answer([("user", SAID[1].lower())]).text),
]


def spoken(cell: Cell = TALKER, **facts: object) -> Played:
    whole = {"ended": ended(EndReason.USER_HANGUP, "openai_realtime", stage="llm"), "messages": BROKEN}
    return played(cell, **{**whole, **facts})


def test_a_realtime_model_that_broke_in_mid_word_speaks_on_as_it_likes() -> None:
    assert judged(spoken()).outcome is Outcome.FALLBACK
    itself = ended(EndReason.USER_HANGUP, "xai_realtime", stage="llm")
    assert judged(spoken(ended=itself)).outcome is Outcome.COMPLETED
    assert "not said" in judged(spoken(messages=BROKEN[1:])).why


@pytest.mark.parametrize("change", [{"moment": Moment.FIRST}, {"fault": Fault.SLOW}])
def test_otherwise_a_realtime_model_says_every_word(change: dict[str, Any]) -> None:
    cell = replace(TALKER, **change)
    assert "not said: 'Good afternoon" in judged(spoken(cell)).why
    assert judged(spoken(cell, messages=[TALK[0], *BROKEN[2:]])).outcome is Outcome.FALLBACK


def test_a_realtime_vendor_is_named_in_the_error_of_its_call() -> None:
    cell = replace(TALKER, course=Course.ALONE)
    lost = ended(EndReason.PROVIDER_ERROR, error="the realtime model (xai) failed: xai refused the key (401)")
    assert judged(spoken(cell, ended=lost, messages=SORRY)).outcome is Outcome.APOLOGY
    unnamed = replace(lost, error="the realtime model failed")
    assert "does not name xai" in judged(spoken(cell, ended=unnamed, messages=SORRY)).why


def test_what_a_realtime_vendor_has_to_bear_is_played_in_whole_calls() -> None:
    assert set(FAULTS["realtime"]) >= set(conformance_realtime.FAULTS)
    assert set(FAULTS["realtime"]) > set(FAULTS["llm"])


def test_every_vendor_fails_in_every_course_and_one_can_be_picked() -> None:
    everything = list(cells())
    assert {(one.stage, one.provider) for one in everything} == {
        (stage, name) for stage, names in providers().items() for name in names
    }
    assert all((one.fallback is not None) == (one.course is Course.FALLBACK) for one in everything)
    assert all(one.fallback != one.provider for one in everything)
    assert {one.provider for one in cells(["openai", "llm"])} == {"openai"}
    assert {one.stage for one in cells(["openai_realtime"])} == {"realtime"}
    assert [one for one in everything if cell_of(str(one)) != one] == []


def test_lines_of_earlier_runs_make_the_same_tables() -> None:
    lines = [
        '{"cell": "tts openai drop first alone", "outcome": "wrong", "waited_seconds": 3.0, "why": "lost"}',
        "something else",
        '{"cell": "tts openai drop first fallback", "outcome": "fallback", "waited_seconds": 2.0}',
        '{"cell": "tts openai drop first alone", "outcome": "apology", "waited_seconds": 2.5}',
    ]
    assert [(one.cell, one.outcome) for one in earlier(lines)] == [
        (ALONE, Outcome.APOLOGY),
        (CELL, Outcome.FALLBACK),
    ]


def test_the_tables_stand_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{BEGIN}\nold\n{END}\n\nTail\n")
    verdicts = [judged(played()), judged(played(ALONE, ended=LOST, messages=SORRY)), judged(played(heard_seconds=0.0))]
    written(page, verdicts[:2])
    text = page.read_text()
    assert text.startswith("# Head\n")
    assert text.endswith(f"{END}\n\nTail\n")
    assert "old" not in text
    assert "### Problems" not in text
    assert "| drop, first | – ✗ ⇄ |" in text
    written(page, verdicts[2:])
    assert "**wrong**" in page.read_text()
    assert "| Text to speech | not heard | 0 | 0 | 1 |" in page.read_text()
