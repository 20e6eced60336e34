"""What runs on this machine until it is done: the platform, the demo, a phone, vendors, and the doctor."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from trunkline.app.settings import load
from trunkline.cli.demo import run_demo
from trunkline.cli.doctor import doctor
from trunkline.cli.emulate import Wanted, chosen, run_emulators
from trunkline.cli.ports import check_listen, check_ports
from trunkline.cli.supervise import serve_command, supervise
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.persona import PERSONAS

app = typer.Typer(rich_markup_mode=None)
app.command()(doctor)


@app.command()
def serve() -> None:
    """Run the whole platform in one supervised process. Settings come from TRUNKLINE_… variables."""
    check_ports(load())
    raise typer.Exit(supervise(serve_command()))


@app.command()
def demo(
    recording: Annotated[Path, typer.Option(help="Where the stereo recording is left.")] = Path("data/demo-call.wav"),
    svg: Annotated[Path | None, typer.Option(help="Save what the terminal shows as a picture.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the demo's data directory.")] = False,
) -> None:
    """Place a real call to a simulated callee on this machine and show it as it happens."""
    raise typer.Exit(asyncio.run(run_demo(recording, picture=svg, keep=keep)))


@app.command()
def callee(
    listen: Annotated[str, typer.Option(help="Address and port of its SIP.")] = "127.0.0.1:5070",
    rtp_ports: Annotated[str, typer.Option(help="Its range of ports for sound.")] = "40000-41999",
    persona: Annotated[str, typer.Option(help=f"Who picks up: {', '.join(sorted(PERSONAS))}.")] = "patient",
) -> None:
    """Be a phone with a person at it: answers every call, listens and talks. Prints what it hears and says."""
    if persona not in PERSONAS:
        raise typer.BadParameter(f"there is nobody called {persona!r}; take one of {', '.join(sorted(PERSONAS))}")
    check_listen("--listen", listen, (socket.SOCK_DGRAM, socket.SOCK_STREAM))
    options = ("--listen", listen, "--rtp-ports", rtp_ports, "--persona", persona)
    os.execv(sys.executable, [sys.executable, "-m", "trunkline.testing.callee", *options])


@app.command()
def emulate(
    vendor: Annotated[str | None, typer.Argument(help="The vendor, as `deepgram`.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All vendors, each at a port of its own.")] = False,
    listen: Annotated[str, typer.Option(help="Its address and port; with --all, the first one.")] = "127.0.0.1:9100",
    key: Annotated[str | None, typer.Option(help="The key that it takes.")] = None,
    fault: Annotated[Fault | None, typer.Option(help="What goes wrong there.")] = None,
    moment: Annotated[Moment, typer.Option(help="When it goes wrong.")] = Moment.FIRST,
    times: Annotated[int | None, typer.Option(min=1, help="How often; left out, always.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Only `slow`: how late it comes.")] = 2.0,
) -> None:
    """Be a vendor of models: speak its protocol with real words, without its account. Prints what is to be set."""
    trouble = Trouble(fault, moment, times, seconds) if fault is not None else None
    asyncio.run(run_emulators(Wanted(chosen(vendor, everyone), listen, key, trouble)))
