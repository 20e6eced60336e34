"""The platform as it is measured: everything real but the three models, which are scripted and answer at once.

The voice activity detector is the real one and recording is on. Lines on standard input: ``lateness`` prints the media
clock's figures as JSON, ``reset`` forgets them; it leaves when standard input closes.
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict

import uvicorn
import uvloop

from bench.models import BenchModels
from trunkline.app.compose import Minds, platform
from trunkline.app.process import be_punctual
from trunkline.app.settings import Settings, load
from trunkline.base import logs
from trunkline.engine.supervisor import Supervisor
from trunkline.providers.local.scripted import ScriptedAnalyst
from trunkline.providers.local.silero import SileroVad


def minds() -> Minds:
    """Models that take no time; the voice activity detector is the real one."""
    return Minds(BenchModels(), SileroVad(), None, ScriptedAnalyst(None))


async def serve(settings: Settings) -> None:
    """Runs until standard input closes."""
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    host, _, port = settings.http_listen.rpartition(":")
    async with platform(settings, minds()) as house:
        server = uvicorn.Server(
            uvicorn.Config(house.api, host=host, port=int(port), log_config=None, access_log=False, lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        loop.add_reader(sys.stdin, _told, house.supervisor, closed)
        be_punctual()
        print(json.dumps({"ready": True}), flush=True)
        await closed.wait()
        loop.remove_reader(sys.stdin)
        house.api.state.closing.set()
        server.should_exit = True
        await serving


def _told(supervisor: Supervisor, closed: asyncio.Event) -> None:
    line = sys.stdin.readline()
    match line.strip():
        case "lateness":
            late = supervisor.lateness_ms()
            print(json.dumps(asdict(late)), flush=True)
        case "reset":
            supervisor.forget_lateness()
    if not line:
        closed.set()


if __name__ == "__main__":
    chosen = load()
    logs.configure(json=False, level=chosen.log_level)
    uvloop.run(serve(chosen))
    sys.stdout.flush()
    os._exit(0)
