"""What a caller waits for: a fixed sentence for the first and the second time, a first reply over a cold and a warm line.

``python -m bench.phrases [--rounds 30] [--delay-ms 20]`` prints two JSON lines. The sentences are spoken by the local
voice, and by a voice whose first sound comes 200 ms after it was asked; the model server is the emulator over TLS, behind
a relay that adds ``--delay-ms`` each way.
"""

import argparse
import asyncio
import json
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from typing import Any

from aiohttp import connector
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from trunkline.base.clock import SystemClock
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import LlmConfig, SttConfig, TransientAssistant, TtsConfig
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan
from trunkline.engine.candidates import Candidate
from trunkline.engine.events import Event, SpeakingStarted
from trunkline.engine.opening import Opening
from trunkline.engine.shelf import CallShelf, Shelf
from trunkline.engine.speaker import Speaker
from trunkline.engine.utterance import Lexicon
from trunkline.ports.models import Delta, Tts, TtsSession, Turn
from trunkline.providers.llm.openai_compatible import OpenAiCompatibleLlm
from trunkline.providers.local.pico import PicoTts
from trunkline.testing.emulators.openai_chat import MODEL, OpenAiChatEmulator
from trunkline.testing.line import Party, ScriptedLine
from trunkline.testing.models import ScriptedTts, Speaking

RATE_HZ = 8000
SENTENCE = "Good afternoon. I am calling about your delivery, which will be at your door tomorrow morning."
VENDOR_SECONDS = 0.2
AHEAD_SECONDS = 1.5


# --- fixed sentences


def _plan(number: int) -> CallPlan:
    assistant = TransientAssistant(
        first_message=SENTENCE,
        llm_config=LlmConfig(provider="local"),
        stt_config=SttConfig(provider="local"),
        tts_config=TtsConfig(provider="local", language="en"),
    )
    return CallPlan(f"call-{number}", "org", Direction.OUTBOUND, "+31201", "+31202", None, None, None, assistant)


async def _first_sound_ms(tts: Tts, plan: CallPlan, shelf: Shelf, *, ahead: bool = False) -> float:
    """From the order to speak to the moment at which the first sample was given to the line; with ``ahead`` all of it is
    first prepared, as while a phone rings."""
    started = asyncio.Event()
    written: list[float] = []

    def told(event: Event) -> None:
        if isinstance(event, SpeakingStarted):
            written.append(time.perf_counter())
            started.set()

    async with Crew("bench") as crew:
        line = ScriptedLine(Party(answers_after=0.0, rings_after=None))
        await asyncio.sleep(0.01)
        config = plan.assistant.tts_config or TtsConfig(provider="local")
        speaks: Candidate[TtsSession] = Candidate("tts", "bench", lambda: tts.open(config, RATE_HZ))
        opening = Opening((speaks,), crew)
        await opening.trial().open()
        speaker = Speaker(opening, Lexicon(()), RATE_HZ, told, crew, SystemClock(), CallShelf(shelf, plan, RATE_HZ))
        speaker.attach(line)
        if ahead:
            speaker.prepare(SENTENCE)
            await asyncio.sleep(AHEAD_SECONDS)
        asked = time.perf_counter()
        speaker.speak(1, SENTENCE)
        await started.wait()
        speaker.close()
        await opening.aclose()
    return (written[0] - asked) * 1000


async def sentences(rounds: int) -> dict[str, Any]:
    """The same sentence in a first call and in a later one, by two voices."""
    figures: dict[str, Any] = {"bench": "fixed_phrases", "rounds": rounds}
    local = PicoTts()
    await local.warm()
    vendor = ScriptedTts(Speaking(first_audio_seconds=VENDOR_SECONDS, speed=50.0))
    voices: dict[str, Tts] = {"local": local, "vendor_200_ms": vendor}
    for name, tts in voices.items():
        first, later = [], []
        for number in range(rounds):
            shelf, plan = Shelf(), _plan(number)
            first.append(await _first_sound_ms(tts, plan, Shelf()))
            await _first_sound_ms(tts, plan, shelf, ahead=True)
            later.append(await _first_sound_ms(tts, replace(plan, call_id="later"), shelf))
        figures[f"{name}_first_call_ms_p50"] = round(median(first), 2)
        figures[f"{name}_later_call_ms_p50"] = round(median(later), 2)
    local.close()
    return figures


# --- connections


class _Relay:
    """Passes bytes on between clients and a port, each way later by ``delay_seconds``."""

    def __init__(self, port: int, delay_seconds: float) -> None:
        self._port = port
        self._delay_seconds = delay_seconds
        self._crew = Crew("relay")
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> "_Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        await self._crew.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._delay_seconds)  # the handshake of TCP
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._crew.start(self._pass_on(reader, far_writer))
        self._crew.start(self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(self._delay_seconds, self._write, writer, data)
        loop.call_later(self._delay_seconds, writer.close)

    def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if not writer.is_closing():
            writer.write(data)


def _certificate(folder: Path) -> ssl.SSLContext:
    """A server's context whose certificate clients of this process trust from now on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(pem)  # made when aiohttp was imported: no setting reaches it
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def _first_token_ms(url: str, server: OpenAiChatEmulator, *, warm: bool) -> float:
    llm = OpenAiCompatibleLlm(url, None)
    try:
        known = len(server.requests)
        session = await llm.open(LlmConfig(provider="openai_compatible", model=MODEL), {})
        if warm:
            await server.until(lambda: len(server.requests) > known)
            await asyncio.sleep(0.3)
        else:
            await session.aclose()  # what it does ahead is given up before it has begun
        asked = time.perf_counter()
        async for part in session.reply((Turn("user", "Hello?"),), ()):
            if isinstance(part, Delta):
                took = (time.perf_counter() - asked) * 1000
                break
        await session.aclose()
    finally:
        await llm.aclose()
    return took


async def connections(rounds: int, delay_ms: float) -> dict[str, Any]:
    """The first token of a call's first reply, without and with the connection that is opened while it rings."""
    with tempfile.TemporaryDirectory() as name:
        context = _certificate(Path(name))
        async with OpenAiChatEmulator(tls=context) as server, _Relay(_port(server.url), delay_ms / 1000) as relay:
            url = f"https://127.0.0.1:{relay.port}/v1"
            first: Callable[..., Any] = _first_token_ms
            cold = [await first(url, server, warm=False) for _ in range(rounds)]
            warm = [await first(url, server, warm=True) for _ in range(rounds)]
    return {
        "bench": "warm_connections",
        "rounds": rounds,
        "network_delay_ms_each_way": delay_ms,
        "cold_first_token_ms_p50": round(median(cold), 1),
        "warm_first_token_ms_p50": round(median(warm), 1),
    }


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/", 1)[0])


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(sentences(options.rounds))))
    print(json.dumps(asyncio.run(connections(options.rounds, options.delay_ms))))


if __name__ == "__main__":
    main()
