"""The combinations as a table for the manual: a row for each recogniser, a column for each model, a sign for each voice."""

from collections.abc import Sequence
from pathlib import Path

from bench.combinations.cells import LLM, REALTIME, STT, TTS, Combination
from bench.combinations.judging import Verdict

BEGIN, END = "<!-- combinations -->", "<!-- /combinations -->"
PASSED, SECOND, FAILED, NOT_TRIED = "✓", "2nd try", "**failed**", "–"


def sign(verdict: Verdict | None) -> str:
    """What stands in the table."""
    if verdict is None:
        return NOT_TRIED
    if not verdict.passed:
        return FAILED
    return PASSED if verdict.tries == 1 else SECOND


def figures(verdicts: Sequence[Verdict]) -> dict[str, float | int]:
    """The sums of a run; seconds and error rates are those of the calls that passed."""
    passed = [one for one in verdicts if one.passed]
    lengths = sorted(one.seconds for one in passed)
    sides = list(zip(*(one.error_rates for one in passed if one.error_rates), strict=True))
    found: dict[str, float | int] = {
        "combinations": len(verdicts),
        "passed": len(passed),
        "second_tries": sum(one.tries > 1 for one in passed),
        "failed": len(verdicts) - len(passed),
    }
    if lengths:
        found |= {
            "call_seconds_median": round(lengths[len(lengths) // 2], 1),
            "call_seconds_max": round(lengths[-1], 1),
        }
    for name, rates in zip(("customer", "assistant"), sides, strict=False):
        found[f"{name}_error_rate_mean"] = round(sum(rates) / len(rates), 3)
        found[f"{name}_error_rate_max"] = round(max(rates), 3)
    return found


def markdown(verdicts: Sequence[Verdict], how: str) -> str:
    """The tables and the figures of one run; ``how`` is one sentence on how it was made."""
    found = {one.combination: one for one in verdicts}
    lines = [["hears \\ thinks", *LLM], ["---"] * (1 + len(LLM))]
    lines += [[stt, *(_cell(found, stt, llm) for llm in LLM)] for stt in STT]
    realtime = [["realtime", *REALTIME], ["---"] * (1 + len(REALTIME))]
    realtime += [["one model", *(sign(found.get(Combination(llm))) for llm in REALTIME)]]
    values = [["figure", "value"], ["---", "---"]]
    values += [[name.replace("_", " "), str(value)] for name, value in figures(verdicts).items()]
    parts = [how, _table(lines), _table(realtime), _table(values)]
    if failed := [one for one in verdicts if not one.passed]:
        parts.append("\n".join(f"- {one.combination}: {'; '.join(one.problems)}" for one in failed))
    return "\n\n".join(parts)


def written(page: Path, text: str) -> None:
    """Puts ``text`` into the page, between the markers."""
    head, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no {BEGIN} … {END}")
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


def _cell(found: dict[Combination, Verdict], stt: str, llm: str) -> str:
    return "<br>".join(f"{tts} {sign(found.get(Combination(llm, stt, tts)))}" for tts in TTS)


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
