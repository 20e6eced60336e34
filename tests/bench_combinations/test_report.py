"""The run of combinations fails a call for each thing that must be, and tells each verdict in its place."""

import asyncio
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from bench.combinations.cells import LLM, REALTIME, STT, TTS, Combination, combinations
from bench.combinations.judging import FIRST, Verdict, judged
from bench.combinations.play import closed, play
from bench.combinations.report import BEGIN, END, figures, markdown, written

from trunkline.testing.person import Talk

pytestmark = pytest.mark.unit

WHO = Combination("openai", "deepgram", "xai")
WISH, REPLY = "Friday at nine in the morning.", "I understood: Friday at nine in the morning. What else can I do?"


def stage(name: str, provider: str, usd: float | None, **usage: float) -> dict[str, Any]:
    return {"stage": name, "provider": provider, "usd": usd, "usage": usage}


CALL = {
    "status": "ended",
    "end_reason": "assistant_ended",
    "error": None,
    "duration_seconds": 21,
    "messages": [
        {"role": "assistant", "content": FIRST},
        {"role": "user", "content": WISH},
        {"role": "assistant", "content": REPLY},
    ],
    "cost": {
        "total": 0.06,
        "platform_fee": 0.0,
        "unpriced": [],
        "stages": [
            stage("stt", "deepgram", 0.01, seconds=20.0),
            stage("llm", "openai", 0.02, prompt_tokens=90, completion_tokens=20),
            stage("tts", "xai", 0.03, characters=150),
        ],
    },
}
EVENTS = [
    {"event": "heard", "text": FIRST},
    {"event": "said", "text": WISH},
    {"event": "heard", "text": REPLY.lower()},
    {"event": "closed"},
]


def verdict(events: list[dict[str, Any]] = EVENTS, **changed: Any) -> Verdict:
    """The verdict on a good call but for what is changed in it, by dotted path with ``__``."""
    call: dict[str, Any] = deepcopy(CALL)
    for path, value in changed.items():
        *above, name = path.split("__")
        place: Any = call
        for step in above:
            place = place[int(step)] if step.isdigit() else place[step]
        place[name] = value
    return judged(WHO, Talk(call, events))


def test_a_whole_talk_passes() -> None:
    good = verdict()
    assert good.passed
    assert (good.seconds, good.error_rates) == (21, (0, 0))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"end_reason": "user_hangup"}, "ended as user_hangup"),
        ({"status": "failed", "error": "no route"}, "no route"),
        ({"messages": []}, "first message"),
        ({"messages__2__content": "Pardon?"}, "did not repeat"),
        ({"cost__stages": []}, "no usage of tts xai"),
        ({"cost__stages__1__provider": "mistral"}, "no usage of llm openai"),
        ({"cost__stages__0__usage": {"seconds": 0.4}}, "used 0.4 seconds"),
        ({"cost__stages__1__usage__completion_tokens": None}, "used None completion_tokens"),
        ({"cost__stages__2__usd": 0.0}, "tts cost nothing"),
        ({"cost__stages__2__usd": None}, "neither a cost nor a name"),
        ({"cost__unpriced": ["llm openai/gpt-4.1-mini"]}, "no price of llm openai/gpt-4.1-mini"),
        ({"cost__total": 0.05}, "not the sum"),
    ],
)
def test_what_is_broken_is_told_and_not_tried_again(changed: dict[str, Any], why: str) -> None:
    found = verdict(**changed)
    assert why in "; ".join(found.problems)
    assert not found.passed
    assert not found.misheard


def test_a_vendor_without_a_published_price_is_no_fault() -> None:
    who = Combination("openai", "mistral", "xai")
    call = deepcopy(CALL)
    cost: Any = call["cost"]
    cost["stages"][0] |= {"provider": "mistral", "usd": None}
    cost |= {"unpriced": ["stt mistral/voxtral-mini-latest"], "total": 0.05}
    assert judged(who, Talk(call, EVENTS)).passed


def test_the_local_voice_of_a_realtime_model_may_cost_nothing() -> None:
    call: dict[str, Any] = deepcopy(CALL)
    model = stage("llm", "openai_realtime", 0.06, seconds=20.0, prompt_tokens=90, completion_tokens=20)
    call["cost"]["stages"] = [model, stage("tts", "local", 0.0, characters=70)]
    assert judged(Combination("openai_realtime"), Talk(call, EVENTS)).passed
    model["usd"] = call["cost"]["total"] = 0.0
    assert "llm cost nothing" in judged(Combination("openai_realtime"), Talk(call, EVENTS)).problems
    model["usd"] = None
    assert "a stage has neither" in judged(Combination("openai_realtime"), Talk(call, EVENTS)).problems[0]


def test_what_a_recogniser_misheard_is_tried_again() -> None:
    deaf = verdict(messages__1__content="Buy the knights")
    assert deaf.misheard
    assert "customer's words" in deaf.problems[0]
    mute = verdict(events=EVENTS[1:2])
    assert mute.misheard
    assert "assistant's words" in mute.problems[0]
    assert not verdict(events=EVENTS[1:2], end_reason="user_hangup").misheard


def test_every_combination_is_there_once_and_one_can_be_picked() -> None:
    everything = list(combinations())
    assert len(everything) == len(set(everything)) == len(STT) * len(LLM) * len(TTS) + len(REALTIME)
    assert len(list(combinations(["stt=openai"]))) == len(LLM) * len(TTS)
    assert all("google" in one.providers.values() for one in combinations(["google", "stt=openai"]))
    assert list(combinations(["nobody"])) == []
    assert Combination("xai_realtime").vendors == {"xai"}


def test_what_a_vendor_keeps_open_fails_its_own_calls() -> None:
    assert closed(Verdict(WHO, misheard=True), {"xai": 2}).problems == ("xai has 2 streams open",)
    assert not closed(Verdict(WHO, misheard=True), {"xai": 2}).misheard
    assert closed(Verdict(WHO), {"gladia": 1}).passed


class Scripted:
    """A stage whose calls come out as they are told to."""

    def __init__(self, *talks: Talk | Exception) -> None:
        self.talks = list(talks)

    async def call(self, _who: Combination) -> Talk:
        one = self.talks.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    async def still_open(self) -> dict[str, int]:
        return {}


def test_one_more_try_and_no_third() -> None:
    good, deaf = Talk(dict(CALL), EVENTS), Talk(dict(CALL), [])
    told: list[Verdict] = []

    def came_out(*talks: Talk | Exception) -> Verdict:
        (one,) = asyncio.run(play(Scripted(*talks), [WHO], 2, told.append))
        return one

    assert (came_out(deaf, good).passed, told[-1].tries) == (True, 2)
    assert (came_out(deaf, deaf, good).passed, told[-1].tries) == (False, 2)
    assert came_out(TimeoutError(), good).problems == ("it hung",)
    assert told[-1].tries == 1


VERDICTS = [
    Verdict(WHO, seconds=20.0, error_rates=(0.1, 0.2)),
    Verdict(Combination("google_realtime"), tries=2, seconds=24.0, error_rates=(0.3, 0.0)),
    Verdict(Combination("xai_realtime"), ("it hung",)),
]


def test_the_figures_are_those_of_the_run() -> None:
    found = figures(VERDICTS)
    assert (found["combinations"], found["passed"], found["second_tries"], found["failed"]) == (3, 2, 1, 1)
    assert (found["customer_error_rate_mean"], found["assistant_error_rate_max"]) == (0.2, 0.2)
    assert found["call_seconds_max"] == 24.0


def test_the_tables_stand_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    text = markdown(VERDICTS, "Made by a test.")
    written(page, text)
    assert page.read_text() == f"before\n{BEGIN}\n\n{text}\n\n{END}\nafter\n"
    row = next(line for line in text.splitlines() if line.startswith("| deepgram"))
    assert "xai ✓" in row.split(" | ")[1]
    assert "✓" not in row.split(" | ")[2]
    assert "| one model | – | **failed** | 2nd try |" in text
    assert "- xai_realtime: it hung" in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has no"):
        written(page, text)
