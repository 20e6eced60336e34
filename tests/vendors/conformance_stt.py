"""What every vendor's recogniser has to do the same: shared by the emulated and the live tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import SecretStr

from trunkline.audio.frame import frame_bytes, silence
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final, Partial, SttStream
from trunkline.providers import makers
from trunkline.providers.vendor import SILENCE_SECONDS, Vendor
from trunkline.testing.emulators.deepgram_listen import add_deepgram_listen
from trunkline.testing.emulators.elevenlabs_scribe import add_elevenlabs_scribe
from trunkline.testing.emulators.gladia_live import add_gladia_live
from trunkline.testing.emulators.house import KEY, Emulator
from trunkline.testing.emulators.mistral_transcription import add_mistral_transcription
from trunkline.testing.emulators.openai_transcription import add_openai_transcription
from trunkline.testing.emulators.speaking import pieces, speech

RATE_HZ = 8_000
ANSWER_SECONDS = 8.0
PACE_SECONDS = 0.05
BOOKING = "Good morning, I would like to book a table for two people."
THANKS = "Thank you very much for your help."
PROTOCOLS = {
    "deepgram": ("/v1", add_deepgram_listen),
    "elevenlabs": ("/v1", add_elevenlabs_scribe),
    "gladia": ("/v2", add_gladia_live),
    "mistral": ("/v1", add_mistral_transcription),
    "openai": ("/v1", add_openai_transcription),
}
VENDORS = tuple(PROTOCOLS)


class House(Emulator):
    """One vendor's recogniser alone."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.base, self._add = PROTOCOLS[vendor]
        super().__init__()

    def routes(self, app: web.Application) -> None:
        self._add(app, self)


@dataclass(slots=True)
class Call:
    """One call's use of a recogniser: what it gave so far, and how it failed."""

    stream: SttStream
    rate_hz: int
    partials: list[str] = field(default_factory=list)
    finals: list[Final] = field(default_factory=list)
    failure: Upstream | None = None
    over: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Reads what is heard until it ends."""
        try:
            async for heard in self.stream.results():
                if isinstance(heard, Partial):
                    self.partials.append(heard.text)
                else:
                    self.finals.append(heard)
                self._changed.set()
        except Upstream as error:
            self.failure = error
        self.over = True
        self._changed.set()

    async def until(self, condition: Callable[["Call"], bool], seconds: float = ANSWER_SECONDS) -> None:
        """Waits until ``condition`` holds; the failure, where there is one, is raised instead."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                if self.failure is not None:
                    raise self.failure
                self._changed.clear()
                await self._changed.wait()

    async def failed(self, seconds: float = ANSWER_SECONDS) -> Upstream:
        """Waits for the failure."""
        async with asyncio.timeout(seconds):
            while self.failure is None:
                assert not self.over, "the results ended without a failure"
                self._changed.clear()
                await self._changed.wait()
        return self.failure

    def push(self, pcm: bytes) -> None:
        """Gives the sound as a line does, in frames."""
        size = frame_bytes(self.rate_hz)
        for at in range(0, len(pcm), size):
            self.stream.push(pcm[at : at + size])

    async def begin(self, text: str, *, pace_seconds: float = 0.0) -> None:
        """Begins to say something; the words of it are said, its end is not. ``pace_seconds`` pass for each 0.3 s."""
        self.push(silence(0.4, self.rate_hz))
        self.stream.speech_started()
        for piece in pieces(await speech(text, self.rate_hz), 15 * frame_bytes(self.rate_hz)):
            self.push(piece)
            await asyncio.sleep(pace_seconds)

    def end(self) -> None:
        """Pauses, as our voice activity detection notices it."""
        self.push(silence(0.16, self.rate_hz))
        self.stream.speech_ended()

    async def say(self, *texts: str) -> None:
        """Says texts, each one utterance."""
        for text in texts:
            await self.begin(text)
            self.end()

    async def say_and_hear(self, text: str) -> Final:
        """Says a text and waits for its Final."""
        known = len(self.finals)
        await self.say(text)
        await self.until(lambda call: len(call.finals) > known)
        return self.finals[known]

    async def say_in_time(self, text: str) -> None:
        """Says something at such a pace that the vendor can guess at it before it ends."""
        await self.begin(text, pace_seconds=PACE_SECONDS)
        self.end()


@asynccontextmanager
async def calling(
    provider: str,
    url: str,
    key: str = KEY,
    config: SttConfig | None = None,
    rate_hz: int = RATE_HZ,
    silence_seconds: float = SILENCE_SECONDS,
) -> AsyncIterator[Call]:
    """A call that is heard by a provider at an address."""
    vendor = Vendor(provider, url, silence_seconds=silence_seconds)
    try:
        stream = await makers.STT[provider](vendor, SecretStr(key)).open(
            config or SttConfig(provider=provider), rate_hz
        )
        async with Crew("call") as crew:
            call = Call(stream, rate_hz)
            reader = crew.start(call.read())
            try:
                yield call
            finally:
                await stream.aclose()
                await asyncio.wait([reader], timeout=1.0)
    finally:
        await vendor.aclose()


def has_words(text: str, words: Sequence[str]) -> bool:
    """Whether the words stand in a text in this order, however it is written."""
    plain = text.lower().replace("-", "")
    at = 0
    for word in words:
        at = plain.find(word, at)
        if at < 0:
            return False
    return True


# --- the checks that hold for emulators and for the real vendors


async def check_words(provider: str, url: str, key: str, rate_hz: int) -> None:
    """Each utterance gives exactly one Final with its words."""
    async with calling(provider, url, key, rate_hz=rate_hz) as call:
        await call.say_and_hear(BOOKING)
        await call.say_and_hear(THANKS)
        assert has_words(call.finals[0].text, ["good morning", "table", "two people"]), call.finals
        assert has_words(call.finals[1].text, ["thank you", "help"]), call.finals
        assert len(call.finals) == 2
        assert all(final.audio_seconds > 1 for final in call.finals)


async def check_pause(provider: str, url: str, key: str) -> None:
    """A pause in the midst of an utterance, which makes vendors end theirs, gives one Final all the same."""
    async with calling(provider, url, key) as call:
        await call.begin(BOOKING)
        call.push(silence(1.0, RATE_HZ) + await speech(THANKS, RATE_HZ))
        call.end()
        await call.until(lambda call: bool(call.finals))
        assert has_words(call.finals[0].text, ["table", "two people", "thank you", "help"]), call.finals


async def check_haste(provider: str, url: str, key: str) -> None:
    """Utterances that end before the one before them was answered each get their own words, in order."""
    async with calling(provider, url, key) as call:
        await call.say(BOOKING, THANKS, "My name is Peter.")
        await call.until(lambda call: len(call.finals) == 3, 2 * ANSWER_SECONDS)
        assert has_words(call.finals[0].text, ["table", "two people"]), call.finals
        assert has_words(call.finals[1].text, ["thank you", "help"]), call.finals
        assert has_words(call.finals[2].text, ["name is"]), call.finals


async def check_no_words(provider: str, url: str, key: str) -> None:
    """A sound without words gives an empty Final, and what is said after it is heard."""
    async with calling(provider, url, key) as call:
        call.push(silence(0.5, RATE_HZ))
        call.stream.speech_started()
        call.push(silence(0.4, RATE_HZ))
        call.end()
        await call.until(lambda call: bool(call.finals))
        assert call.finals[0].text == ""
        assert has_words((await call.say_and_hear(THANKS)).text, ["thank you"])


async def check_wrong_key(provider: str, url: str) -> None:
    """A wrong key is refused for good, and stands nowhere in the error."""
    secret = "wrong-key-4711"
    try:
        async with calling(provider, url, secret) as call:
            error = await call.failed()
    except Upstream as refused:
        error = refused
    assert not error.retryable
    assert secret not in f"{error!r} {error} {error.message} {error.vendor_message} {error.request_id}"
