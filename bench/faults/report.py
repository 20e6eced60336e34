"""The matrix as tables for the manual: by stage, a row for each fault and moment, a column for each vendor."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.faults.cells import FAULTS, Cell, Course, Tried, cell_of, cells
from bench.faults.judging import Outcome, Verdict

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
    """The tables, and the longest silences."""
    return "\n\n".join([*(_table(stage, verdicts) for stage in STAGES), _waits(verdicts)])


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
        row = []
        for course in Course:
            waits = [one.waited_seconds for one in verdicts if (one.cell.stage, one.cell.course) == (stage, course)]
            row.append(f"{max(waits):.1f}" if waits else "")
        lines.append([title, *row])
    return "### Silences\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
