"""What a call of the matrix came to, and whether it was allowed to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.faults.cells import HARMLESS, Cell, Course
from bench.faults.models import REPLIES, SAID, SECONDS_PER_CHARACTER
from bench.faults.play import GREETING, Played
from trunkline.domain.call import EndReason
from trunkline.domain.transcript import Role
from trunkline.engine.prompt import APOLOGIES
from trunkline.testing.emulators.brain import answer
from trunkline.testing.emulators.house import Fault, Moment

LONGEST_WAIT = {Course.ONCE: 13.0, Course.ALONE: 15.0, Course.FALLBACK: 10.0}
"""The longest silence in seconds in which the party waits, with the end of its turn and what emulators take."""
UNDERSTOOD_SHARE = 0.6
HEARD_SHARE = 0.6
_ANSWERED_BY_VENDORS = ("llm", "realtime")
_SPOKEN_BY_VENDORS = ("tts", "realtime")
PICO_SECONDS_PER_CHARACTER = 0.045
_WORD = re.compile(r"[a-z']+")


class Outcome(StrEnum):
    """How a call ended."""

    COMPLETED = "completed"
    FALLBACK = "fallback"
    """Completed by the other vendor."""
    APOLOGY = "apology"
    """Ended as ``provider_error``, with an apology."""
    UNANSWERED = "unanswered"
    """Given up as ``provider_error`` while it rang: nobody picked up, and nobody was left in silence."""
    SPARED = "spared"
    """The protocol has no such moment: nothing went wrong."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a cell; ``why`` says what was wrong."""

    cell: Cell
    outcome: Outcome
    waited_seconds: float
    why: str = ""


def judged(played: Played) -> Verdict:
    """The verdict on a call."""
    problems = list(_problems(played))
    outcome = Outcome.WRONG if problems else _outcome(played)
    return Verdict(played.cell, outcome, played.waited_seconds, "; ".join(problems))


def _outcome(played: Played) -> Outcome:
    if not played.struck:
        return Outcome.SPARED
    if played.ended is not None and played.ended.reason is EndReason.PROVIDER_ERROR:
        return Outcome.APOLOGY if played.answered else Outcome.UNANSWERED
    stages = played.ended.usage.stages if played.ended else ()
    used = {one.provider for one in stages if one.stage == played.cell.booked_as}
    return Outcome.FALLBACK if played.cell.fallback in used else Outcome.COMPLETED


def _problems(played: Played) -> Iterator[str]:
    cell, ended = played.cell, played.ended
    if ended is None:
        yield f"it hung; said: {_said(played)}"
        return
    if ended.reason is EndReason.PROVIDER_ERROR:
        if not _may_fail(cell):
            yield f"lost: {ended.error}"
        if played.answered and not _apologised(played):
            yield f"no apology; said: {_said(played)}"
        if cell.vendor not in (ended.error or ""):
            yield f"the error does not name {cell.vendor}: {ended.error}"
    elif ended.reason is not EndReason.USER_HANGUP:
        yield f"ended as {ended.reason.value}: {ended.error}"
    else:
        yield from _missing(played)
    if played.waited_seconds > LONGEST_WAIT[cell.course]:
        yield f"a silence of {played.waited_seconds:.1f} s"
    yield from _unheard(played)


def _may_fail(cell: Cell) -> bool:
    """Whether a call may be lost: nobody stands by, and the fault lasts or is for good."""
    if cell.fault in HARMLESS or cell.course is Course.FALLBACK:
        return False
    return cell.course is Course.ALONE or cell.fault is Fault.UNAUTHORISED


def _apologised(played: Played) -> bool:
    words = APOLOGIES["en"]
    return any(message.role is Role.ASSISTANT and message.content == words for message in played.messages)


def _missing(played: Played) -> Iterator[str]:
    """Words that are not in the transcript as they should be."""
    user = [message.content for message in played.messages if message.role is Role.USER]
    assistant = [message.content for message in played.messages if message.role is Role.ASSISTANT]
    for words in SAID:
        if not any(_share(words, heard) >= UNDERSTOOD_SHARE for heard in user):
            yield f"not understood: {words!r} in {user}"
    for words in _expected(played.cell, user):
        if words not in assistant and not _went_on(played.cell, words, assistant):
            yield f"not said: {words!r} in {assistant}"


def _went_on(cell: Cell, words: str, assistant: Sequence[str]) -> bool:
    """Whether a realtime model broke in the midst of these words, and the next session spoke on: what it says it chooses
    itself."""
    if cell.stage != "realtime" or cell.moment is not Moment.MIDDLE or cell.fault in HARMLESS:
        return False
    return any(begun and words.startswith(begun) for begun in assistant[:-1])


def _expected(cell: Cell, user: Sequence[str]) -> list[str]:
    if cell.stage not in _ANSWERED_BY_VENDORS:
        return [GREETING, *REPLIES]
    return [GREETING, *(answer([("user", words)]).text for words in user)]


def _share(words: str, heard: str) -> float:
    wanted = _WORD.findall(words.lower())
    found = set(_WORD.findall(heard.lower()))
    return sum(word in found for word in wanted) / len(wanted)


def _unheard(played: Played) -> Iterator[str]:
    pace = PICO_SECONDS_PER_CHARACTER if played.cell.stage in _SPOKEN_BY_VENDORS else SECONDS_PER_CHARACTER
    said = sum(len(message.content) for message in played.messages if message.role is Role.ASSISTANT)
    if played.heard_seconds < HEARD_SHARE * pace * said:
        yield f"not heard: {played.heard_seconds:.1f} s of {pace * said:.1f} s"


def _said(played: Played) -> list[str]:
    return [f"{message.role.value}: {message.content}" for message in played.messages]
