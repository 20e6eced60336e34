"""Every vendor's voice against its emulator: real words, every option, every fault, and nothing left behind."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest
import pytest_asyncio

from tests.vendors.conformance_tts import (
    CASES,
    SENTENCE,
    Case,
    adapter,
    emulator,
    heard,
    key_name,
    live_adapter,
    opened,
    said,
    tasks,
    word_errors,
)
from trunkline.base.errors import Upstream
from trunkline.ports.models import CountsCharacters, Tts
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble
from trunkline.testing.emulators.speaking import speech

MOST_ERRORS = 0.2
LASTING = (Fault.UNAUTHORISED,)
STATUSES = (Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.ERROR)
SPEAKING = [
    (case, fault, moment)
    for case in CASES
    for moment, faults in (
        (Moment.FIRST, (*STATUSES, Fault.DROP, Fault.SILENCE, Fault.GARBAGE)),
        (Moment.MIDDLE, () if case.whole else (Fault.DROP, Fault.SILENCE)),
    )
    for fault in faults
] + [
    (case, fault, moment)
    for case in CASES
    if case.sockets
    for fault, moment in (
        (Fault.HALF_OPEN, Moment.FIRST),
        (Fault.HALF_OPEN, Moment.MIDDLE),
        *((fault, Moment.MIDDLE) for fault in (*STATUSES, Fault.GARBAGE)),
    )
]
"""Bare sound over HTTP has no words in its middle, and a sentence that comes whole has no middle."""
STOPPED_BY = {"inworld": "cancel_context", "deepgram": "Clear"}
"""What stops a text; with the others, only the end of its connection does."""
room = pytest.mark.room
cases = pytest.mark.parametrize("case", CASES, ids=str)


@pytest_asyncio.fixture
async def house(case: Case) -> AsyncIterator[Emulator]:
    async with emulator(case) as one:
        yield one


@pytest_asyncio.fixture
async def tts(case: Case, house: Emulator) -> AsyncIterator[Tts]:
    async with adapter(case, house) as one:
        yield one


@pytest_asyncio.fixture
async def impatient(case: Case, house: Emulator) -> AsyncIterator[Tts]:
    async with adapter(case, house, silence=0.6) as one:
        yield one


@room
@cases
@pytest.mark.parametrize("rate", [8000, 16000])
async def test_what_is_said_can_be_understood(case: Case, tts: Tts, rate: int) -> None:
    async with opened(tts, case.config(), rate) as session:
        pieces = await said(session, SENTENCE)
    pcm = b"".join(pieces)
    assert len(pieces) > (1 if case.whole else 5)
    assert all(len(piece) % 2 == 0 for piece in pieces)
    assert np.abs(np.frombuffer(pcm[: rate // 100], "<i2").astype(int)).max() < 3000
    expected = await speech(SENTENCE, rate)
    assert abs(len(pcm) - len(expected)) / 2 / rate < 0.3
    words = await heard(pcm, rate)
    assert word_errors(SENTENCE, words) <= MOST_ERRORS, words


@room
@cases
async def test_any_text_does(case: Case, tts: Tts, house: Emulator) -> None:
    async with opened(tts, case.config()) as session:
        for nothing in ("", "  ", "…", "🙂", "?!"):
            assert await said(session, nothing) == []
        asked = len(house.received)
        for text in ("Yes", 'It\'s 5 < 6 & "so"\u0000 on 🙂, né?', "a" * 30):
            assert b"".join(await said(session, text))
        assert len(house.received) > asked


@room
@cases
async def test_a_long_text_is_spoken_whole_from_its_first_sentence_on(case: Case, tts: Tts, house: Emulator) -> None:
    text = " ".join(f"This is sentence number {number}, and it says very little." for number in range(1, 41))
    assert len(text) >= 2000
    async with opened(tts, case.config()) as session:
        async with aclosing(session.speak(text)) as sound:  # type: ignore[type-var]
            first = await anext(sound)
            assert 0 < len(first) < 8 * 8000 * 2
            rest = b"".join([piece async for piece in sound])
        assert len(first + rest) / 16000 > 60
        if isinstance(session, CountsCharacters):
            assert 0.9 * len(text) <= session.billed_characters <= 1.1 * len(text) + 40


@room
@cases
async def test_one_session_says_one_text_after_the_other(case: Case, tts: Tts, house: Emulator) -> None:
    async with opened(tts, case.config()) as session:
        texts = ["Hello there.", "How are you today?", "Good bye."]
        sounds = [b"".join(await said(session, text)) for text in texts]
        assert len({len(sound) for sound in sounds}) == 3
        again = b"".join(await said(session, texts[0]))
        assert abs(len(again) - len(sounds[0])) < 400
    if case.sockets:
        connects = [one for one in house.received if one.body is None]
        assert len(connects) == 1


@room
@cases
async def test_cancelling_is_prompt_and_leaves_nothing(case: Case, tts: Tts, house: Emulator) -> None:
    text = " ".join(f"This is sentence number {number}, and it says very little." for number in range(1, 30))
    session = await tts.open(case.config(), 8000)
    try:
        async with asyncio.timeout(5):
            async with aclosing(session.speak(text)) as sound:  # type: ignore[type-var]
                assert await anext(sound)
        await house.until(lambda: _stopped(case, house))
        assert b"".join(await said(session, "And now this."))
        await house.until(lambda: house.open_streams <= (2 if case.sockets else 0))
    finally:
        await session.aclose()
    await house.until(lambda: house.open_streams == 0)
    assert tasks() == set()


def _stopped(case: Case, house: Emulator) -> bool:
    """Whether the vendor was told to stop."""
    if case.provider in STOPPED_BY:
        return any(STOPPED_BY[case.provider] in str(one.body) for one in house.received)
    if case.sockets:
        return len([one for one in house.received if one.body is None]) == 2
    return house.open_streams == 0


@room
@cases
async def test_a_cancelled_task_leaves_nothing(case: Case, tts: Tts, house: Emulator) -> None:
    house.misbehave(Trouble(Fault.SILENCE, Moment.FIRST))
    session = await tts.open(case.config(), 8000)
    asked = len(house.received)
    speaking = asyncio.create_task(said(session, SENTENCE))
    await house.until(lambda: len(house.received) > asked)
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    await session.aclose()
    await house.until(lambda: house.open_streams == 0)
    assert tasks() == set()


@room
@cases
@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.DROP, Fault.SILENCE, Fault.UNAUTHORISED])
async def test_a_fault_at_the_door_is_told(case: Case, impatient: Tts, house: Emulator, fault: Fault) -> None:
    house.misbehave(Trouble(fault, Moment.CONNECT))
    with pytest.raises(Upstream) as told:
        async with asyncio.timeout(8), opened(impatient, case.config()) as session:
            await said(session, SENTENCE)
    assert told.value.retryable == (fault not in LASTING)
    assert told.value.provider


@room
@pytest.mark.parametrize(("case", "fault", "moment"), SPEAKING, ids=str)
async def test_a_fault_while_it_speaks_is_told(
    case: Case, impatient: Tts, house: Emulator, fault: Fault, moment: Moment
) -> None:
    house.misbehave(Trouble(fault, moment))
    with pytest.raises(Upstream) as told:
        async with asyncio.timeout(8), opened(impatient, case.config()) as session:
            await said(session, SENTENCE)
    assert told.value.retryable
    await house.until(lambda: house.open_streams == 0)
    assert tasks() == set()


@room
@cases
@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.ODD_CHUNKS])
async def test_what_is_only_odd_is_spoken(case: Case, tts: Tts, house: Emulator, fault: Fault) -> None:
    house.misbehave(Trouble(fault, Moment.FIRST, times=1, seconds=0.3))
    async with opened(tts, case.config()) as session:
        pcm = b"".join(await said(session, SENTENCE))
    expected = await speech(SENTENCE, 8000)
    assert abs(len(pcm) - len(expected)) / 16000 < 0.3
    if fault is Fault.ODD_CHUNKS:
        words = await heard(pcm, 8000)
        assert word_errors(SENTENCE, words) <= MOST_ERRORS, words


@room
@cases
async def test_after_a_fault_the_same_session_speaks(case: Case, impatient: Tts, house: Emulator) -> None:
    async with opened(impatient, case.config()) as session:
        house.misbehave(Trouble(Fault.SILENCE, Moment.FIRST, times=1))
        with pytest.raises(Upstream):
            await said(session, SENTENCE)
        assert b"".join(await said(session, "All is well again."))


@room
@cases
async def test_a_wrong_key_is_told_and_never_repeated(case: Case, house: Emulator) -> None:
    wrong = "wrong-secret-key"
    async with adapter(case, house, wrong) as tts:
        with pytest.raises(Upstream) as told:
            async with opened(tts, case.config()) as session:
                await said(session, SENTENCE)
    error = told.value
    assert not error.retryable
    assert wrong not in f"{error!r} {error} {error.vendor_message} {error.__cause__!r} {error.__context__!r}"


@room
@cases
async def test_a_vendor_that_is_not_there_is_told(case: Case) -> None:
    house = emulator(case)
    async with adapter(case, house) as tts:
        with pytest.raises(Upstream) as told:
            async with opened(tts, case.config()) as session:
                await said(session, SENTENCE)
    assert told.value.retryable


@pytest.mark.live
@pytest.mark.parametrize("case", [case for case in CASES if os.environ.get(key_name(case))], ids=str)
async def test_the_real_vendor_can_be_understood(case: Case) -> None:
    async with live_adapter(case) as tts, opened(tts, case.config()) as session:
        pcm = b"".join(await said(session, SENTENCE))
    words = await heard(pcm, 8000)
    assert word_errors(SENTENCE, words) <= MOST_ERRORS, words
