"""What the demo tells and how it judges, from literals."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trunkline.cli.screen import Screen, compact
from trunkline.cli.story import Story
from trunkline.cli.verdict import Account, Verdict, judge

pytestmark = pytest.mark.unit


class Page(Screen):
    """A screen that keeps what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str, str]] = []

    def happened(self, moment: str, who: str, colour: str, text: str) -> None:
        """Keeps it."""
        self.told.append((moment, who, text))


def _at(seconds: float) -> str:
    return f"2026-11-22T10:00:{seconds:06.3f}Z"


def _status(status: str, at: float) -> tuple[str, dict[str, Any]]:
    return "status", {"at": _at(at), "status": status}


def _words(role: str, content: str, started: float, ended: float | None = None) -> tuple[str, dict[str, Any]]:
    final = ended is not None
    data = {"role": role, "content": content, "started_at": _at(started), "final": final, "interrupted": False}
    return "transcript", {"at": _at(ended or started), **data}


def _told(*events: tuple[str, dict[str, Any]], end: bool = True) -> list[tuple[str, str, str]]:
    page = Page()
    story = Story(page)
    for event, data in events:
        story.take(event, data)
    if end:
        story.end()
    return page.told


def test_times_count_from_the_answer() -> None:
    told = _told(_status("ringing", 10), _status("in-progress", 11.5), _words("assistant", "Hello.", 11.6, 13))
    assert [moment for moment, _, _ in told] == ["-1.50 s", "+0.00 s", "+0.10 s"]


def test_what_was_said_into_a_sentence_is_told_after_its_beginning() -> None:
    told = _told(
        _status("in-progress", 10),
        _words("assistant", "We are calling", 11),
        _words("user", "Who is", 12),
        _words("user", "Who is this?", 11.8, 12.5),
        _words("assistant", "We are calling about", 11, 13),
    )
    assert [text for _, _, text in told[1:]] == ["We are calling about", "Who is this?"]


def test_an_order_waits_for_what_began_before_it() -> None:
    told = _told(
        _status("in-progress", 10),
        ("order", {"at": _at(11.02), "command": {"type": "say"}}),
        _words("assistant", "Good", 11),
        _words("assistant", "Good morning.", 11, 12),
        ("command", {"at": _at(12.5), "type": "say", "outcome": "done"}),
    )
    assert [who for _, who, _ in told[1:]] == ["assistant", "we order", "command"]


def test_a_turn_is_measured_below_its_reply() -> None:
    told = _told(
        _status("in-progress", 10),
        _words("user", "Hello?", 10.5, 11),
        ("latency", {"at": _at(11.4), "turn": 1, "heard": 412.0, "stt": 300.0}),
        _words("assistant", "Good", 11.41),
        _words("assistant", "Good morning.", 11.41, 12),
    )
    assert [text for _, _, text in told[1:3]] == ["Hello?", "Good morning."]
    assert "answered after 412 ms (stt 300)" in told[3][2]


def test_words_that_never_become_final_hold_nothing_up_for_ever() -> None:
    told = _told(
        _status("in-progress", 10),
        _words("user", "uh", 11),
        _words("assistant", "One.", 12, 13),
        _words("assistant", "Two.", 33, 34),
        end=False,
    )
    assert [text for _, _, text in told[1:]] == ["One.", "Two."]


def test_a_call_that_is_never_answered_is_told_at_its_end() -> None:
    told = _told(_status("dialing", 10), ("status", {"at": _at(12), "status": "failed", "end_reason": "busy"}))
    assert [moment for moment, _, _ in told] == ["-2.00 s", "+0.00 s"]
    assert "busy" in told[1][2]


def test_the_shortened_json_is_still_json() -> None:
    value = {"id": "a", "messages": [{"role": "user", "content": "é"}], "latency": {"p50": {"stt": 1}, "turns": []}}
    assert json.loads(compact(value)) == value


def test_the_tool_and_the_parties_are_told_among_the_rest() -> None:
    told = _told(
        _status("in-progress", 10),
        _words("assistant", "One moment.", 11, 12),
        ("tool", {"at": _at(12.5), "name": "look", "arguments": {"a": 1}, "result": "b", "seconds": 0.25}),
        ("party", {"at": _at(13), "who": "Sophie", "note": "picks up"}),
        ("party", {"at": _at(14), "who": "Maria", "content": "Hello."}),
        _words("assistant", "Done.", 14.5, 15),
    )
    assert [who for _, who, _ in told[1:]] == ["assistant", "tool", "Sophie", "Maria", "assistant"]
    assert 'look({"a": 1}) → "b"' in told[2][2]
    assert "250 ms" in told[2][2]


SENTENCES = (
    "Hello, this is the practice.",
    "I'm calling about",
    "There is free parking behind the building.",
    "You have parking space seven.",
    "Please bring your insurance card.",
)
ANSWERS = ("Who is this?", "Is there any parking?", "I can make it.")
USED = (("reserve_parking", {"day": "Tuesday", "time": "three in the afternoon"}),)
BRIDGED = (
    ("said", "Hello.", 41.0),
    ("heard", "I have Maria on the line for you.", 44.0),
    ("said", "Yes, put her through.", 45.0),
    ("said", "Hello Maria, how can I help you?", 50.0),
    ("heard", "I have a question about my bill.", 55.0),
)
AFTER = (("heard", "Hello Maria, how can I help you?", 53.0), ("said", "I have a question about my bill.", 54.0))


def _events(*told: tuple[str, str, float]) -> list[dict[str, Any]]:
    return [{"event": event, "text": text, "at": at} for event, text, at in told]


def _recording(path: Path, right: int = 3000) -> Path:
    both = np.zeros((8000, 2), np.int16)
    both[:, 0], both[:, 1] = 2000, right
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, 8000, 0, "NONE", ""))
        sound.writeframes(both.tobytes())
    return path


def _judged(
    tmp_path: Path,
    *,
    heard: tuple[str, ...] = SENTENCES,
    understood: tuple[str, ...] = ANSWERS,
    right: int = 3000,
    cut: bool = True,
    used: tuple[tuple[str, dict[str, Any]], ...] = USED,
    sophie: tuple[tuple[str, str, float], ...] = BRIDGED,
    after: tuple[tuple[str, str, float], ...] = AFTER,
    **changes: Any,
) -> Verdict:
    talk: list[dict[str, Any]] = [{"role": "assistant", "content": SENTENCES[0]}]
    for number, text in enumerate(understood):
        talk += [{"role": "assistant", "content": one} for one in SENTENCES[number + 1 : number + 2]]
        talk.append({"role": "user", "content": text})
    said = [message["content"] for message in talk if message["role"] == "assistant"]
    talk += [{"role": "assistant", "content": text} for text in SENTENCES if text not in said]
    for message in talk:
        message["interrupted"] = cut and message["content"] == SENTENCES[1]
    call = {
        "status": "transferred",
        "end_reason": "transferred",
        "messages": talk,
        "summary": "All went well.",
        "analysis_result": {"structured_data": {"confirmed": True}},
        **changes,
    }
    maria = _events(
        *(("heard", text, 10.0 + at) for at, text in enumerate(heard)),
        *(("said", text, 10.5 + at) for at, text in enumerate(ANSWERS)),
        *after,
    )
    account = Account(maria, _events(*sophie), used, transferring_at=40.0)
    return judge(call, account, _recording(tmp_path / "call.wav", right))


def test_a_call_in_which_all_was_carried_and_seen_passes(tmp_path: Path) -> None:
    assert [line.text for line in _judged(tmp_path).lines if not line.good] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"heard": ()},
        {"heard": ("Something else that nobody ever said here at all.",) * 5},
        {"understood": ()},
        {"understood": ("Banana.", "Seven.", "No.")},
        {"heard": (*SENTENCES[:4], "Mumble mumble.")},
        {"heard": (*SENTENCES[:3], "Mumble mumble.", SENTENCES[4])},
        {"cut": False},
        {"used": ()},
        {"used": USED * 2},
        {"used": (("reserve_parking", {"day": "Friday", "time": "nine"}),)},
        {"sophie": ()},
        {"sophie": (*BRIDGED[:1], *BRIDGED[2:])},
        {"sophie": BRIDGED[:4]},
        {"after": AFTER[1:]},
        {"after": AFTER[:1]},
        {"right": 0},
        {"status": "ended"},
        {"summary": None},
        {"analysis_result": {"structured_data": {"confirmed": False}}},
        {"analysis_result": None},
    ],
    ids=[
        "deaf callee",
        "misheard",
        "deaf platform",
        "misunderstood",
        "no say",
        "no result",
        "not interrupted",
        "no tool",
        "tool twice",
        "other arguments",
        "nobody",
        "not briefed",
        "sophie deaf",
        "maria deaf",
        "maria mute",
        "silent",
        "ended",
        "none",
        "no",
        "nil",
    ],
)
def test_a_call_in_which_something_was_not_carried_or_seen_fails(tmp_path: Path, wrong: dict[str, Any]) -> None:
    assert not _judged(tmp_path, **wrong).passed
