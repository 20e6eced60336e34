"""A loop behind and between our words: what goes out, what it costs the words, and what it leaves as it was."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine_media.test_media import Call
from tests.engine_media.world import World, plan
from trunkline.audio.ambience import clip
from trunkline.audio.mix import split
from trunkline.audio.wav import decode
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import BackgroundAudio, SpeechConfig
from trunkline.engine import events
from trunkline.engine.backdrop import LOUDNESS_CURVE, Backdrop
from trunkline.engine.media import Media
from trunkline.testing.clock import VirtualClock, run_virtual
from trunkline.testing.line import Party, ScriptedLine, Words
from trunkline.testing.models import (
    Hearing,
    LoudnessVad,
    ScriptedLlm,
    ScriptedModels,
    ScriptedStt,
    ScriptedTts,
    Speaking,
    Thinking,
    noise,
    tone,
)

pytestmark = pytest.mark.room

RATE = 8000
LOOP = noise(2.0, RATE, level=0.3, seed=7)
SENTENCE = "A sentence that takes a while to be said by anybody."
SPEAKING = Speaking()
SECONDS = len(SENTENCE) * 0.06


def samples(pcm: bytes) -> NDArray[np.int16]:
    return np.frombuffer(pcm, "<i2")


def on_a_call(
    work: Callable[[Call], Awaitable[None]], party: Party | None = None, speaking: Speaking = SPEAKING
) -> Call:
    async def run() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, party or Party(answers_after=0.0), ScriptedTts(speaking))
            await call.answer()
            await work(call)
            return call

    return run_virtual(run())


def test_the_loop_goes_round_without_a_seam_at_its_volume() -> None:
    backdrop = Backdrop(LOOP, 0.3)
    whole = backdrop.alone(2 * len(LOOP))
    once = (samples(LOOP) * np.float32(0.3**LOUDNESS_CURVE)).astype("<i2")
    assert np.array_equal(samples(whole), np.concatenate((once, once)))


def test_words_and_loop_together_are_clipped_not_wrapped() -> None:
    loud = tone(0.1, RATE, level=1.0)
    both = samples(Backdrop(loud, 1.0).under(loud))
    assert both.max() == 32767
    assert both.min() == -32768
    assert np.array_equal(np.sign(both), np.sign(samples(loud)))


def test_what_the_line_did_not_take_is_played_again() -> None:
    backdrop = Backdrop(LOOP, 1.0)
    first = backdrop.alone(640)
    backdrop.back(320, words=False)
    assert backdrop.alone(320) == first[320:]


def test_between_words_the_loop_is_heard_without_a_gap_and_never_deep() -> None:
    depths: list[int] = []

    async def work(call: Call) -> None:
        call.speaker.background(LOOP, 0.5)
        for _ in range(300):
            await asyncio.sleep(0.011)
            depths.append(call.line.buffered())
        call.speaker.background(None)
        await asyncio.sleep(0.5)
        assert call.line.buffered() == 0

    call = on_a_call(work)
    heard = samples(call.line.played)
    begin = int(np.flatnonzero(heard)[0])
    loop = samples(Backdrop(LOOP, 0.5).alone(10 * len(LOOP)))
    assert begin < 0.05 * RATE
    assert np.array_equal(heard[begin : begin + 3 * RATE], loop[: 3 * RATE])
    assert not heard[-int(0.4 * RATE) :].any()
    assert max(depths) <= 0.04 * 2 * RATE
    assert call.told == []


def test_words_begin_two_packets_late_at_most_and_are_told_and_counted_exactly() -> None:
    async def work(call: Call) -> None:
        for number, loop in enumerate((None, LOOP), start=1):
            call.speaker.background(loop, 0.5)
            call.speaker.prepare(SENTENCE)
            await asyncio.sleep(1.003)
            asked.append(call.clock.monotonic())
            call.speaker.speak(number, SENTENCE)
            call.speaker.end(number)
            await asyncio.sleep(SECONDS + 1.0)

    asked: list[float] = []
    call = on_a_call(work)
    without, behind = call.of(events.SpeakingStarted)
    assert isinstance(without, events.SpeakingStarted)
    assert isinstance(behind, events.SpeakingStarted)
    late = (behind.at - asked[1]) - (without.at - asked[0])
    assert 0 < late <= 0.04 + 1e-6
    ends = [event.at for event in call.of(events.SpeakingFinished) if isinstance(event, events.SpeakingFinished)]
    assert ends[0] - without.at == pytest.approx(SECONDS, abs=0.041)
    assert ends[1] - behind.at == pytest.approx(SECONDS, abs=0.041)
    voice = samples(tone(SECONDS, RATE)).astype(np.float64)
    heard = samples(call.line.played).astype(np.float64)
    likeness = np.correlate(heard[int(behind.at * RATE) - 400 :][: len(voice) + 800], voice, "valid")
    assert (int(np.argmax(likeness)) - 400) / RATE == pytest.approx(0.0, abs=0.021)


def test_an_interruption_silences_the_words_and_not_the_loop_and_counts_the_words_alone() -> None:
    async def work(call: Call) -> None:
        call.speaker.background(LOOP, 0.2)
        await asyncio.sleep(0.5)
        call.speaker.speak(1, SENTENCE)
        await asyncio.sleep(0.1 + 1.2)
        call.speaker.stop(1)
        await asyncio.sleep(1.0)

    call = on_a_call(work)
    (stopped,) = call.of(events.SpeakingStopped)
    assert isinstance(stopped, events.SpeakingStopped)
    assert len(stopped.heard) * 0.06 == pytest.approx(1.2, abs=0.25)
    assert f"{stopped.heard} {stopped.rest}" == SENTENCE
    after = samples(call.line.played)[int((stopped.at + 0.02) * RATE) :]
    assert np.abs(after).max() <= 32767 * 0.2**LOUDNESS_CURVE
    frames = np.abs(after[: len(after) // 160 * 160].reshape(-1, 160)).max(axis=1)
    assert (frames > 0).all()


def test_an_utterance_whose_voice_is_slow_is_still_counted_by_its_own_samples() -> None:
    async def work(call: Call) -> None:
        call.speaker.background(LOOP, 0.2)
        call.speaker.speak(1, SENTENCE)
        call.speaker.end(1)
        await asyncio.sleep(4 * SECONDS)

    call = on_a_call(work, speaking=Speaking(first_audio_seconds=0.5, speed=0.5))
    (started,), (finished,) = call.of(events.SpeakingStarted), call.of(events.SpeakingFinished)
    assert isinstance(started, events.SpeakingStarted)
    assert isinstance(finished, events.SpeakingFinished)
    assert finished.at - started.at == pytest.approx(2 * SECONDS, abs=0.2)
    assert call.of(events.SpeakingStopped) == []


def test_a_loop_that_is_to_wait_for_words_is_not_heard_behind_them() -> None:
    async def work(call: Call) -> None:
        call.speaker.background(LOOP, 1.0, behind_words=False)
        await asyncio.sleep(0.5)
        call.speaker.speak(1, SENTENCE)
        call.speaker.end(1)
        await asyncio.sleep(SECONDS + 1.0)

    call = on_a_call(work)
    heard = samples(call.line.played)
    voice = samples(tone(SECONDS, RATE))
    (started,) = call.of(events.SpeakingStarted)
    assert isinstance(started, events.SpeakingStarted)
    begin = next(
        at for at in range(int(started.at * RATE) - 480, len(heard)) if np.array_equal(heard[at : at + 99], voice[:99])
    )
    assert np.array_equal(heard[begin : begin + len(voice)], voice)
    assert heard[begin - 320 : begin].any()
    assert heard[begin + len(voice) + 320 :].any()


def test_the_loop_goes_out_at_sixteen_kilohertz_too() -> None:
    loop = clip("city", 16_000)

    async def work(call: Call) -> None:
        call.speaker.background(loop, 1.0)
        await asyncio.sleep(2.0)

    call = on_a_call(work, Party(answers_after=0.0, sample_rate_hz=16_000))
    heard = samples(call.line.played)
    begin = int(np.flatnonzero(heard)[0])
    start = int(np.flatnonzero(samples(loop))[0])
    assert np.array_equal(heard[begin : begin + 16_000], samples(loop)[start : start + 16_000])


class _EchoingLine(ScriptedLine):
    """A line at whose far end a loudspeaker stands beside the microphone: half of what is played comes back."""

    def read(self) -> bytes:
        theirs = samples(super().read()).astype(np.int32)
        played = samples(self.played)
        late = len(played) - int(0.12 * RATE)
        echo = np.zeros(len(theirs))
        back = played[max(0, late - len(theirs)) : max(0, late)]
        echo[len(echo) - len(back) :] = back
        return np.clip(theirs + 0.5 * echo, -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("name", ["office", "city", "forest", "crowded_room"])
def test_our_own_background_coming_back_is_no_speech_of_theirs_and_theirs_is_heard(name: str) -> None:
    async def run() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            party = Party(answers_after=0.0, says=(Words(noise(1.0, RATE, level=0.5), after=14.0),))
            call = Call(media, crew, party)
            call.line = _EchoingLine(party)
            await call.answer()
            call.speaker.background(clip(name, RATE), 0.8)
            await asyncio.sleep(17.0)
            return call

    (started,) = run_virtual(run()).of(events.SpeechStarted)
    assert isinstance(started, events.SpeechStarted)
    assert started.at == pytest.approx(14.0, abs=0.15)


# --- whole calls


def test_a_call_is_recorded_with_what_was_really_played_background_included() -> None:
    loop = SpeechConfig(background_audio=BackgroundAudio(enabled=True, clip="city", volume=0.5))
    party = Party(says=(Words(noise(1.2, RATE), quiet=0.5),), hangs_up_after=9.0)
    models = ScriptedModels(ScriptedStt(Hearing(("Yes.",))), ScriptedLlm(Thinking(("All right.",))), ScriptedTts())
    world = World(party, models)

    async def run() -> None:
        async with world.supervisor() as supervisor:
            await supervisor.run(plan(recording_enabled=True, speech_config=loop))

    run_virtual(run())
    recording = decode(bytes(world.blobs.files[world.journal.ended().recording or ""]))
    _, right = split(recording.pcm)
    played = samples(world.carrier.lines[0].played)
    begin = int(np.flatnonzero(played)[0])
    start = int(np.flatnonzero(samples(right))[0])
    length = 7 * RATE
    assert np.array_equal(samples(right)[start : start + length], played[begin : begin + length])
    frames = np.abs(played[begin : begin + length].reshape(-1, 160)).max(axis=1)
    assert np.count_nonzero(frames == 0) == 0
    assert begin < 0.1 * RATE


def test_a_call_without_background_is_silent_between_words() -> None:
    world = World(Party(hangs_up_after=6.0))

    async def run() -> None:
        async with world.supervisor() as supervisor:
            await supervisor.run(plan())

    run_virtual(run())
    assert not samples(world.carrier.lines[0].played)[int(2.0 * RATE) : int(5.5 * RATE)].any()
