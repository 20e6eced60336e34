"""Plays the soak's calls against the platform, so many at once, and judges the end of each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.soak.part import Part
from bench.soak.phone import Dialog, Phones
from bench.soak.rules import Outcome, judge
from bench.soak.scripts import PLAIN, Act, Script
from bench.soak.services import Services
from bench.soak.sip import Message, user
from bench.soak.sound import Studio
from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient

REPORT_SECONDS = 150.0
IN_SECONDS = 20.0
FEWEST_TO_ANALYSE = 1000
TURN_TAKING = {"endpointing_min_delay": 0.3, "endpointing_max_delay": 0.6, "interruption_min_duration": 0.2}


@dataclass(frozen=True, slots=True)
class Lines:
    """How calls go out and come in: the number that they are placed from, the one that is called, and where SIP is taken."""

    number_id: str
    inbound: str
    sip: tuple[str, int]


class Switchboard:
    """Which telephone belongs to which call."""

    def __init__(self) -> None:
        self._invited: dict[str, Callable[[Message, tuple[str, int]], Dialog | None]] = {}
        self.strangers = 0

    def add(self, part: Part) -> None:
        """Calls for this part's numbers go to it."""
        self._invited[part.script.destination] = part.invited
        self._invited[part.script.target_number] = part.target_invited

    def remove(self, part: Part) -> None:
        """Nobody is at its numbers any more."""
        del self._invited[part.script.destination], self._invited[part.script.target_number]

    def invited(self, invite: Message, addr: tuple[str, int]) -> Dialog | None:
        """Gives a call that comes to whom it is for."""
        part = self._invited.get(user(invite.uri))
        if part is None:
            self.strangers += 1
            return None
        return part(invite, addr)


class Player:
    """Plays calls."""

    def __init__(
        self, api: ApiClient, services: Services, phones: Phones, studio: Studio, board: Switchboard, lines: Lines
    ) -> None:
        self._api = api
        self._services = services
        self._phones = phones
        self._studio = studio
        self._board = board
        self._lines = lines

    async def play(self, script: Script) -> Outcome:
        """One call, from its request to its report."""
        part = Part(script, self._phones, self._studio, lambda act: self._order(outcome, act))
        outcome = Outcome(script, part.deeds)
        self._board.add(part)
        try:
            outcome.call_id = await self._begin(script, part)
            began = time.monotonic()
            if script.ring != "answers":
                for act in script.acts:
                    part.start(_later(act.at, part, act))
            report = await self._services.report(outcome.call_id, REPORT_SECONDS)
            outcome.end_seconds = time.monotonic() - (part.over_at or began) if script.ring != "is_silent" else 0.0
            await part.finish()
            await self._see(outcome, report)
        except (TrunklineError, TimeoutError, OSError) as error:
            outcome.wrong.append(f"the soak could not play it: {error!r}")
        finally:
            self._board.remove(part)
        outcome.wrong += judge(outcome)
        return outcome

    async def _begin(self, script: Script, part: Part) -> str:
        """Places the call, or calls in; its id."""
        assistant = assistant_of(script, self._services)
        if script.inbound:
            self._services.replies[script.destination] = script.reply, assistant
            part.start(part.call(self._lines.inbound, self._lines.sip))
            return await self._services.call_of(script.destination, IN_SECONDS)
        order = {
            "destination": script.destination,
            "number_id": self._lines.number_id,
            "assistant": assistant,
            "max_ring_seconds": script.max_ring_seconds,
            "metadata": {"soak": script.number, "kind": script.kind},
        }
        return str((await self._api.post("/calls/outbound", order))["call_id"])

    async def _see(self, outcome: Outcome, report: dict[str, Any] | None) -> None:
        call = await self._api.get(f"/calls/{outcome.call_id}")
        outcome.status, outcome.reason, outcome.error = call["status"], call["end_reason"] or "", call["error"]
        outcome.reports = len(self._services.report_ids[outcome.call_id])
        if report is not None and (report["end_reason"], report["call"]["status"]) != (outcome.reason, outcome.status):
            outcome.wrong.append(f"the report says {report['call']['status']}, {report['end_reason']}")
        twice = [name for name, count in self._services.tool_calls.items() if count > 1 and outcome.call_id in name]
        if twice:
            outcome.wrong.append("a tool ran twice")

    async def _order(self, outcome: Outcome, act: Act) -> None:
        try:
            await self._api.post(f"/calls/{outcome.call_id}/control", act.value)
        except TrunklineError as error:
            if not error.message.rpartition("control: ")[2].startswith(("409", "404")):
                outcome.deeds.problems.append(f"an order was refused: {error.message}")


def assistant_of(script: Script, services: Services) -> dict[str, Any]:
    """The assistant that a call has: its models in the manner of the script."""
    tools: list[dict[str, Any]] = [{"type": "end_call"}]
    if script.tool:
        manner = "ok" if script.tool == "async" else script.tool
        look_up: dict[str, Any] = {"name": "look_up", "url": services.url(f"/tool/{manner}")}
        tools.append(look_up | ({"async": True} if script.tool == "async" else {"async_response": "Let me see."}))
    if script.target:
        mode = "blind" if script.leaves_at is None else "warm"
        tools.append({"type": "transfer_call", "destinations": [{"number": script.target_number, "mode": mode}]})
    settings = dict(script.settings)
    speech = {"turn_taking": TURN_TAKING} | settings.pop("speech_config", {})
    llm: dict[str, Any] = {"provider": "soak", "model": _model(script.brain, script), "tools": tools}
    if script.vendor:
        llm |= {"provider": "openai_compatible", "model": _model(script.vendor, script)}
        llm["base_url"] = services.url("/v1")
    assistant = {
        "name": "Soak",
        "first_message": "Hello, this is the soak speaking.",
        "recording_enabled": script.seed % 2 == 0 or "recording_consent" in script.settings,
        "silence_timeout_seconds": 600,
        "llm_config": llm,
        "stt_config": {"provider": "soak", "model": _model(script.ears, script)},
        "tts_config": {"provider": "soak", "model": _model(script.voice, script)},
        "webhook_url": services.url("/hook"),
        "webhook_events": ["assistant-request", "status-update", "end-of-call-report"],
        "speech_config": speech,
    }
    if script.brain != PLAIN or script.vendor:
        assistant["analysis_plan"] = {"min_messages_threshold": FEWEST_TO_ANALYSE}
    return assistant | settings


def _model(manner: str, script: Script) -> str:
    return manner if manner == PLAIN else f"{manner}/{script.number}"


async def _later(seconds: float, part: Part, act: Act) -> None:
    await asyncio.sleep(seconds)
    await part.act(act)
