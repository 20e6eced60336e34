"""The scripts of the local brain as whole calls: six persons at one phone, each with a goal and detours of their own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from tests.installation import Installation
from trunkline.providers.local.scripts import example_script
from trunkline.testing.ports import free_port
from trunkline.testing.recogniser import word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

START_SECONDS = 30.0
LAST_SECONDS = 15.0
CALL_SECONDS = 110.0
TRIES = 3
"""The recognisers of both sides are small and the voices synthetic: who was misunderstood is called again."""
HIGHEST_ERROR_RATE = 0.4
"""What the callee's small recogniser makes of a synthetic voice on a phone line; a part of a call lost is far above it."""

VARIABLES = {
    "business_name": "Bright Smile Dental",
    "day": "Tuesday",
    "time": "three in the afternoon",
    "address": "twelve Station Street",
    "order": "nine five nine",
    "window": "two and four",
    "amount": "fifty euros",
    "due_date": "the first of March",
    "subject": "your new boiler",
}
SCRIPTS = {
    "mover": "appointment",
    "guest": "survey",
    "receiver": "delivery",
    "annoyed": "survey",
    "sociable": "payment",
    "suspicious": "appointment",
}
NUMBERS = {name: f"+3161234{1000 + place}" for place, name in enumerate(SCRIPTS)}


@dataclass(repr=False)
class Told:
    """One call as both sides tell it."""

    call: dict[str, Any]
    callee: list[dict[str, Any]]
    said: list[str] = field(init=False)
    replies: list[str] = field(init=False)

    def __post_init__(self) -> None:
        by = {
            role: [one["content"] for one in self.call["messages"] if one["role"] == role]
            for role in ("user", "assistant")
        }
        self.said, self.replies = by["user"], by["assistant"]

    def __repr__(self) -> str:
        said = [f"{one['role']}: {one['content']}" for one in self.call["messages"]]
        return "\n".join(
            [*said, f"callee: {self.of_the_callee('said')}", f"callee heard: {self.of_the_callee('heard')}"]
        )

    def of_the_callee(self, event: str) -> str:
        """The callee's own account."""
        return " ".join(one["text"] for one in self.callee if one["event"] == event)

    @property
    def slots(self) -> dict[str, Any]:
        """What was found out."""
        found = self.call["analysis_result"]
        assert (found["model"], found["error"]) == ("scripted", None)
        return dict(found["structured_data"])

    def answer_to(self, said: str) -> str:
        """What the assistant said next after it understood ``said``."""
        asked = False
        for one in self.call["messages"]:
            if asked and one["role"] == "assistant":
                return str(one["content"])
            asked = asked or (one["role"] == "user" and said in one["content"].lower())
        return ""


def _assistant(name: str) -> dict[str, Any]:
    script = example_script(SCRIPTS[name])
    slots: dict[str, Any] = {step.slot: {} for step in script.steps if step.slot} | {"do_not_call": {}, "message": {}}
    llm: dict[str, Any] = {
        "provider": "local",
        "model": "scripted",
        "script": script.model_dump(mode="json", exclude_none=True),
    }
    if name != "suspicious":
        llm["tools"] = [{"type": "end_call"}]
    return {
        "name": name,
        "first_message": "Hello, this is the virtual assistant of {{business_name}}.",
        "max_duration_seconds": 100,
        "llm_config": llm,
        "stt_config": {"provider": "local"},
        "tts_config": {"provider": "local"},
        "analysis_plan": {
            "min_messages_threshold": 1,
            "structured_data_plan": {"enabled": True, "schema": {"type": "object", "properties": slots}},
        },
    }


@dataclass(frozen=True)
class Phone:
    """Where the persons are, and what they told of themselves so far."""

    house: Installation
    port: int
    events: list[dict[str, Any]]

    async def hold(self, name: str) -> Told:
        """One call with one person, from the request to the analysis."""
        before = len(self.events)
        order = {"destination": NUMBERS[name], "variables": VARIABLES}
        call_id = await self.house.call(self.port, _assistant(name), **order)
        await self.house.ended(call_id, CALL_SECONDS)
        call = await self.house.until(call_id, lambda call: call["analysis_result"] is not None, 20)
        async with asyncio.timeout(LAST_SECONDS):  # the last words are told a moment after they were heard
            while not any(one["event"] == "closed" for one in self._of(name, before)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return Told(call, self._of(name, before))

    def _of(self, name: str, since: int) -> list[dict[str, Any]]:
        return [one for one in self.events[since:] if one.get("called") == NUMBERS[name]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(house: Installation) -> AsyncIterator[Phone]:
    """One callee's process, at which all six persons answer, each at a number of their own."""
    port, events = free_port(), []
    persons = [part for name, number in NUMBERS.items() for part in ("--also", f"{number}={name}")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trunkline.testing.callee", "--listen", f"127.0.0.1:{port}", *persons),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        events.append(json.loads(await asyncio.wait_for(process.stdout.readline(), START_SECONDS)))
        listening = asyncio.create_task(_listen(process.stdout, events))
        await house.number(port)
        yield Phone(house, port, events)
    finally:
        process.terminate()
        await process.wait()
    await listening


async def _listen(lines: asyncio.StreamReader, events: list[dict[str, Any]]) -> None:
    async for line in lines:
        events.append(json.loads(line))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_is_carried_through_with_its_detours(phone: Phone, name: str) -> None:
    misunderstood = []
    for _ in range(TRIES):
        told = await phone.hold(name)
        try:
            _both_sides_were_understood(told)
            _it_ended_with_a_goodbye(name, told)
            CHECKS[name](told)
            return
        except AssertionError as error:
            misunderstood.append(f"{error}\n{told}")
    pytest.fail("\n\n".join(misunderstood))


def _both_sides_were_understood(told: Told) -> None:
    assert told.callee[0]["event"] == "ringing"
    assert word_error_rate(" ".join(told.replies), told.of_the_callee("heard")) < HIGHEST_ERROR_RATE
    assert word_error_rate(told.of_the_callee("said"), " ".join(told.said)) < HIGHEST_ERROR_RATE


def _it_ended_with_a_goodbye(name: str, told: Told) -> None:
    assert told.call["status"] == "ended"
    assert told.call["end_reason"] == ("user_hangup" if name == "suspicious" else "assistant_ended")
    assert "oodbye" in told.replies[-1]


def _an_appointment_is_moved(told: Told) -> None:
    assert "Tuesday at three in the afternoon" in " ".join(told.replies)
    assert (told.slots["confirmed"], told.slots["new_time"]) == (False, "Friday at 9 am"), told
    assert told.call["analysis_result"]["outcome"] == "completed"


def _a_survey_is_answered(told: Told) -> None:
    assert {name: told.slots[name] for name in ("willing", "score", "service", "call_again")} == {
        "willing": True,
        "score": 7,
        "service": "excellent",
        "call_again": False,
    }, told
    assert "friendly" in told.slots["reason"]
    assert "score: 7" in told.call["summary"]


def _a_delivery_is_announced_and_a_question_answered(told: Told) -> None:
    assert "nothing has to be paid" in " ".join(told.replies), told
    assert (told.slots["at_home"], told.slots["alternative"], told.slots["new_day"]) == (
        False,
        "another day",
        "Friday at 9 am",
    ), told


def _who_says_stop_calling_is_not_kept(told: Told) -> None:
    assert told.replies[-1].endswith("I'll record that you don't want to be called again. Goodbye."), told
    assert told.slots["do_not_call"] is True
    assert told.slots["score"] is None
    assert told.call["analysis_result"]["outcome"] == "opted_out"


def _who_wants_a_person_can_leave_a_message(told: Told) -> None:
    assert "take a message" in told.answer_to("talk to") or "What may I tell them" in told.answer_to("talk to")
    assert "quest" in told.slots["message"], told
    assert told.call["analysis_result"]["outcome"] == "human_requested"


def _who_asks_is_told_the_truth(told: Told) -> None:
    assert "Bright Smile Dental" in told.answer_to("calling from"), told
    assert "automated assistant" in told.answer_to("computer") or "computer program" in told.answer_to("computer"), told
    assert told.slots["confirmed"] is True, told
    assert told.call["analysis_result"]["outcome"] == "completed"


CHECKS: Mapping[str, Callable[[Told], None]] = {
    "mover": _an_appointment_is_moved,
    "guest": _a_survey_is_answered,
    "receiver": _a_delivery_is_announced_and_a_question_answered,
    "annoyed": _who_says_stop_calling_is_not_kept,
    "sociable": _who_wants_a_person_can_leave_a_message,
    "suspicious": _who_asks_is_told_the_truth,
}
