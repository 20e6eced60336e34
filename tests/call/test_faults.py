"""A vendor fails in the midst of whole calls: a few cells of the fault matrix, all at the same time."""

import asyncio

import pytest
from bench.faults.__main__ import run
from bench.faults.cells import Cell, Course, cells
from bench.faults.judging import Outcome, Verdict

pytestmark = pytest.mark.call

FEW = (
    ("stt", "deepgram", "drop", "first", "fallback", Outcome.FALLBACK),
    ("stt", "elevenlabs", "silence", "first", "fallback", Outcome.FALLBACK),
    ("stt", "deepgram", "unauthorised", "connect", "alone", Outcome.UNANSWERED),
    ("llm", "anthropic", "overloaded", "connect", "fallback", Outcome.FALLBACK),
    ("llm", "openai", "drop", "middle", "once", Outcome.COMPLETED),
    ("llm", "google", "silence", "first", "fallback", Outcome.FALLBACK),
    ("tts", "elevenlabs", "half_open", "middle", "fallback", Outcome.FALLBACK),
    ("tts", "openai", "error", "first", "alone", Outcome.APOLOGY),
    ("tts", "xai", "drop", "first", "once", Outcome.COMPLETED),
)


def test_no_call_is_lost_while_a_configured_provider_works() -> None:
    expected: dict[Cell, Outcome] = {}
    for *words, course, outcome in FEW:
        (cell,) = cells(words, [Course(course)])
        expected[cell] = Outcome(outcome)
    verdicts: list[Verdict] = asyncio.run(run(list(expected), len(expected)))
    assert {one.cell: (one.outcome, one.why) for one in verdicts} == {
        cell: (outcome, "") for cell, outcome in expected.items()
    }
