"""Keypad menus: the assistant listens to recorded prompts and finds its way by pressing keys, on a real line."""

import itertools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.call.ivr import Ivr, ivr
from tests.installation import Installation, installation
from tests.peers import SippUas
from trunkline.testing.emulators.openai_chat import Behaviour, EmulatedCall, OpenAiChatEmulator

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

MENUS: dict[str, dict[str, Any]] = {
    "main": {
        "prompts": ["basic-pbx-ivr-main"],
        "keys": {"1": "sales", "2": "advocate", "3": "accounting", "4": "directory", "0": "operator"},
        "wrong": ["pbx-invalid"],
    },
    "accounting": {"prompts": ["vm-forward"], "keys": {"1": "extension", "2": "directory"}, "wrong": ["pbx-invalid"]},
    "extension": {"prompts": ["vm-enter-num-to-call"], "number": "4711", "then": "there"},
    "there": {"prompts": ["auth-thankyou", "vm-goodbye"], "end": True},
    **{name: {"prompts": ["vm-goodbye"], "end": True} for name in ("sales", "advocate", "directory", "operator")},
}
DIGITS = {"one": "1", "two": "2", "three": "3", "free": "3", "four": "4", "for": "4", "zero": "0"}
PRESS = r"\W+(?:\w+\W+){0,4}?press\W+(\w+)"
SPEECH = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(folder: Path) -> AsyncIterator[Installation]:
    """An installation that asks the model server of a test."""
    async with installation(folder, allow_private_model_urls="true") as running:
        yield running


def _press(digits: str, number: int) -> Behaviour:
    return Behaviour(text="", calls=(EmulatedCall("send_dtmf", f'{{"digits": "{digits}"}}', id=f"call_{number}"),))


class Caller:
    """Who wants to be put through to extension 4711 of accounting. It goes by what was heard since its last key, and
    its second key is a slip. All it knows is the conversation: an answer may be asked for and never be given."""

    def __call__(self, body: dict[str, Any]) -> Behaviour:
        turns = body["messages"]
        if turns[-1]["role"] == "tool":
            return Behaviour(text="")
        last = max((n for n, turn in enumerate(turns) if _pressed(turn)), default=-1)
        heard = " ".join(turn["content"] for turn in turns[last + 1 :] if turn["role"] == "user").lower()
        slipped = sum(map(_pressed, turns)) > 1
        return _press(self._answer_to(heard, slipped) or "w", len(turns))

    def _answer_to(self, heard: str, slipped: bool) -> str | None:
        if found := re.search(rf"(?:accounting|receivables){PRESS}", heard):
            return DIGITS.get(found[1], found[1])
        if found := re.search(r"press\W+(\w+)\W+to enter", heard):
            return f"w{DIGITS.get(found[1], found[1])}" if slipped else "w7"
        return "4w7ww11#" if "number" in heard else None


def _pressed(turn: dict[str, Any]) -> bool:
    """Whether a turn presses more than a pause."""
    calls = turn.get("tool_calls") or ()
    return any(json.loads(call["function"]["arguments"])["digits"].strip("w") for call in calls)


async def _reach(house: Installation, menu: Ivr, model: OpenAiChatEmulator, **assistant: Any) -> tuple[str, SippUas]:
    phone = SippUas("uas_elsewhere", keys={"rtp": str(menu.port)}, echo=False)
    llm = {"provider": "openai_compatible", "base_url": model.url, "model": "m", "tools": [{"type": "send_dtmf"}]}
    call_id = await house.call(phone.start(), {"name": "Caller", "llm_config": llm, **SPEECH, **assistant})
    return call_id, phone


async def test_the_model_finds_its_way_through_a_menu(house: Installation, tmp_path: Path) -> None:
    with ivr(tmp_path, MENUS) as menu:
        async with OpenAiChatEmulator() as model:
            model.behave(Caller())
            call_id, phone = await _reach(house, menu, model, max_duration_seconds=150)
            try:
                await house.until(call_id, lambda _: bool(menu.told("number")), 140)
                await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
                call = await house.ended(call_id)
            finally:
                phone.stop()
        places = [one["name"] for one in menu.told("menu")]
        assert [place for n, place in enumerate(places) if n == 0 or place != places[n - 1]] == [
            "main",
            "accounting",
            "extension",
            "there",
        ]
        assert places.count("accounting") >= 2, "a wrong key has the menu said again"
        assert menu.told("wrong")[0]["entered"] == "7"
        assert menu.told("number")[0]["entered"] == "4711"
        assert "".join(one["key"] for one in menu.told("key")) == "3714711#"
        assert call["end_reason"] == "api_ended"
        assert [said for said in call["messages"] if said["role"] == "assistant"] == []


async def test_keys_by_order_have_their_length_and_their_pauses(house: Installation, tmp_path: Path) -> None:
    with ivr(tmp_path, MENUS, "extension") as menu:
        async with OpenAiChatEmulator() as model:
            model.behave(lambda body: _press("w", len(body["messages"])))
            call_id, phone = await _reach(house, menu, model, silence_timeout_seconds=60)
            try:
                await house.until(call_id, lambda call: bool(call["status"] == "in-progress" and menu.told("menu")))
                order = {"type": "send-dtmf", "digits": "4w7ww11#"}
                await house.api.post(f"/calls/{call_id}/control", order)
                await house.until(call_id, lambda _: bool(menu.told("number")))
                await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
                await house.ended(call_id)
            finally:
                phone.stop()
        keys = menu.told("key")
    assert "".join(key["key"] for key in keys) == "4711#"
    for key in keys:
        assert key["samples"] / 8 == 180, "at least 100 ms on; the stack sends nine packets of each key"
        assert 0.15 <= key["ended"] - key["began"] <= 0.25
    silent = [(after["stamp"] - before["stamp"] - before["samples"]) / 8 for before, after in itertools.pairwise(keys)]
    for pause, least in zip(silent, (600, 1100, 100, 100), strict=True):
        assert least - 20 <= pause <= least + 80, "100 ms off, and half a second more for each w"
