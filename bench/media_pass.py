"""What the engine costs by itself: N calls on lines in memory, real voice detection, scripted models, in real time.

``python -m bench.media_pass [--calls 100] [--seconds 20]`` prints one JSON line: CPU per call-second and how late the
20 ms passes began. The lines cost next to nothing, so the figure is the engine's own: no SIP, no RTP, no sockets.
"""

import argparse
import asyncio
import gc
import json
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from bench.speech import utterance
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.base.clock import SystemClock
from trunkline.domain.assistant import (
    BackgroundAudio,
    LlmConfig,
    SpeechConfig,
    SttConfig,
    TransientAssistant,
    TtsConfig,
)
from trunkline.domain.call import Direction
from trunkline.domain.commands import EndCall
from trunkline.domain.events import Fact, SipFacts, TurnMeasured
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.domain.signalling import SignallingMessage
from trunkline.engine.supervisor import Supervisor
from trunkline.ports.carrier import Dial, Offer, ProbeStep
from trunkline.ports.line import Answered, Closed, LineEvent
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult
from trunkline.providers.local.silero import SileroVad
from trunkline.storage.blobs import DiskBlobs
from trunkline.testing.models import Hearing, ScriptedLlm, ScriptedModels, ScriptedStt, ScriptedTts, Speaking, Thinking

RATE_HZ = 8000
BYTES_PER_SECOND = RATE_HZ * 2
FRAME_BYTES = BYTES_PER_SECOND // 50
PAUSE_SECONDS = 5.0
WARM_UP_SECONDS = 5.0


class LoopLine:
    """A party that says the same every few seconds; sound is cut out of one long loop, the ring is a number."""

    sample_rate_hz = RATE_HZ
    delay_seconds = 0.0
    sip = SipFacts(codec="pcmu")

    def __init__(self, loop: bytes, offset: int) -> None:
        self._loop = loop
        self._began = time.monotonic()
        self._offset = offset
        self._read = 0
        self._empty_at = 0.0
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._events.put_nowait(Answered())

    async def events(self) -> AsyncIterator[LineEvent]:
        event: LineEvent = Answered()
        while not isinstance(event, Closed):
            event = await self._events.get()
            yield event

    def read(self) -> bytes:
        due = int((time.monotonic() - self._began) * 50) * FRAME_BYTES - self._read
        start = (self._offset + self._read) % (len(self._loop) - BYTES_PER_SECOND)
        self._read += due
        return self._loop[start : start + due]

    def write(self, pcm: bytes) -> int:
        self._empty_at = max(self._empty_at, time.monotonic()) + len(pcm) / BYTES_PER_SECOND
        return len(pcm)

    def buffered(self) -> int:
        return max(0, int((self._empty_at - time.monotonic()) * 50)) * FRAME_BYTES

    def flush(self) -> int:
        dropped = self.buffered()
        self._empty_at = 0.0
        return dropped

    async def send_digits(self, digits: str) -> None:
        """Nobody listens."""

    async def transfer(self, destination_uri: str) -> None:
        """Nobody to go to."""

    async def hang_up(self) -> None:
        self._events.put_nowait(Closed(None))

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        return ()


class LoopCarrier:
    """Answers every call at once."""

    def __init__(self, loop: bytes) -> None:
        self._loop = loop
        self._dialled = 0

    async def dial(self, order: Dial) -> LoopLine:
        self._dialled += 1
        return LoopLine(self._loop, self._dialled * 7 * FRAME_BYTES)

    async def offers(self) -> AsyncIterator[Offer]:
        none: tuple[Offer, ...] = ()
        for offer in none:
            yield offer

    async def probe(self, trunk: TrunkPlan) -> list[ProbeStep]:
        return []

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        """Nothing registers in memory."""

    async def forget(self, trunk_id: str) -> None:
        """Nothing is kept."""

    def health(self) -> dict[str, object]:
        return {"status": "ok"}


class Counting:
    """A journal and a tool runner that only count."""

    def __init__(self) -> None:
        self.turns = 0
        self.added: list[float] = []

    async def note(self, call_id: str, fact: Fact) -> None:
        if isinstance(fact, TurnMeasured):
            self.turns += 1
            self.added.append(fact.added or 0.0)

    async def offered(self, plan: CallPlan) -> Offered:
        return Offered()

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        return []

    async def close(self, call_id: str) -> None:
        return


def endless_plan(number: int, recording: bool, background: bool) -> CallPlan:
    """A call with scripted models that goes on until it is ended."""
    assistant = TransientAssistant(
        first_message="Hello, this is a call that never ends.",
        llm_config=LlmConfig(provider="scripted"),
        stt_config=SttConfig(provider="scripted"),
        tts_config=TtsConfig(provider="scripted"),
        recording_enabled=recording,
        speech_config=SpeechConfig(background_audio=BackgroundAudio(enabled=background)),
    )
    trunk = TrunkPlan("trunk", 1, "bench", "127.0.0.1", None, codecs=("pcmu",))
    return CallPlan(
        f"call-{number}", "org", Direction.OUTBOUND, "+31201234567", "+31207654321", None, None, trunk, assistant
    )


async def loop_of_speech(folder: Path) -> bytes:
    """What each party says, over and over."""
    path = folder / "speech.wav"
    await utterance(path)
    wav = decode(path.read_bytes())
    said = resample(wav.pcm, wav.sample_rate_hz, RATE_HZ) + bytes(int(PAUSE_SECONDS * BYTES_PER_SECOND))
    said = said[: len(said) // FRAME_BYTES * FRAME_BYTES]
    return said * 3


async def measure(calls: int, seconds: float, recording: bool, background: bool = False) -> dict[str, Any]:
    """Runs the calls and measures once they are all up."""
    models = ScriptedModels(
        ScriptedStt(Hearing(("I would like to move my appointment.",), partial_seconds=0.3, again=True)),
        ScriptedLlm(Thinking(("Of course. Which day would suit you better, Tuesday or Thursday?",), again=True)),
        ScriptedTts(Speaking()),
    )
    journal = Counting()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        carrier = LoopCarrier(await loop_of_speech(folder))
        vad, blobs, clock = SileroVad(), DiskBlobs(folder / "blobs"), SystemClock()
        async with Supervisor(carrier, models, vad, None, journal, journal, blobs, clock, calls) as supervisor:
            running = [
                asyncio.create_task(supervisor.run(endless_plan(number, recording, background)))
                for number in range(calls)
            ]
            await asyncio.sleep(WARM_UP_SECONDS)
            gc.collect()
            gc.freeze()
            journal.turns, journal.added = 0, []
            supervisor.forget_lateness()
            cpu, began = cpu_seconds(), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, took = cpu_seconds() - cpu, time.monotonic() - began
            late = supervisor.lateness_ms()
            turns, added = journal.turns, sorted(journal.added)
            for number in range(calls):
                supervisor.order(f"call-{number}", "end", EndCall())
            await asyncio.gather(*running)
    return {
        "bench": "media_pass",
        "calls": calls,
        "recording": recording,
        "background": background,
        "seconds": round(took, 1),
        "cpu_ms_per_call_second": round(cpu * 1000 / took / calls, 2),
        "lateness_ms_p50": round(late.p50, 2),
        "lateness_ms_p99": round(late.p99, 2),
        "lateness_ms_max": round(late.max, 2),
        "turns": turns,
        "added_ms_p50": added[len(added) // 2] if added else None,
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def cpu_seconds() -> float:
    """What this process has used of the processor."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--recording", action="store_true")
    parser.add_argument("--background", action="store_true", help="a loop behind every voice")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.calls, options.seconds, options.recording, options.background))))


if __name__ == "__main__":
    main()
