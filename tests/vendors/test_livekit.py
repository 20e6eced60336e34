"""LiveKit's plugins on the wire: three of them against our emulators, which they know nothing of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Final, SttStream
from trunkline.ports.replies import Calls, Delta, ReplyPart, Spent, Turn
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.speaking import speech
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = [pytest.mark.room, pytest.mark.asyncio]

RATE = 8000
WRONG = "a-key-that-is-not-taken"
TEXT = "Good morning, this is Bright Smile Dental. How can I help you?"
RECOGNISERS = {"openai": None, "deepgram": None, "elevenlabs": "scribe_v2_realtime"}
"""The plugins that hear, and their model where the default is not one with a stream."""
PLUGINS = {
    "openai": {},
    "deepgram": {"stt": "/listen", "tts": "/speak"},
    "elevenlabs": {},
}
"""The plugins, and what their addresses end in, by stage, where it is not the same for all."""
BOOK = FunctionSpec(
    name="book_table",
    description="Book a table.",
    parameters={"type": "object", "properties": {"guests": {"type": "integer"}}, "required": ["guests"]},
)


def _settings(vendor: VendorEmulator, key: str) -> dict[str, Any]:
    ends = PLUGINS[vendor.vendor]
    if not ends:
        return {"api_key": key, "base_url": vendor.url}
    return {"api_key": key, **{stage: {"base_url": vendor.url + end} for stage, end in ends.items()}}


@asynccontextmanager
async def plugged(name: str, key: str = "") -> AsyncIterator[tuple[VendorEmulator, Catalogue]]:
    """The vendor's emulator, and a catalogue whose operator set the plugin up. Afterwards the vendor has no open stream, and
    no task is left."""
    before = asyncio.all_tasks()
    async with EMULATORS[name]() as vendor:
        settings = {name: _settings(vendor, key or vendor.key)}
        async with Catalogue(ProviderSettings(livekit=settings)) as catalogue:
            yield vendor, catalogue
        await vendor.until(lambda: vendor.open_streams == 0)
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() - before == set()


async def _reply(
    catalogue: Catalogue, *history: Turn, tools: tuple[FunctionSpec, ...] = (), **options: Any
) -> list[ReplyPart]:
    session = await catalogue.llm("livekit:openai").open(LlmConfig(provider="livekit:openai", **options), {})
    try:
        return [part async for part in session.reply(history, tools)]
    finally:
        await session.aclose()


async def test_a_model_streams_its_words_and_its_usage() -> None:
    async with plugged("openai") as (vendor, catalogue):
        parts = await _reply(
            catalogue,
            Turn("system", "Be short."),
            Turn("user", "It is Friday today"),
            model="gpt-5.4-mini",
            max_completion_tokens=200,
        )
        body = next(one.body for one in vendor.received if one.path.endswith("/chat/completions"))
    words = [part.text for part in parts if isinstance(part, Delta)]
    assert len(words) > 1
    assert "Friday today" in "".join(words)
    spent = parts[-1]
    assert isinstance(spent, Spent)
    assert spent.prompt_tokens > 0
    assert spent.completion_tokens > 0
    assert body["model"] == "gpt-5.4-mini"
    assert body["max_completion_tokens"] == 200
    assert "temperature" not in body


async def test_a_model_calls_a_tool_and_reads_its_result() -> None:
    async with plugged("openai") as (_, catalogue):
        asked = Turn("user", "Please book a table for 4 guests")
        first = await _reply(catalogue, asked, tools=(BOOK,))
        calls = next(part for part in first if isinstance(part, Calls)).calls
        assert [(call.name, call.arguments) for call in calls] == [("book_table", {"guests": 4})]
        second = await _reply(
            catalogue,
            asked,
            Turn("assistant", "One moment.", tool_calls=calls),
            Turn("tool", '"Table seven is yours"', tool_call_id=calls[0].id),
            tools=(BOOK,),
        )
    assert "Table seven is yours" in "".join(part.text for part in second if isinstance(part, Delta))


@pytest.mark.parametrize(
    ("trouble", "status", "retryable"),
    [
        (Trouble(Fault.RATE_LIMITED, Moment.CONNECT), 429, True),
        (Trouble(Fault.OVERLOADED, Moment.CONNECT), 503, True),
        (Trouble(Fault.UNAUTHORISED, Moment.CONNECT), 401, False),
        (Trouble(Fault.DROP, Moment.MIDDLE), None, True),
    ],
    ids=lambda value: value.fault.value if isinstance(value, Trouble) else None,
)
async def test_a_model_that_fails_says_whether_to_try_again(trouble: Trouble, status: int, retryable: bool) -> None:
    async with plugged("openai") as (vendor, catalogue):
        vendor.misbehave(trouble)
        with pytest.raises(Upstream) as caught:
            await _reply(catalogue, Turn("user", "It is Friday today, and tomorrow it is Saturday"))
    assert caught.value.retryable is retryable
    assert caught.value.provider == "livekit:openai"
    if status is not None and trouble.fault is not Fault.OVERLOADED:
        assert caught.value.status == status


async def test_a_reply_that_is_given_up_leaves_nothing_open() -> None:
    async with plugged("openai") as (vendor, catalogue):
        vendor.misbehave(Trouble(Fault.SILENCE, Moment.MIDDLE))
        session = await catalogue.llm("livekit:openai").open(LlmConfig(provider="livekit:openai"), {})
        reply = session.reply([Turn("user", "It is Friday today")], ())
        async for _ in reply:
            break
        await reply.aclose()  # type: ignore[attr-defined]
        await vendor.until(lambda: vendor.open_streams == 0)
        await session.aclose()


async def _spoken(catalogue: Catalogue, provider: str, **options: Any) -> bytes:
    session = await catalogue.tts(provider).open(TtsConfig(provider=provider, **options), RATE)
    try:
        return b"".join([pcm async for pcm in session.speak(TEXT)])
    finally:
        await session.aclose()


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_voice_says_the_words_at_the_rate_of_the_line(name: str) -> None:
    async with plugged(name) as (_, catalogue):
        pcm = await _spoken(catalogue, f"livekit:{name}")
    assert 2 < len(pcm) / (2 * RATE) < 10
    heard = transcribe(to_float(resample(pcm + silence(0.3, RATE), RATE, 16_000)))
    assert word_error_rate(TEXT, heard) < 0.25, heard


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_sentence_that_is_given_up_leaves_nothing_open(name: str) -> None:
    async with plugged(name) as (vendor, catalogue):
        session = await catalogue.tts(f"livekit:{name}").open(TtsConfig(provider=f"livekit:{name}"), RATE)
        sound = session.speak(" ".join([TEXT] * 5))
        async for _ in sound:
            break
        await sound.aclose()  # type: ignore[attr-defined]
        await session.aclose()
        await vendor.until(lambda: vendor.open_streams == 0)


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_voice_with_a_wrong_key_is_not_tried_again_and_the_key_is_not_told(name: str) -> None:
    async with plugged(name, WRONG) as (_, catalogue):
        with pytest.raises(Upstream) as caught:
            await _spoken(catalogue, f"livekit:{name}")
    _is_a_refusal(caught.value)


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_voice_that_breaks_off_may_be_tried_again(name: str) -> None:
    async with plugged(name) as (vendor, catalogue):
        vendor.misbehave(Trouble(Fault.DROP, Moment.MIDDLE))
        with pytest.raises(Upstream) as caught:
            await _spoken(catalogue, f"livekit:{name}")
    assert caught.value.retryable


def _is_a_refusal(error: Upstream) -> None:
    assert not error.retryable
    assert WRONG not in f"{error!r} {error.message} {error.vendor_message} {error.__cause__!r}"


async def _heard(stream: SttStream, text: str) -> list[Final]:
    """What is heard of words that are said at about the pace of a call, until they are all final."""
    stream.push(silence(0.2, RATE))
    pcm = await speech(text, RATE)
    stream.speech_started()
    for at in range(0, len(pcm), 640):
        stream.push(pcm[at : at + 640])
        await asyncio.sleep(0.02)
    finals: list[Final] = []
    keeping = asyncio.create_task(_keep_quiet(stream))
    stream.speech_ended()
    try:
        async for heard in stream.results():
            if isinstance(heard, Final):
                finals.append(heard)
            if len(" ".join(one.text for one in finals).split()) >= len(text.split()) - 1:
                break
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
    return finals


async def _keep_quiet(stream: SttStream) -> None:
    while True:
        stream.push(silence(0.04, RATE))
        await asyncio.sleep(0.04)


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_recogniser_hears_the_words_and_bills_the_sound(name: str) -> None:
    text = "Friday at nine in the morning."
    async with plugged(name) as (_, catalogue):
        stream = await catalogue.stt(f"livekit:{name}").open(
            SttConfig(provider=f"livekit:{name}", model=RECOGNISERS[name]), RATE
        )
        async with asyncio.timeout(30):
            finals = await _heard(stream, text)
        await stream.aclose()
    assert word_error_rate(text, " ".join(final.text for final in finals)) < 0.35, finals
    assert 1 < sum(final.audio_seconds for final in finals) < 10


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_recogniser_with_a_wrong_key_is_not_tried_again_and_the_key_is_not_told(name: str) -> None:
    async with plugged(name, WRONG) as (_, catalogue):
        stream = await catalogue.stt(f"livekit:{name}").open(
            SttConfig(provider=f"livekit:{name}", model=RECOGNISERS[name]), RATE
        )
        with pytest.raises(Upstream) as caught:
            await _heard(stream, "Friday at nine.")
        await stream.aclose()
    _is_a_refusal(caught.value)


@pytest.mark.parametrize("name", RECOGNISERS)
async def test_a_recogniser_that_breaks_off_may_be_tried_again(name: str) -> None:
    async with plugged(name) as (vendor, catalogue):
        vendor.misbehave(Trouble(Fault.DROP, Moment.FIRST))
        stream = await catalogue.stt(f"livekit:{name}").open(
            SttConfig(provider=f"livekit:{name}", model=RECOGNISERS[name]), RATE
        )
        with pytest.raises(Upstream) as caught:
            await _heard(stream, "Friday at nine in the morning.")
        await stream.aclose()
    assert caught.value.retryable


@pytest.mark.parametrize("fault", [Fault.HALF_OPEN, Fault.SILENCE])
async def test_a_recogniser_that_fell_deaf_is_noticed(fault: Fault) -> None:
    async with plugged("deepgram") as (vendor, catalogue):
        vendor.misbehave(Trouble(fault, Moment.FIRST))
        stream = await catalogue.stt("livekit:deepgram").open(SttConfig(provider="livekit:deepgram"), RATE)
        with pytest.raises(Upstream) as caught:
            await _heard(stream, "Friday at nine in the morning.")
        await stream.aclose()
    assert caught.value.retryable


async def test_the_options_of_a_recogniser_reach_the_wire() -> None:
    async with plugged("deepgram") as (vendor, catalogue):
        config = SttConfig(provider="livekit:deepgram", language="nl", endpointing=300, keyterms=("Trunkline",))
        stream = await catalogue.stt("livekit:deepgram").open(config, RATE)
        await vendor.until(lambda: bool(vendor.received))
        query = vendor.received[0].path
        await stream.aclose()
    for wanted in ("language=nl", "endpointing=300", "keyterm=Trunkline", f"sample_rate={RATE}"):
        assert wanted in query
