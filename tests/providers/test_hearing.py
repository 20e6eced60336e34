"""The gated stream: partials, finals, cancelling, and what happens when the recogniser is slow or fails."""

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest

from trunkline.audio.frame import Samples, silence, to_pcm
from trunkline.base.errors import Upstream
from trunkline.ports.models import Final, Heard, Partial
from trunkline.providers.local.hearing import GatedStream
from trunkline.providers.local.threads import Threads

pytestmark = pytest.mark.room

FRAME = to_pcm(np.full(160, 0.1, np.float32))


class Counter:
    """A recogniser that tells how many seconds it was given, and can be held up or broken."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.began = threading.Event()
        self.broken = False
        self.runs = 0

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str:
        self.runs += 1
        self.began.set()
        while not self.go.wait(0.002) and not cancelled():
            pass
        if self.broken:
            raise RuntimeError("no memory")
        return f"{len(samples) / 16_000:.1f} seconds of {language}"


def stream(counter: Counter, threads: Threads) -> GatedStream:
    return GatedStream(counter, threads, "en", 8_000)


async def heard(ears: GatedStream, count: int) -> list[Heard]:
    found: list[Heard] = []
    async with asyncio.timeout(10):
        async for one in ears.results():
            found.append(one)
            if len(found) == count:
                break
    return found


def push(ears: GatedStream, seconds: float) -> None:
    for _ in range(round(seconds * 50)):
        ears.push(FRAME)


async def test_an_utterance_becomes_one_final_with_the_breath_before_it() -> None:
    ears = stream(Counter(), Threads("test"))
    push(ears, 3)
    ears.speech_started()
    push(ears, 0.4)
    ears.speech_ended()
    push(ears, 3)
    final = (await heard(ears, 1))[0]
    assert isinstance(final, Final)
    assert (final.text, final.language) == ("0.8 seconds of en", "en")
    assert final.audio_seconds == pytest.approx(0.8, abs=0.03)
    await ears.aclose()


async def test_partials_come_while_speech_lasts() -> None:
    ears = stream(Counter(), Threads("test"))
    ears.speech_started()
    push(ears, 0.6)
    assert await heard(ears, 1) == [Partial("0.6 seconds of en")]
    push(ears, 0.3)
    push(ears, 0.3)
    assert await heard(ears, 1) == [Partial("1.2 seconds of en")]
    ears.speech_ended()
    assert isinstance((await heard(ears, 1))[0], Final)
    await ears.aclose()


async def test_a_busy_recogniser_skips_partials_and_still_gives_every_final() -> None:
    counter, threads = Counter(), Threads("test")
    ears, other = stream(counter, threads), stream(counter, threads)
    counter.go.clear()
    other.speech_started()
    push(other, 0.5)
    other.speech_ended()
    await asyncio.to_thread(counter.began.wait, 5)
    ears.speech_started()
    for _ in range(20):
        push(ears, 0.5)
        await asyncio.sleep(0)
    ears.speech_ended()
    ears.speech_started()
    push(ears, 0.4)
    ears.speech_ended()
    counter.go.set()
    texts = [one.text for one in await heard(ears, 2) if isinstance(one, Final)]
    assert texts == ["10.0 seconds of en", "0.4 seconds of en"]
    assert counter.runs == 3
    await ears.aclose()
    await other.aclose()


async def test_the_end_of_speech_stops_a_partial_that_is_being_made() -> None:
    counter = Counter()
    ears = stream(counter, Threads("test"))
    counter.go.clear()
    ears.speech_started()
    push(ears, 0.6)
    await asyncio.to_thread(counter.began.wait, 5)
    ears.speech_ended()
    await asyncio.sleep(0.05)
    counter.go.set()
    first = (await heard(ears, 1))[0]
    assert isinstance(first, Final)
    await ears.aclose()


async def test_a_partial_that_comes_too_late_does_not_hold_up_those_of_the_next_utterance() -> None:
    counter = Counter()
    ears = stream(counter, Threads("test"))
    counter.go.clear()
    ears.speech_started()
    push(ears, 8)
    await asyncio.to_thread(counter.began.wait, 5)
    ears.speech_ended()
    ears.speech_started()
    counter.go.set()
    assert isinstance((await heard(ears, 1))[0], Final)
    push(ears, 0.6)
    assert await heard(ears, 1) == [Partial("0.6 seconds of en")]
    await ears.aclose()


async def test_speech_that_goes_on_is_a_new_utterance() -> None:
    ears = stream(Counter(), Threads("test"))
    for _ in range(2):
        ears.speech_started()
        push(ears, 0.3)
        ears.speech_ended()
    finals = await heard(ears, 2)
    assert [one.text for one in finals] == ["0.3 seconds of en", "0.3 seconds of en"]
    await ears.aclose()


async def test_too_little_speech_is_heard_as_nothing_without_asking_the_recogniser() -> None:
    counter = Counter()
    ears = stream(counter, Threads("test"))
    push(ears, 1)
    ears.speech_started()
    push(ears, 0.2)
    ears.speech_ended()
    final = (await heard(ears, 1))[0]
    assert isinstance(final, Final)
    assert (final.text, counter.runs) == ("", 0)
    await ears.aclose()


async def test_very_long_speech_is_decoded_in_pieces() -> None:
    counter = Counter()
    ears = stream(counter, Threads("test"))
    ears.speech_started()
    for _ in range(32):
        ears.push(silence(1.0, 8_000))
    ears.speech_ended()
    final = (await heard(ears, 1))[0]
    assert isinstance(final, Final)
    assert final.text.count("seconds") >= 3
    await ears.aclose()


async def test_closing_ends_the_results_and_leaves_no_task() -> None:
    counter = Counter()
    before = asyncio.all_tasks()
    ears = stream(counter, Threads("test"))
    counter.go.clear()
    ears.speech_started()
    push(ears, 1)
    await asyncio.to_thread(counter.began.wait, 5)
    await ears.aclose()
    assert [one async for one in ears.results()] == []
    assert asyncio.all_tasks() == before
    ears.push(FRAME)


async def test_a_recogniser_that_fails_is_an_error_of_the_provider() -> None:
    counter = Counter()
    counter.broken = True
    ears = stream(counter, Threads("test"))
    ears.speech_started()
    push(ears, 0.4)
    ears.speech_ended()
    with pytest.raises(Upstream, match="recogniser failed") as failure:
        await heard(ears, 1)
    assert failure.value.vendor_message == "no memory"
    await ears.aclose()


def joining(counter: Counter) -> GatedStream:
    return GatedStream(counter, Threads("test"), "en", 8_000, joined_seconds=3.0)


def utter(ears: GatedStream, seconds: float) -> None:
    ears.speech_started()
    push(ears, seconds)
    ears.speech_ended()


async def finals(ears: GatedStream, count: int) -> list[tuple[str, str, int]]:
    found = [one for one in await heard(ears, count) if isinstance(one, Final)]
    await ears.aclose()
    return [(one.text.split()[0], one.together.split(" ")[0], one.joins) for one in found]


async def test_after_a_short_pause_the_sound_is_also_heard_as_one() -> None:
    ears = joining(Counter())
    utter(ears, 0.5)
    push(ears, 0.6)
    utter(ears, 0.7)
    push(ears, 0.2)
    utter(ears, 0.3)
    assert await finals(ears, 3) == [("0.5", "", 0), ("1.3", "1.8", 1), ("0.5", "2.3", 2)]


async def test_after_a_long_pause_it_is_not() -> None:
    ears = joining(Counter())
    utter(ears, 0.5)
    push(ears, 0.9)
    utter(ears, 0.5)
    assert await finals(ears, 2) == [("0.5", "", 0), ("0.9", "", 0)]


async def test_long_speech_is_not_heard_again_and_again() -> None:
    ears = joining(Counter())
    for _ in range(3):
        utter(ears, 2)
        push(ears, 0.2)
    utter(ears, 0.5)
    assert await finals(ears, 4) == [("2.0", "", 0), ("2.2", "", 0), ("2.2", "", 0), ("0.7", "2.9", 1)]


class Wordless(Counter):
    """Hears words only where there is more than a second of sound."""

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str:
        return super().transcribe(samples, language, cancelled) if len(samples) > 16_000 else ""


async def test_a_piece_too_short_for_words_is_heard_with_what_follows() -> None:
    ears = joining(Wordless())
    utter(ears, 0.3)
    push(ears, 0.3)
    utter(ears, 0.6)
    first, second = [one for one in await heard(ears, 2) if isinstance(one, Final)]
    assert (first.text, second.text, second.joins) == ("", "1.2 seconds of en", 0)
    await ears.aclose()


class Runaway(Counter):
    """Loops on longer sound."""

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str:
        return "one two, one two, one two, one two, one two," if len(samples) > 16_000 else "one two"


async def test_a_recogniser_that_runs_away_on_the_whole_is_not_believed() -> None:
    ears = joining(Runaway())
    utter(ears, 0.6)
    push(ears, 0.1)
    utter(ears, 0.6)
    second = (await heard(ears, 2))[1]
    assert isinstance(second, Final)
    assert (second.text, second.together) == ("one two", "")
    await ears.aclose()
