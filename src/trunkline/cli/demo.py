"""``trunkline demo``: the whole platform and two simulated callees on this machine, and a real call between them."""

import asyncio
import os
import re
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.markup import escape

from trunkline.base.clock import iso
from trunkline.base.errors import TrunklineError
from trunkline.cli.backstage import callee, last_lines, organisation, platform
from trunkline.cli.client import ApiClient
from trunkline.cli.parking import Used, parking
from trunkline.cli.scene import CAST, CUES, MARIA, NAMES, SOPHIE, SPACE, TOOL, VARIABLES, assistant
from trunkline.cli.screen import Screen
from trunkline.cli.story import Story
from trunkline.cli.verdict import Account, judge
from trunkline.testing.ports import free_port

CALL_SECONDS = 150.0
REPORT_SECONDS = 60.0
FEWEST_MESSAGES = 2
EXIT_INTERRUPTED = 130


@dataclass(slots=True)
class _Scene:
    """The demo's screen, and what the callees and the tool's server tell of the call themselves."""

    screen: Screen
    story: Story
    callee: list[dict[str, Any]] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    transferring_at: float | None = None

    def told(self, event: dict[str, Any]) -> None:
        """A callee tells something. What Maria says is shown as the platform hears it, for as long as it listens."""
        self.callee.append(event)
        who = NAMES.get(event.get("called", ""), "")
        if event["event"] == "said" and (who == "Sophie" or self.transferring_at is not None):
            self.story.take("party", {"at": _moment(event["at"]), "who": who, "content": event["text"]})
        elif event["event"] == "answered" and who == "Sophie":
            self.story.take("party", {"at": _moment(event["at"]), "who": who, "note": "picks up the phone"})

    def has_used(self, used: Used) -> None:
        """The tool was used."""
        self.used.append(used)
        shown = {"name": used.name, "arguments": used.arguments, "result": used.result, "seconds": used.seconds}
        self.story.take("tool", {"at": _moment(used.at), **shown})


async def run_demo(recording: Path, *, picture: Path | None, keep: bool) -> int:
    """Runs the demo; 0 only when all words were carried as audio and recognised, and all that was to happen was seen."""
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
    scene = _Scene(screen, Story(screen))
    http, sip = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")},
        "TRUNKLINE_DATA_DIR": str(folder),
        "TRUNKLINE_HTTP_LISTEN": http,
        "TRUNKLINE_SIP_LISTEN": sip,
        "TRUNKLINE_DRAIN_SECONDS": "1",
        "TRUNKLINE_ALLOW_INSECURE_WEBHOOKS": "true",
    }
    screen.line("[bold]Trunkline demo[/]: the platform and two simulated callees, real SIP and RTP between them")
    async with callee(folder, CAST, scene.told) as port, parking(SPACE, scene.has_used) as tool:
        screen.line(f"  [dim]callees[/]    a process of their own: SIP on 127.0.0.1:{port}, their own ears and voices")
        screen.line(f"  [dim]tool[/]       {TOOL}, answered at {tool}")
        async with platform(environment, folder):
            screen.line(f"  [dim]platform[/]   trunkline serve: http://{http}, SQLite, SIP on {sip}")
            made = await organisation(VARIABLES["business_name"], environment)
            screen.line(f"  [dim]client[/]     trunkline org create: {made['name']}, with its first API key")
            async with ApiClient(f"http://{http}", made["api_key"]) as api:
                call = await _converse(api, scene, port, tool)
                _keep(recording, await api.download(f"/calls/{call['id']}/recording"))
    verdict = judge(call, _account(scene), recording)
    screen.call(call)
    screen.latency(call["latency"] or {})
    screen.verdict(verdict, recording)
    screen.save()
    return 0 if verdict.passed else 1


def _account(scene: _Scene) -> Account:
    return Account(
        maria=[event for event in scene.callee if event.get("called") == MARIA],
        sophie=[event for event in scene.callee if event.get("called") == SOPHIE],
        used=[(used.name, used.arguments) for used in scene.used],
        transferring_at=scene.transferring_at,
    )


def _keep(recording: Path, sound: bytes) -> None:
    recording.parent.mkdir(parents=True, exist_ok=True)
    recording.write_bytes(sound)


async def _converse(api: ApiClient, scene: _Scene, callee_port: int, tool: str) -> dict[str, Any]:
    address = f"127.0.0.1:{callee_port}"
    trunk = (await api.post("/sip-trunks", {"name": "Simulated callees", "address": address}))["trunk"]
    line = {"phone_number": "+31850835037", "name": "Main line", "trunk_id": trunk["id"]}
    number = (await api.post("/numbers", line))["number"]
    made = (await api.post("/assistants", assistant(tool)))["assistant"]
    placed = await api.post(
        "/calls/outbound",
        {
            "destination": MARIA,
            "number_id": number["id"],
            "assistant_id": made["id"],
            "variables": VARIABLES,
            "metadata": {"made_by": "trunkline demo"},
        },
    )
    scene.screen.line(f"\nPOST /api/v1/calls/outbound → [bold]{placed['call_id']}[/]")
    scene.screen.line(
        "[dim]Seconds from the answer; Maria's words as the platform recognised them, until she is put through.[/]\n"
    )
    async with asyncio.timeout(CALL_SECONDS):
        await _follow(api, scene, placed["call_id"])
    return await _reported(api, placed["call_id"])


async def _follow(api: ApiClient, scene: _Scene, call_id: str) -> None:
    """Shows the call as it happens and takes part in it: context after its start, a remark in its course."""
    story = scene.story
    heard = [asyncio.Event() for _ in CUES]
    ordering: asyncio.Task[None] | None = None
    try:
        async for event, data in api.events(call_id):
            story.take(event, data)
            line = f"{event} {data.get('status') or data.get('role') or ''} {data.get('content') or ''}".lower()
            for cue, came in zip(CUES, heard, strict=True):
                if data.get("final", True) and re.search(cue.line, line):
                    came.set()
            if line.startswith("status transferring"):
                scene.transferring_at = datetime.fromisoformat(data["at"]).timestamp()
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


def _moment(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


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
