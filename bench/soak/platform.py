"""The platform under the soak: everything real but the models, and an account of what it holds at the moment.

Lines on standard input: ``census`` collects garbage and prints what is held as JSON; ``tasks`` prints where each task
stands. It leaves when standard input closes.
"""

import asyncio
import ctypes
import gc
import json
import os
import sys
from collections import Counter
from typing import Any

import uvicorn
import uvloop

from bench.soak.models import SoakModels
from trunkline.app.compose import House, Minds, platform
from trunkline.app.process import be_punctual
from trunkline.app.settings import Settings, load
from trunkline.base import logs
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.local.scripted import ScriptedAnalyst
from trunkline.providers.local.silero import SileroVad


def census(house: House, vad: SileroVad) -> dict[str, Any]:
    """How much of everything is held now."""
    gc.collect()
    tasks = Counter(_name(task) for task in asyncio.all_tasks())
    media = house.supervisor._media
    return {
        "live_calls": house.supervisor.live_calls(),
        "room": house.supervisor.room(),
        "offered": len(house.jobs.dialler._mine),
        "supervisor_tasks": len(house.supervisor._crew),
        "legs": house.rooms.carrier.health()["live_legs"],
        "seats": len(media._seats),
        "vad_slots": len(vad._taken),
        "tasks": dict(tasks),
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
        "heap_mb": round(_heap_bytes() / 2**20, 1),
    }


class _MallInfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    ))  # fmt: skip


def _heap_bytes() -> int:
    """What native code and large Python objects have allocated and not freed; small Python objects are ``blocks``."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _MallInfo
    found = ask()
    return int(found.uordblks) + int(found.hblkhd)


def _name(task: asyncio.Task[Any]) -> str:
    """A task's name without what tells it from others of its kind."""
    name = task.get_name()
    return "unnamed" if name.startswith("Task-") else "".join(sign for sign in name if not sign.isdigit()).strip()


def _stacks() -> list[str]:
    return sorted(f"{task.get_name()}: {task.get_coro()!r}" for task in asyncio.all_tasks())


async def serve(settings: Settings) -> None:
    """Runs until standard input closes."""
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    host, _, port = settings.http_listen.rpartition(":")
    real = ProviderSettings(
        openai_compatible_url=settings.openai_compatible_url,
        openai_compatible_key=settings.openai_compatible_key,
        allow_private_model_urls=True,
    )
    vad = SileroVad()
    async with Catalogue(real) as catalogue:
        minds = Minds(SoakModels(catalogue), vad, None, ScriptedAnalyst(None))
        async with platform(settings, minds) as house:
            server = uvicorn.Server(
                uvicorn.Config(house.api, host=host, port=int(port), log_config=None, access_log=False, lifespan="off")
            )
            serving = asyncio.create_task(server.serve(), name="http server")
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            loop.add_reader(sys.stdin, _told, house, vad, closed)
            be_punctual()
            print(json.dumps({"ready": True}), flush=True)
            await closed.wait()
            loop.remove_reader(sys.stdin)
            house.api.state.closing.set()
            server.should_exit = True
            await serving


def _told(house: House, vad: SileroVad, closed: asyncio.Event) -> None:
    line = sys.stdin.readline()
    match line.strip():
        case "census":
            print(json.dumps(census(house, vad)), flush=True)
        case "tasks":
            print(json.dumps({"tasks": _stacks()}), flush=True)
    if not line:
        closed.set()


if __name__ == "__main__":
    chosen = load()
    logs.configure(json=False, level=chosen.log_level)
    uvloop.run(serve(chosen))
    sys.stdout.flush()
    os._exit(0)
