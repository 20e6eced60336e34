"""``trunkline demo``: the whole platform and a simulated callee on this machine, and one real call between them."""

import asyncio
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.cli.verdict import Verdict, judge
from trunkline.providers.local.scripts import example_script

START_SECONDS = 45.0
CALL_SECONDS = 75.0
REPORT_SECONDS = 20.0
FEWEST_MESSAGES = 2

VARIABLES = {
    "name": "Maria",
    "business_name": "Bright Smile Dental",
    "day": "Tuesday",
    "time": "three in the afternoon",
    "address": "twelve Station Street",
}
_ORDERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status in-progress", {"type": "inject-context", "content": "There is free parking behind the building."}),
    ("transcript user .*make it", {"type": "say", "content": "Please bring your insurance card."}),
    ("transcript user .*good.?bye", {"type": "end-call", "message": "Goodbye."}),
)
"""What the demo orders as soon as a line of the event stream looks like this."""

_console = Console(highlight=False)


@dataclass(slots=True)
class _Scene:
    """What the demo saw: the callee's own account of the call, and the moment the call was placed."""

    callee: list[dict[str, Any]] = field(default_factory=list)
    began: float = 0.0

    def stamp(self) -> str:
        return f"[dim]{time.monotonic() - self.began:6.2f} s[/]"


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def run_demo(recording: str, *, keep: bool) -> int:
    """Runs the demo; 0 only when the words of both sides were carried as audio and recognised."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-demo-"))
    try:
        return await _play(folder, Path(recording))
    except (TrunklineError, TimeoutError, aiohttp.ClientError) as error:
        _console.print(f"[red]The demo failed: {escape(str(error) or type(error).__name__)}[/]")
        for detail in getattr(error, "details", ()):
            _console.print(f"  {escape(detail)}")
        log = folder / "platform.log"
        if log.exists():
            last = "\n".join(log.read_text().splitlines()[-15:])
            _console.print(f"[dim]Last lines of the platform's log:[/]\n{escape(last)}")
        return 1
    finally:
        if keep:
            _console.print(f"Kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _play(folder: Path, recording: Path) -> int:
    scene = _Scene()
    callee_port, sip_port = _free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_DGRAM)
    http = f"127.0.0.1:{_free_port(socket.SOCK_STREAM)}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")},
        "TRUNKLINE_DATA_DIR": str(folder),
        "TRUNKLINE_HTTP_LISTEN": http,
        "TRUNKLINE_SIP_LISTEN": f"127.0.0.1:{sip_port}",
    }
    _console.print("[bold]Trunkline demo[/]: the platform and a simulated callee, with real SIP and RTP between them.")
    async with _callee(callee_port, scene), _platform(environment, folder / "platform.log", http):
        key = await _organisation(environment)
        async with ApiClient(f"http://{http}", key) as api:
            call = await _converse(api, scene, callee_port)
            _save(recording, await api.download(f"/calls/{call['id']}/recording"))
    verdict = judge(call, scene.callee, recording)
    _show(call, verdict, recording)
    return 0 if verdict.passed else 1


@asynccontextmanager
async def _callee(port: int, scene: _Scene) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trunkline.testing.callee",
        "--listen",
        f"127.0.0.1:{port}",
        "--persona",
        "patient",
        stdout=asyncio.subprocess.PIPE,
    )
    ready = asyncio.Event()

    async def listen() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            event = json.loads(line)
            scene.callee.append(event)
            if event["event"] == "ready":
                ready.set()

    listening = asyncio.create_task(listen())
    try:
        await asyncio.wait_for(ready.wait(), START_SECONDS)
        _console.print(f"  callee    a phone of its own on 127.0.0.1:{port}, its own ears and voice")
        yield
    finally:
        await _stop(process)
        await asyncio.wait_for(listening, 5)


@asynccontextmanager
async def _platform(environment: dict[str, str], log: Path, http: str) -> AsyncIterator[None]:
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trunkline.cli", "serve", env=environment, stdout=out, stderr=out
        )
    try:
        async with ApiClient(f"http://{http}") as api:
            await asyncio.wait_for(_healthy(api, process), START_SECONDS)
        _console.print(f"  platform  http://{http}, SQLite, SIP on {environment['TRUNKLINE_SIP_LISTEN']}")
        yield
    finally:
        await _stop(process)


async def _healthy(api: ApiClient, process: asyncio.subprocess.Process) -> None:
    while True:
        if process.returncode is not None:
            raise TrunklineError("the platform did not start")
        try:
            await api.get("/health")
            return
        except (aiohttp.ClientError, TrunklineError):
            await asyncio.sleep(0.1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _organisation(environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trunkline.cli",
        "org",
        "create",
        "Bright Smile Dental",
        "--json",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise TrunklineError("trunkline org create failed")
    made = json.loads(out)
    _console.print(f"  client    organisation {made['name']}, with its first API key")
    return str(made["api_key"])


async def _converse(api: ApiClient, scene: _Scene, callee_port: int) -> dict[str, Any]:
    address = f"127.0.0.1:{callee_port}"
    trunk = (await api.post("/sip-trunks", {"name": "Simulated callee", "address": address}))["trunk"]
    line = {"phone_number": "+31850835037", "name": "Main line", "trunk_id": trunk["id"]}
    number = (await api.post("/numbers", line))["number"]
    assistant = (await api.post("/assistants", _assistant()))["assistant"]
    scene.began = time.monotonic()
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
    _console.print(f"\nPOST /calls/outbound → {placed['call_id']}\n")
    await asyncio.wait_for(_follow(api, scene, placed["call_id"]), CALL_SECONDS)
    return await asyncio.wait_for(_reported(api, placed["call_id"]), REPORT_SECONDS)


def _assistant() -> dict[str, Any]:
    script = example_script("appointment").model_dump(mode="json", exclude_none=True)
    return {
        "name": "Appointment reminder",
        "business_name": "Bright Smile Dental",
        "first_message": "Hello {{name}}, this is the virtual assistant of {{business_name}}.",
        "recording_enabled": True,
        "llm_config": {"provider": "local", "model": "scripted", "script": script},
        "analysis_plan": {
            "structured_data_plan": {
                "enabled": True,
                "schema": {"type": "object", "properties": {"confirmed": {"type": ["boolean", "null"]}}},
            }
        },
    }


async def _follow(api: ApiClient, scene: _Scene, call_id: str) -> None:
    """Shows the call as it happens, and takes part in it: context at its start, a remark in its course, last words."""
    waiting = list(_ORDERS)
    async for event, data in api.events(call_id):
        _print_event(scene, event, data)
        line = f"{event} {data.get('status') or data.get('role') or ''} {data.get('content') or ''}".lower()
        if data.get("final", True) and waiting and re.search(waiting[0][0], line):
            await _order(api, scene, call_id, waiting.pop(0)[1])


async def _order(api: ApiClient, scene: _Scene, call_id: str, command: dict[str, Any]) -> None:
    _console.print(f"{scene.stamp()}  [magenta]POST …/control[/]  {escape(json.dumps(command))}")
    try:
        await api.post(f"/calls/{call_id}/control", command)
    except TrunklineError as error:
        _console.print(f"{scene.stamp()}  [red]{escape(error.message)}[/]")


def _print_event(scene: _Scene, event: str, data: dict[str, Any]) -> None:
    stamp = scene.stamp()
    match event:
        case "status":
            reason = f" ({data['end_reason']})" if data.get("end_reason") else ""
            _console.print(f"{stamp}  [bold]{data['status']}[/]{reason}")
        case "transcript" if data.get("final", True):
            who, colour = {"user": ("callee   ", "cyan"), "assistant": ("assistant", "green")}.get(
                str(data.get("role")), ("note     ", "dim")
            )
            cut = " [dim](interrupted)[/]" if data.get("interrupted") else ""
            _console.print(f"{stamp}  [{colour}]{who}[/]  {escape(str(data.get('content')))}{cut}")
        case "latency":
            parts = ", ".join(f"{name} {data[name]:.0f}" for name in _LATENCY if data.get(name) is not None)
            _console.print(f"{stamp}  [dim]latency    {parts} ms[/]")
        case "command":
            _console.print(f"{stamp}  [magenta]{data['type']} {data['outcome']}[/] {escape(data.get('detail') or '')}")


_LATENCY = ("end_of_turn", "stt", "llm_first_token", "tts_first_audio", "heard", "added")


async def _reported(api: ApiClient, call_id: str) -> dict[str, Any]:
    """The call object with its summary and analysis; without them when the call was too short for any."""
    while True:
        call = await api.get(f"/calls/{call_id}")
        if call["summary"] is not None or len(call["messages"]) < FEWEST_MESSAGES:
            return call
        await asyncio.sleep(1)


def _save(path: Path, sound: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound)


def _show(call: dict[str, Any], verdict: Verdict, recording: Path) -> None:
    _console.print("\n[bold]The call object[/] (GET /calls/{id}; the resolved assistant left out here)")
    _console.print_json(json.dumps({name: value for name, value in call.items() if name != "assistant"}))
    latency = call.get("latency") or {}
    table = Table("milliseconds", "p50", "p95", title="Latency", title_justify="left")
    for name in _LATENCY:
        values = [(latency.get(rank) or {}).get(name) for rank in ("p50", "p95")]
        table.add_row(name, *("–" if value is None else f"{value:.0f}" for value in values))
    _console.print(table)
    _console.print(f"Recording, the callee left and the assistant right: {recording}")
    for line in verdict.lines:
        _console.print(("[green]✓[/] " if line.good else "[red]✗[/] ") + escape(line.text))
