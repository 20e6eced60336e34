"""What happened in one call: the wire and the platform's transcript against the labels."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from bench.conversation.calls import Played
from bench.conversation.hearing import SPURT_GAP_SECONDS, Spurt, spurts
from bench.conversation.script import Case, Clip, Kind
from bench.conversation.voices import RATE_HZ
from bench.conversation.wire import Recording

MISSED_SECONDS = 4.0
"""A turn that is not answered for so long is missed."""
COLLISION_SECONDS = 0.3
"""Two who begin within so long of each other could not know."""
INTERRUPTION_SECONDS = 0.3
"""The assistants' ``interruption_min_duration``."""
LATE_STOP_SECONDS = 2.0
_SLACK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Stretch:
    """A labelled stretch of their sound as it was given to the line, in seconds since 1970; ``complete_at`` is when it
    had lasted long enough to interrupt."""

    clip: Clip
    start: float
    end: float
    complete_at: float


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the transcript, times in seconds since 1970."""

    role: str
    text: str
    start: float
    end: float
    interrupted: bool


@dataclass(slots=True)
class Outcome:
    """What happened, by counts and in milliseconds."""

    turns: int = 0
    wrong_cut_ins: int = 0
    split_turns: int = 0
    missed_ends: int = 0
    response_ms: list[float] = field(default_factory=list)
    barge_ins: int = 0
    late_stops: int = 0
    stop_ms: list[float] = field(default_factory=list)
    false_events: int = 0
    false_stops: int = 0
    pause_ms: list[float] = field(default_factory=list)
    spurious_replies: int = 0
    skipped_steps: int = 0
    story: list[str] = field(default_factory=list)


def stretches(case: Case, recording: Recording) -> list[Stretch]:
    """All labelled stretches that were played, in their order."""
    found = []
    for mark in recording.marks:
        if mark.frame >= 0:
            clip = case.clips[mark.clip]
            enough = clip.start + round(INTERRUPTION_SECONDS * RATE_HZ) - 1
            times = (recording.time_of(mark.frame, sample) for sample in (clip.start, clip.end - 1, enough))
            found.append(Stretch(clip, *times))
    return found


def messages(raw: list[dict[str, Any]]) -> list[Said]:
    """The transcript with its times as numbers."""
    return [
        Said(one["role"], one["content"], _seconds(one["started_at"]), _seconds(one["ended_at"]), one["interrupted"])
        for one in raw
    ]


def whole_messages(played: Played) -> list[Said]:
    """The transcript as far as the far end listened: it hangs up in the middle of whatever is still being said."""
    until = played.recording.got_at[-1]
    return [one for one in messages(played.messages) if one.role == "user" or one.end <= until]


def measure(played: Played) -> Outcome:
    """All figures of a call but for those that need a recogniser."""
    theirs, ours = stretches(played.case, played.recording), spurts(played.recording)
    said = whole_messages(played)
    outcome = Outcome(skipped_steps=sum(mark.frame < 0 for mark in played.recording.marks))
    for place, stretch in enumerate(theirs):
        upto = theirs[place + 1].start if place + 1 < len(theirs) else float("inf")
        if stretch.clip.kind.real:
            _turn(outcome, stretch, upto, ours, said)
        elif _speaking(ours, stretch.start):
            outcome.false_events += 1
    real = [one for one in theirs if one.clip.kind.real]
    _falsely_stopped(outcome, real, ours, [one for one in said if one.role == "assistant"])
    return outcome


def _turn(outcome: Outcome, turn: Stretch, upto: float, ours: list[Spurt], said: list[Said]) -> None:
    outcome.turns += 1
    if turn.clip.kind is Kind.BARGE_IN:
        _barge_in(outcome, turn, ours, said)
    cut_ins = [one for one in ours if turn.start + COLLISION_SECONDS < one.start < turn.end]
    outcome.wrong_cut_ins += bool(cut_ins)
    if cut_ins:
        outcome.story.append(f"cut in {cut_ins[0].start - turn.end:.2f} s before the end of {turn.clip.words!r}")
    elif _count(said, "user", turn) > 1:
        outcome.split_turns += 1
    answers = [one.start for one in ours if turn.end <= one.start < upto]
    if answers and answers[0] - turn.end <= MISSED_SECONDS:
        outcome.response_ms.append((answers[0] - turn.end) * 1000)
    elif not _speaking(ours, turn.end):
        outcome.missed_ends += 1
        outcome.story.append(f"no answer to {turn.clip.words!r}")


def _barge_in(outcome: Outcome, turn: Stretch, ours: list[Spurt], said: list[Said]) -> None:
    """How long the assistant went on after it could know; none that had ended by itself before."""
    for one in ours:
        cut = any(mine.interrupted and mine.start < one.end and turn.start < mine.end for mine in said)
        if one.start <= turn.start < one.end and (cut or one.end > turn.complete_at):
            took = max(0.0, one.end - turn.complete_at)
            outcome.barge_ins += 1
            outcome.stop_ms.append(took * 1000)
            outcome.late_stops += took > LATE_STOP_SECONDS


def _falsely_stopped(outcome: Outcome, real: list[Stretch], ours: list[Spurt], said: list[Said]) -> None:
    """Replies that were given up, paused or made without any turn of theirs."""
    for place, one in enumerate(said):
        stopped_at = max((spurt.end for spurt in ours if spurt.start < one.end + _SLACK_SECONDS), default=one.end)
        if not any(turn.start < stopped_at + _SLACK_SECONDS and turn.end > one.start - _SLACK_SECONDS for turn in real):
            if one.interrupted:
                outcome.false_stops += 1
                outcome.story.append(f"stopped for good without reason after {one.text[-40:]!r}")
            outcome.pause_ms += [pause * 1000 for pause in _pauses(one, ours)]
        if place and not said[place - 1].interrupted:
            since = said[place - 1].start
            if not any(since < turn.end and turn.start < one.start for turn in real):
                outcome.spurious_replies += 1
                outcome.story.append(f"nobody asked for {one.text[:40]!r}")


def _pauses(one: Said, ours: list[Spurt]) -> list[float]:
    """The quiets in the middle of a message, as they were heard."""
    inside = [spurt for spurt in ours if spurt.end > one.start and spurt.start < one.end]
    quiets = [after.start - before.end for before, after in pairwise(inside)]
    return [quiet for quiet in quiets if quiet >= SPURT_GAP_SECONDS]


def _speaking(ours: list[Spurt], at: float) -> bool:
    return any(one.start <= at < one.end for one in ours)


def _count(said: list[Said], role: str, turn: Stretch) -> int:
    return sum(one.role == role and turn.start - COLLISION_SECONDS < one.start < turn.end for one in said)


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
