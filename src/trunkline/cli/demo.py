"""``trunkline demo``: the whole platform and a simulated callee on this machine, and one real call between them."""

import asyncio
import os
import re
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.markup import escape

from trunkline.base.clock import iso
from trunkline.base.errors import TrunklineError
from trunkline.cli.backstage import callee, free_port, last_lines, organisation, platform
from trunkline.cli.client import ApiClient
from trunkline.cli.screen import Screen
from trunkline.cli.story import Story
from trunkline.cli.verdict import judge
from trunkline.providers.local.scripts import example_script

CALL_SECONDS = 150.0
REPORT_SECONDS = 60.0
FEWEST_MESSAGES = 2
EXIT_INTERRUPTED = 130

VARIABLES = {
    "name": "Maria",
    "business_name": "Bright Smile Dental",
    "day": "Tuesday",
    "time": "three in the afternoon",
    "address": "twelve Station Street",
}


@dataclass(frozen=True, slots=True)
class Cue:
    """A command, and the line of the event stream at which the demo sends it, or the time when none came."""

    line: str
    command: Mapping[str, Any]
    at_the_latest_seconds: float


AGREED = {"confirmed": True}
PARKING = {"type": "inject-context", "content": "There is free parking behind the building."}
CARD = {"type": "say", "content": "Please bring your insurance card.", "interruptible": False}
GOODBYE = {"type": "end-call", "message": "Goodbye, Maria."}
CUES = (
    Cue(r"transcript assistant", PARKING, 8),
    Cue(r"transcript user .*make it", CARD, 35),
    Cue(r"transcript user .*good.?bye", GOODBYE, 55),
)


@dataclass(slots=True)
class _Scene:
    """The demo's screen, and the callee's own account of the call."""

    screen: Screen
    callee: list[dict[str, Any]] = field(default_factory=list)


async def run_demo(recording: Path, *, picture: Path | None, keep: bool) -> int:
    """Runs the demo; 0 only when the words of both sides were carried as audio and recognised."""
    myself = asyncio.current_task()
    assert myself is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, myself.cancel)
    folder = Path(tempfile.mkdtemp(prefix="trunkline-demo-"))
    screen = Screen(picture)
    try:
        return await _play(folder, recording, screen)
    except (TrunklineError, TimeoutError, aiohttp.ClientError, OSError) as error:
        _failed(screen, folder, error)
        return 1
    except asyncio.CancelledError:
        screen.line("\nStopped; the platform and the callee have left.")
        return EXIT_INTERRUPTED
    finally:
        if keep:
            screen.line(f"Kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _failed(screen: Screen, folder: Path, error: Exception) -> None:
    what = "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    screen.line(f"\n[red]The demo failed: {escape(what)}[/]")
    details = list(getattr(error, "details", ())) or last_lines(folder / "platform.log")
    if details:
        screen.line("[dim]The last that was told:[/]\n  " + escape("\n  ".join(details)))


async def _play(folder: Path, recording: Path, screen: Screen) -> int:
    scene = _Scene(screen)
    http, sip = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}", f"127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")},
        "TRUNKLINE_DATA_DIR": str(folder),
        "TRUNKLINE_HTTP_LISTEN": http,
        "TRUNKLINE_SIP_LISTEN": sip,
        "TRUNKLINE_DRAIN_SECONDS": "1",
    }
    screen.line("[bold]Trunkline demo[/]: the platform and a simulated callee, real SIP and RTP between them")
    async with callee(folder, scene.callee.append) as port:
        screen.line(f"  [dim]callee[/]     a process of its own: SIP on 127.0.0.1:{port}, its own ears and voice")
        async with platform(environment, folder):
            screen.line(f"  [dim]platform[/]   trunkline serve: http://{http}, SQLite, SIP on {sip}")
            made = await organisation(VARIABLES["business_name"], environment)
            screen.line(f"  [dim]client[/]     trunkline org create: {made['name']}, with its first API key")
            async with ApiClient(f"http://{http}", made["api_key"]) as api:
                call = await _converse(api, scene, port)
                _keep(recording, await api.download(f"/calls/{call['id']}/recording"))
    verdict = judge(
        call, scene.callee, recording, ordered=[cue.command.get("content", "") for cue in CUES], agreed=AGREED
    )
    screen.call(call)
    screen.latency(call["latency"] or {})
    screen.verdict(verdict, recording)
    screen.save()
    return 0 if verdict.passed else 1


def _keep(recording: Path, sound: bytes) -> None:
    recording.parent.mkdir(parents=True, exist_ok=True)
    recording.write_bytes(sound)


async def _converse(api: ApiClient, scene: _Scene, callee_port: int) -> dict[str, Any]:
    address = f"127.0.0.1:{callee_port}"
    trunk = (await api.post("/sip-trunks", {"name": "Simulated callee", "address": address}))["trunk"]
    line = {"phone_number": "+31850835037", "name": "Main line", "trunk_id": trunk["id"]}
    number = (await api.post("/numbers", line))["number"]
    assistant = (await api.post("/assistants", _assistant()))["assistant"]
    placed = await api.post(
        "/calls/outbound",
        {
            "destination": "+31612345678",
            "number_id": number["id"],
            "assistant_id": assistant["id"],
            "variables": VARIABLES,
            "metadata": {"made_by": "trunkline demo"},
        },
    )
    scene.screen.line(f"\nPOST /api/v1/calls/outbound → [bold]{placed['call_id']}[/]")
    scene.screen.line("[dim]Seconds from the answer; the callee's words as the platform recognised them.[/]\n")
    async with asyncio.timeout(CALL_SECONDS):
        await _follow(api, scene, placed["call_id"])
    return await _reported(api, placed["call_id"])


def _assistant() -> dict[str, Any]:
    script = example_script("appointment").model_dump(mode="json", exclude_none=True)
    schema = {"type": "object", "properties": {"confirmed": {"type": ["boolean", "null"]}}}
    return {
        "name": "Appointment reminder",
        "business_name": "Bright Smile Dental",
        "first_message": "Hello {{name}}, this is the virtual assistant of {{business_name}}.",
        "recording_enabled": True,
        "llm_config": {"provider": "local", "model": "scripted", "script": script},
        "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": schema}},
    }


async def _follow(api: ApiClient, scene: _Scene, call_id: str) -> None:
    """Shows the call as it happens and takes part in it: context after its start, a remark in its course, last words."""
    story = Story(scene.screen)
    heard = [asyncio.Event() for _ in CUES]
    ordering: asyncio.Task[None] | None = None
    try:
        async for event, data in api.events(call_id):
            story.take(event, data)
            line = f"{event} {data.get('status') or data.get('role') or ''} {data.get('content') or ''}".lower()
            for cue, came in zip(CUES, heard, strict=True):
                if data.get("final", True) and re.search(cue.line, line):
                    came.set()
            if ordering is None and line.startswith("status in-progress"):
                ordering = asyncio.create_task(_order(api, story, call_id, heard))
    finally:
        if ordering is not None:
            ordering.cancel()
            await asyncio.gather(ordering, return_exceptions=True)
        story.end()


async def _order(api: ApiClient, story: Story, call_id: str, heard: list[asyncio.Event]) -> None:
    """Sends the commands, each at its cue and not before the one before it."""
    began = asyncio.get_running_loop().time()
    for cue, came in zip(CUES, heard, strict=True):
        with suppress(TimeoutError):
            async with asyncio.timeout_at(began + cue.at_the_latest_seconds):
                await came.wait()
        story.take("order", {"at": iso(datetime.now(UTC)), "command": dict(cue.command)})
        try:
            await api.post(f"/calls/{call_id}/control", dict(cue.command))
        except TrunklineError as error:
            told = {"type": cue.command["type"], "outcome": "refused", "detail": error.message}
            story.take("command", {"at": iso(datetime.now(UTC)), **told})


async def _reported(api: ApiClient, call_id: str) -> dict[str, Any]:
    """The call object once the work after the call is done; calls in which little was said have none."""
    async with asyncio.timeout(REPORT_SECONDS):
        while True:
            call = await api.get(f"/calls/{call_id}")
            if call["status"] not in ("ended", "transferred"):
                raise TrunklineError(
                    f"the call is {call['status']}: {call['end_reason']} {call['error'] or ''}".rstrip()
                )
            if call["analysis_result"] is not None or len(call["messages"]) < FEWEST_MESSAGES:
                return call
            await asyncio.sleep(0.2)
