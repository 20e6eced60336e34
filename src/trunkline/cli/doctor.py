"""``trunkline doctor``: examines an installation, running or not, and says what to do about what is not well."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trunkline.app.settings import Settings, load
from trunkline.base import logs
from trunkline.cli import doctor_machine, doctor_network, doctor_platform, doctor_trunks
from trunkline.cli.doctor_findings import Finding, Level, Patient, fail

LOOK_SECONDS = 2.0
_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
_PARTS: dict[str, Callable[[Patient], Awaitable[list[Finding]]]] = {
    "network": doctor_network.examine,
    "machine": doctor_machine.examine,
    "platform": doctor_platform.examine,
    "phone line": doctor_trunks.examine,
}


def doctor(
    trunk: Annotated[str | None, typer.Option(help="The id of the only trunk to test.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Examine this installation: ports, NAT, trunks, codecs, keys, clock, disk, database. Exit code 1 where one fails."""
    settings = load()
    logs.configure(json=settings.log_json, level="ERROR")
    findings = asyncio.run(examined(settings, trunk))
    if as_json:
        print(json.dumps({"ok": _healthy(findings), "findings": [one.as_json() for one in findings]}, indent=2))
    else:
        _show(findings)
    raise typer.Exit(0 if _healthy(findings) else 1)


async def examined(settings: Settings, trunk_id: str | None = None) -> list[Finding]:
    """All findings. A part that cannot be examined is one itself."""
    patient = Patient(settings, await running(settings), trunk_id)
    found: list[Finding] = []
    for name, examine in _PARTS.items():
        try:
            found += await examine(patient)
        except Exception as error:  # noqa: BLE001 (what ails one part must not hide the others)
            found.append(fail(name, f"could not be examined: {error!r}", "report this, with the line above"))
    return found


async def running(settings: Settings) -> dict[str, object] | None:
    """What the platform says of its health where it runs already, else None."""
    host, _, port = settings.http_listen.rpartition(":")
    address = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    try:
        timeout = aiohttp.ClientTimeout(total=LOOK_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(f"http://{address}:{port}/health") as reply:
            told = await reply.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    return told if isinstance(told, dict) and {"checks", "version"} <= told.keys() else None


def _healthy(findings: list[Finding]) -> bool:
    return all(one.level is not Level.FAIL for one in findings)


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        says = Text(one.says)
        if one.todo:
            says.append(f"\n→ {one.todo}", style=_STYLES[one.level])
        table.add_row(Text(one.level.value, style=_STYLES[one.level]), Text(one.check), says)
    console.print(table)
    count = Counter(one.level for one in findings)
    console.print(f"\n{count[Level.OK]} ok, {count[Level.WARN]} to look at, {count[Level.FAIL]} to mend")
