"""What every vendor's voice has to do, against its emulator: the cases, and what they share."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from aiohttp import web
from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import Tts, TtsSession
from trunkline.providers import makers
from trunkline.providers.offers import address_of, read_catalogue, vendor_of
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.deepgram_speak import add_deepgram_speak
from trunkline.testing.emulators.elevenlabs_speech import add_elevenlabs_speech
from trunkline.testing.emulators.google_speech import add_gemini_speech, add_google_speech
from trunkline.testing.emulators.hearing import Hearing
from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.inworld_speech import add_inworld_speech
from trunkline.testing.emulators.openai_speech import add_openai_speech
from trunkline.testing.emulators.vendors import AddProtocol
from trunkline.testing.emulators.xai_speech import add_xai_speech

SENTENCE = "Good morning, this is the dental practice. Your appointment is on Thursday afternoon."
PROTOCOLS: Mapping[str, tuple[AddProtocol, ...]] = {
    "elevenlabs": (add_elevenlabs_speech,),
    "openai": (add_openai_speech,),
    "inworld": (add_inworld_speech,),
    "deepgram": (add_deepgram_speak,),
    "xai": (add_xai_speech,),
    "google": (add_google_speech, add_gemini_speech),
}


class SpeechEmulator(Emulator):
    """A vendor's protocols of speech alone."""

    protocols: ClassVar[tuple[AddProtocol, ...]] = ()

    def routes(self, app: web.Application) -> None:
        for add in self.protocols:
            add(app, self)


@dataclass(frozen=True, slots=True)
class Case:
    """A provider with one of its ways to speak. ``sockets``: over a websocket; ``whole``: sentence by sentence."""

    provider: str
    model: str | None = None
    sockets: bool = False
    whole: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.provider}-{self.model}" if self.model else self.provider

    def config(self, **more: object) -> TtsConfig:
        """A configuration of it."""
        return TtsConfig.model_validate({"provider": self.provider, "model": self.model, **self.options, **more})


CASES = (
    Case("elevenlabs", sockets=True),
    Case("elevenlabs", "eleven_v3"),
    Case("openai"),
    Case("inworld", sockets=True),
    Case("deepgram", sockets=True),
    Case("xai", sockets=True),
    Case("google", whole=True),
    Case("google", "gemini-3.8-flash-lite-tts"),
    Case("google", "gemini-2.5-flash-preview-tts"),
)


def emulator(case: Case) -> Emulator:
    """The emulator of a case's vendor."""
    kind = type("Emulated", (SpeechEmulator,), {"vendor": case.provider, "protocols": PROTOCOLS[case.provider]})
    made: Emulator = kind()
    return made


@asynccontextmanager
async def adapter(case: Case, house: Emulator, key: str | None = None, silence: float = 5.0) -> AsyncIterator[Tts]:
    """The adapter of a case, that calls the emulator."""
    vendor = vendor_at(case, house.url.removesuffix("/"), silence)
    try:
        yield makers.TTS[case.provider](vendor, SecretStr(key or house.key))
    finally:
        await close(vendor)


def vendor_at(case: Case, house_url: str, silence: float = 5.0) -> Vendor:
    """The vendor of a case where an emulator stands in for it."""
    paths = {"inworld": "", "google": "/v1"}
    name = address_of("tts", case.provider)
    vendor = Vendor(name, house_url + paths.get(case.provider, "/v1"), silence_seconds=silence)
    if name == "google_speech":
        vendor.beside = Vendor("google", house_url + "/v1beta", silence_seconds=silence)
    return vendor


@asynccontextmanager
async def live_adapter(case: Case) -> AsyncIterator[Tts]:
    """The adapter of a case, that calls the real vendor with the key of the environment."""
    vendors = read_catalogue()["vendors"]
    name = address_of("tts", case.provider)
    vendor = Vendor(name, vendors[name]["url"])
    if "beside" in vendors[name]:
        vendor.beside = Vendor("google", vendors["google"]["url"])
    try:
        yield makers.TTS[case.provider](vendor, SecretStr(os.environ[key_name(case)]))
    finally:
        await close(vendor)


def key_name(case: Case) -> str:
    """The name of the environment's variable that holds the real key."""
    return f"TRUNKLINE_{vendor_of(case.provider).upper()}_KEY"


async def close(vendor: Vendor) -> None:
    """Closes a vendor and the one beside it."""
    await vendor.aclose()
    if vendor.beside is not None:
        await vendor.beside.aclose()


@asynccontextmanager
async def opened(tts: Tts, config: TtsConfig, rate: int = 8000) -> AsyncIterator[TtsSession]:
    """An open session."""
    session = await tts.open(config, rate)
    try:
        yield session
    finally:
        await session.aclose()


async def said(session: TtsSession, text: str) -> list[bytes]:
    """All that was said, in the pieces in which it came."""
    return [pcm async for pcm in session.speak(text)]


async def heard(pcm: bytes, rate: int) -> str:
    """The words in a sound."""
    words: list[str] = []
    async with Hearing() as hearing:
        stream = await hearing.open(rate, quiet_seconds=None)
        stream.push(bytes(rate // 2) + pcm + bytes(rate))
        stream.flush()
        async for one in stream:
            words += [one.text] if one.final else []
            if one.flushed:
                break
    return " ".join(words)


def word_errors(wanted: str, got: str) -> float:
    """The share of words that are wrong, left out or too many."""
    left, right = _words(wanted), _words(got)
    row = list(range(len(right) + 1))
    for number, word in enumerate(left, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(right, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1] / max(1, len(left))


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def tasks() -> set[str]:
    """The names of the tasks of the voices that run."""
    return {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("tts")}
