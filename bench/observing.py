"""What it costs to be watched: the same calls with and without counters, traces' notes and a scrape each second.

``python -m bench.observing [--calls 40] [--seconds 4] [--rounds 4]`` prints one JSON line: CPU per call-second and the
lateness of the 20 ms passes, in windows that take turns within one run, so that both meet the same machine.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest

from bench.media_pass import Counting, LoopCarrier, cpu_seconds, endless_plan, loop_of_speech
from trunkline.app.metrics import Metrics
from trunkline.app.observing import watch_the_loop
from trunkline.app.watching import CallSeen, CallWatch
from trunkline.base.clock import SystemClock, iso
from trunkline.domain.commands import EndCall
from trunkline.domain.events import Fact, LiveEvent, MessageSpoken, TurnMeasured
from trunkline.engine.supervisor import Supervisor
from trunkline.providers.local.silero import SileroVad
from trunkline.storage.blobs import DiskBlobs
from trunkline.testing.models import Hearing, ScriptedLlm, ScriptedModels, ScriptedStt, ScriptedTts, Speaking, Thinking

WARM_UP_SECONDS = 4.0
SCRAPE_SECONDS = 1.0


class Watched(Counting):
    """A journal that tells a watch what it is told, as the platform's does, while it is ``on``."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics = Metrics()
        self.watch = CallWatch(self.metrics, CallSeen())
        self.on = False

    async def note(self, call_id: str, fact: Fact) -> None:
        await super().note(call_id, fact)
        if not self.on:
            return
        self.watch.noted(call_id, fact)
        if isinstance(fact, TurnMeasured):
            data = {"at": iso(fact.at), "turn": fact.turn, "heard": fact.heard, "stt": fact.stt, "added": fact.added}
            self.watch.saw(LiveEvent(call_id, fact.turn + 1, "latency", data))
        elif isinstance(fact, MessageSpoken):
            self.watch.saw(LiveEvent(call_id, 2, "transcript", {"at": iso(fact.at), **fact.message.as_json()}))

    async def scraped(self, supervisor: Supervisor) -> None:
        """Reads the figures out again and again."""
        passes = 0
        while True:
            passes, _ = supervisor.lateness_since(passes)
            await asyncio.to_thread(generate_latest, self.metrics.registry)
            await asyncio.sleep(SCRAPE_SECONDS)


async def measure(calls: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Runs the calls; every other window is watched."""
    models = ScriptedModels(
        ScriptedStt(Hearing(("I would like to move my appointment.",), partial_seconds=0.3, again=True)),
        ScriptedLlm(Thinking(("Of course. Which day would suit you better, Tuesday or Thursday?",), again=True)),
        ScriptedTts(Speaking()),
    )
    journal = Watched()
    cpu: dict[bool, list[float]] = {False: [], True: []}
    late: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        carrier = LoopCarrier(await loop_of_speech(Path(name)))
        vad, blobs, clock = SileroVad(), DiskBlobs(Path(name) / "blobs"), SystemClock()
        async with Supervisor(carrier, models, vad, None, journal, journal, blobs, clock, calls) as supervisor:
            plans = [endless_plan(number, recording=False, background=False) for number in range(calls)]
            running = [asyncio.create_task(supervisor.run(plan)) for plan in plans]
            await asyncio.sleep(WARM_UP_SECONDS)
            gc.collect()
            gc.freeze()
            for window in range(2 * rounds):
                journal.on = bool(window % 2)
                used, p99 = await _window(journal, supervisor, seconds)
                cpu[journal.on].append(used * 1000 / calls)
                late[journal.on].append(p99)
            for plan in plans:
                supervisor.order(plan.call_id, "end", EndCall())
            await asyncio.gather(*running)
    return {
        "bench": "observing",
        "calls": calls,
        "rounds": rounds,
        "cpu_ms_per_call_second": round(statistics.median(cpu[False]), 3),
        "cpu_ms_per_call_second_watched": round(statistics.median(cpu[True]), 3),
        "lateness_ms_p99": round(statistics.median(late[False]), 2),
        "lateness_ms_p99_watched": round(statistics.median(late[True]), 2),
    }


async def _window(journal: Watched, supervisor: Supervisor, seconds: float) -> tuple[float, float]:
    """CPU seconds per second, and how late the passes were."""
    watching = []
    if journal.on:
        watching = [
            asyncio.create_task(journal.scraped(supervisor)),
            asyncio.create_task(watch_the_loop(journal.metrics)),
        ]
    supervisor.forget_lateness()
    before, began = cpu_seconds(), time.monotonic()
    await asyncio.sleep(seconds)
    used = (cpu_seconds() - before) / (time.monotonic() - began)
    late = supervisor.lateness_ms().p99
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return used, late


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.calls, options.seconds, options.rounds))))


if __name__ == "__main__":
    main()
