"""Every vendor's recogniser against its emulator: real words, and all that can go wrong."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.vendors.conformance_stt import (
    BOOKING,
    PACE_SECONDS,
    RATE_HZ,
    THANKS,
    VENDORS,
    House,
    calling,
    check_haste,
    check_no_words,
    check_pause,
    check_words,
    check_wrong_key,
    has_words,
)
from trunkline.audio.frame import seconds_of, silence
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import CountsSeconds
from trunkline.providers.stt import deepgram, elevenlabs, gladia, mistral, stream
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble
from trunkline.testing.emulators.speaking import speech

pytestmark = pytest.mark.room

UTTERANCES = 8
HALF_OPEN_SECONDS = 20.0
"""Five for each of two utterances, though mostly the first one fails, and what a busy machine takes longer."""
CONNECT_SECONDS = 2.0
SHORT = "Thank you very much."
AT_ONCE = (Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.ERROR, Fault.DROP, Fault.GARBAGE)
GUESSING = tuple(name for name in VENDORS if name != "openai")
"""OpenAI's models give nothing before the commit."""


@pytest_asyncio.fixture
async def house(vendor: str) -> AsyncIterator[House]:
    async with House(vendor) as house:
        yield house


# --- words


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
async def test_each_utterance_gives_its_words_once(vendor: str, house: House, rate_hz: int) -> None:
    await check_words(vendor, house.url, KEY, rate_hz)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_pause_within_an_utterance_does_not_split_it(vendor: str, house: House) -> None:
    await check_pause(vendor, house.url, KEY)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_utterances_in_haste_keep_their_words(vendor: str, house: House) -> None:
    await check_haste(vendor, house.url, KEY)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_sound_without_words_gives_an_empty_final(vendor: str, house: House) -> None:
    await check_no_words(vendor, house.url, KEY)


@pytest.mark.parametrize("vendor", GUESSING)
async def test_guesses_come_while_it_is_said(vendor: str, house: House) -> None:
    async with calling(vendor, house.url) as call:
        await call.begin(BOOKING, pace_seconds=PACE_SECONDS)
        await call.until(lambda call: bool(call.partials))
        assert not call.finals
        call.end()
        await call.until(lambda call: bool(call.finals))
        assert has_words(call.finals[0].text, ["good morning", "two people"])


@pytest.mark.parametrize("vendor", VENDORS)
async def test_sound_and_nothing_said_gives_nothing(vendor: str, house: House) -> None:
    async with calling(vendor, house.url) as call:
        call.push(silence(3.0, RATE_HZ))
        call.stream.speech_ended()
        await asyncio.sleep(0.3)
        assert not call.finals
        assert not call.partials
        assert call.failure is None


@pytest.mark.parametrize("vendor", VENDORS)
async def test_what_is_billed_adds_up(vendor: str, house: House) -> None:
    async with calling(vendor, house.url) as call:
        await call.say_and_hear(BOOKING)
        call.push(silence(2.0, RATE_HZ))
        await call.say_and_hear(THANKS)
        said = sum([seconds_of(len(await speech(text, RATE_HZ)), RATE_HZ) for text in (BOOKING, THANKS)])
        billed = sum(final.audio_seconds for final in call.finals)
        paused = 2 * (0.4 + 0.16) + (0.0 if vendor == "openai" else 2.0)
        assert said + paused - 0.5 < billed < said + paused + 0.8
        assert isinstance(call.stream, CountsSeconds)
        call.stream.settle()
        call.push(silence(2.0, RATE_HZ))
        assert call.stream.settle() == pytest.approx(0.0 if vendor == "openai" else 2.0, abs=0.3)


# --- trouble


async def fails(vendor: str, house: House, trouble: Trouble, seconds: float) -> Upstream:
    """How a call fails that has this trouble: at once, or where the vendor had told enough before it, the next time. A busy
    emulator may have nothing to tell in the midst of an utterance, so several are said."""
    house.misbehave(trouble)
    try:
        async with asyncio.timeout(seconds), calling(vendor, house.url, silence_seconds=CONNECT_SECONDS) as call:
            for count in range(UTTERANCES):
                await call.say_in_time(SHORT)
                await call.until(lambda call, count=count: len(call.finals) > count)  # type: ignore[misc]
            return await call.failed()
    except Upstream as error:
        return error


async def all_fail(trouble: Trouble) -> dict[str, Upstream]:
    """How the call with each vendor fails that has this trouble; nothing is left of any."""

    async def one(vendor: str) -> Upstream:
        async with House(vendor) as house:
            error = await fails(vendor, house, trouble, HALF_OPEN_SECONDS)
            await house.until(lambda: house.open_streams == 0)
            return error

    return dict(zip(VENDORS, await asyncio.gather(*(one(vendor) for vendor in VENDORS)), strict=True))


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("fault", AT_ONCE)
async def test_a_fault_is_a_failure_at_once(fault: Fault, moment: Moment) -> None:
    refused_for_good = fault is Fault.ERROR and moment is Moment.CONNECT
    for vendor, error in (await all_fail(Trouble(fault, moment))).items():
        assert error.provider == vendor
        assert error.retryable is not refused_for_good, error
        assert KEY not in f"{error!r} {error.message} {error.vendor_message}"


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.HALF_OPEN])
@pytest.mark.parametrize("moment", list(Moment))
async def test_a_socket_that_says_nothing_fails_within_seconds(fault: Fault, moment: Moment) -> None:
    errors = await all_fail(Trouble(fault, moment))
    assert all(error.retryable for error in errors.values()), errors


async def test_a_half_open_socket_is_noticed_though_nobody_speaks() -> None:
    async with House("deepgram") as house:
        house.misbehave(Trouble(Fault.HALF_OPEN, Moment.FIRST))
        async with calling("deepgram", house.url) as call:
            call.push(silence(1.5, RATE_HZ))
            error = await call.failed(HALF_OPEN_SECONDS)
            assert error.retryable
            assert error.message == "deepgram fell silent"


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.ODD_CHUNKS])
async def test_slow_and_odd_results_are_right_results(fault: Fault, moment: Moment) -> None:
    async def one(vendor: str) -> None:
        async with House(vendor) as house:
            house.misbehave(Trouble(fault, moment, seconds=0.4))
            async with calling(vendor, house.url) as call:
                await call.say_in_time(BOOKING)
                await call.until(lambda call: bool(call.finals))
                await call.say_and_hear(THANKS)
                assert has_words(call.finals[0].text, ["good morning", "two people"]), vendor
                assert has_words(call.finals[1].text, ["thank you", "help"]), vendor

    await asyncio.gather(*(one(vendor) for vendor in VENDORS))


async def test_a_socket_that_does_not_take_the_sound_is_given_up() -> None:
    async with House("deepgram") as house, calling(house.vendor, house.url) as call:
        for _ in range(stream.MOST_WAITING + 1):
            call.stream.push(silence(stream.CHUNK_SECONDS, RATE_HZ))
        error = await call.failed(5.0)
        assert error.retryable
        assert error.message == "deepgram takes the sound more slowly than it is spoken"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_wrong_key_is_refused_for_good(vendor: str, house: House) -> None:
    await check_wrong_key(vendor, house.url)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_key_that_cannot_be_sent_is_refused_for_good(vendor: str, house: House) -> None:
    with pytest.raises(Upstream) as refused:
        async with calling(vendor, house.url, "wrong\nkey-4711"):
            raise AssertionError("it was let in")
    assert not refused.value.retryable
    assert "4711" not in f"{refused.value!r} {refused.value.vendor_message}"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nothing_is_left_of_a_call_that_ends_in_mid_speech(vendor: str, house: House) -> None:
    before = asyncio.all_tasks()
    async with calling(vendor, house.url) as call:
        await call.begin(BOOKING)
        await house.until(lambda: house.open_streams == 1)
    assert call.over
    assert call.failure is None
    await house.until(lambda: house.open_streams == 0)
    ours = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not {name for name in ours if name.startswith((vendor, "call"))}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_second_call_is_not_touched_by_the_end_of_the_first(vendor: str, house: House) -> None:
    async with calling(vendor, house.url) as second:
        async with calling(vendor, house.url) as first:
            await asyncio.gather(first.say_and_hear(BOOKING), second.say_and_hear(THANKS))
        assert has_words(first.finals[0].text, ["table"])
        assert has_words((await second.say_and_hear(BOOKING)).text, ["table", "two people"])


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_model_that_the_vendor_does_not_have_is_refused_for_good(vendor: str, house: House) -> None:
    with pytest.raises(Upstream) as refused:
        async with calling(vendor, house.url, config=SttConfig(provider=vendor, model="no-such-model")):
            raise AssertionError("it was let in")
    assert not refused.value.retryable


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor != "openai"])
async def test_a_call_that_sends_no_sound_for_a_while_is_heard_after_it(
    vendor: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recogniser is kept alive, and what it was sent for that does not shift the places of words."""
    for dialect in (deepgram.Listen, elevenlabs.Scribe, gladia.Live, mistral.Voxtral):
        monkeypatch.setattr(dialect, "keep_alive_seconds", 0.2)
    monkeypatch.setattr(stream, "_LOOK_SECONDS", 0.05)
    async with calling(vendor, house.url) as call:
        await call.say_and_hear(THANKS)
        await asyncio.sleep(1.5)
        await call.say(BOOKING, THANKS)
        await call.until(lambda call: len(call.finals) == 3)
        assert has_words(call.finals[1].text, ["table", "two people"])
        assert has_words(call.finals[2].text, ["thank you", "help"])
