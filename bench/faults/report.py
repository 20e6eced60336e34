"""The matrix as tables for the manual: by stage, a row for each fault and moment, a column for each vendor."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.faults.cells import FAULTS, Cell, Course, Tried, cell_of, cells
from bench.faults.judging import Outcome, Verdict

_KIND = re.compile(r"[:\d]")
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"
SIGNS = {
    Outcome.COMPLETED: "✓",
    Outcome.FALLBACK: "⇄",
    Outcome.APOLOGY: "✗",
    Outcome.UNANSWERED: "○",
    Outcome.SPARED: "·",
    Outcome.WRONG: "**wrong**",
}
STAGES: Mapping[Tried, str] = {
    "stt": "Speech to text",
    "llm": "Language models",
    "tts": "Text to speech",
    "realtime": "Speech to speech",
}


def earlier(lines: Iterable[str]) -> list[Verdict]:
    """The verdicts that earlier runs have printed; the last one of a cell counts. In the order of the matrix."""
    found: dict[Cell, Verdict] = {}
    for line in lines:
        if line.startswith('{"cell"'):
            told = json.loads(line)
            cell = cell_of(told["cell"])
            found[cell] = Verdict(cell, Outcome(told["outcome"]), told["waited_seconds"], told.get("why", ""))
    return [found[cell] for cell in cells() if cell in found]


def markdown(verdicts: Sequence[Verdict]) -> str:
    """The tables, the longest silences, and what was wrong where anything was."""
    parts = [*(_table(stage, verdicts) for stage in STAGES), _waits(verdicts), _problems(verdicts)]
    return "\n\n".join(part for part in parts if part)


def written(page: Path, verdicts: Sequence[Verdict]) -> None:
    """Puts the tables into the page, between the markers."""
    text = page.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n\n{markdown(verdicts)}\n\n{END}{tail}", "utf-8")


def _table(stage: Tried, verdicts: Sequence[Verdict]) -> str:
    found = {
        (one.cell.provider, one.cell.fault, one.cell.moment, one.cell.course): one
        for one in verdicts
        if one.cell.stage == stage
    }
    names = list(dict.fromkeys(provider for provider, *_ in found))
    if not names:
        return ""
    lines = [["Fault, moment", *names], ["---"] * (1 + len(names))]
    for fault, moment in FAULTS[stage]:
        row = [
            " ".join(
                SIGNS[found[key].outcome] if (key := (name, fault, moment, course)) in found else "–"
                for course in Course
            )
            for name in names
        ]
        lines.append([f"{fault.value.replace('_', ' ')}, {moment.value}", *row])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {STAGES[stage]}\n\n{table}"


def _waits(verdicts: Sequence[Verdict]) -> str:
    lines = [["Longest silence (s)", *(course.value for course in Course)], ["---"] * (1 + len(Course))]
    for stage, title in STAGES.items():
        if not (own := [one for one in verdicts if one.cell.stage == stage]):
            continue
        row = []
        for course in Course:
            waits = [one.waited_seconds for one in own if one.cell.course is course]
            row.append(f"{max(waits):.1f}" if waits else "")
        lines.append([title, *row])
    return "### Silences\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _problems(verdicts: Sequence[Verdict]) -> str:
    """How many cells have each kind of problem, which is what a sentence about it begins with."""
    found = Counter(
        (one.cell.stage, _KIND.split(problem)[0].strip(), one.cell.course)
        for one in verdicts
        for problem in one.why.split("; ")
        if one.outcome is Outcome.WRONG
    )
    lines = [["What was wrong", "problem", *(course.value for course in Course)], ["---"] * (2 + len(Course))]
    for stage, kind in dict.fromkeys((stage, kind) for stage, kind, _ in found):
        lines.append([STAGES[stage], kind, *(str(found[stage, kind, course]) for course in Course)])
    return "### Problems\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) if found else ""
