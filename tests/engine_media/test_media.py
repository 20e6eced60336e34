"""The media pass with many lines, its clock, and the parts it feeds."""

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig, TtsConfig
from trunkline.engine import events
from trunkline.engine.candidates import Candidate
from trunkline.engine.listener import Listener
from trunkline.engine.media import Media, Seat
from trunkline.engine.opening import Opening
from trunkline.engine.speaker import Speaker
from trunkline.engine.timers import Due, Timers
from trunkline.engine.utterance import Lexicon
from trunkline.ports.models import SttStream, TtsSession
from trunkline.testing.clock import VirtualClock, run_virtual
from trunkline.testing.line import Party, ScriptedLine, Words
from trunkline.testing.models import Hearing, LoudnessVad, ScriptedStt, ScriptedTts, Speaking, noise

pytestmark = pytest.mark.room


class Call:
    """One seat with all that belongs to it; ``told`` keeps the events with their times."""

    def __init__(self, media: Media, crew: Crew, party: Party, tts: ScriptedTts | None = None) -> None:
        self.told: list[tuple[float, events.Event]] = []
        self.broken: list[BaseException] = []
        self.clock = VirtualClock()
        self.line = ScriptedLine(party)
        self.stt = ScriptedStt(Hearing(("words",), again=True))
        self.tts = tts or ScriptedTts(Speaking())
        self._media = media
        self._crew = crew

    async def answer(self) -> None:
        rate = self.line.party.sample_rate_hz
        hears: Candidate[SttStream] = Candidate(
            "stt", "scripted", lambda: self.stt.open(SttConfig(provider="scripted"), rate)
        )
        speaks: Candidate[TtsSession] = Candidate(
            "tts", "scripted", lambda: self.tts.open(TtsConfig(provider="scripted"), rate)
        )
        ears, voice = Opening((hears,), self._crew), Opening((speaks,), self._crew)
        await asyncio.sleep((self.line.party.answers_after or 0.0) + 0.001)
        self.listener = Listener(ears, rate, self._tell, self._crew)
        self.listener.begin()
        self.listener.listen(True)
        self.speaker = Speaker(voice, Lexicon(()), rate, self._tell, self._crew, self.clock)
        self.speaker.attach(self.line)
        self.seat = Seat(self.line, self.listener, self.speaker, self._lost, self.broken.append)
        self._media.join(self.seat)

    def of(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for _, event in self.told if isinstance(event, kind)]

    def _tell(self, event: events.Event) -> None:
        self.told.append((self.clock.monotonic(), event))

    def _lost(self) -> None:
        self._tell(events.MediaLost())


def parties(count: int) -> list[Party]:
    rates = (8000, 16_000)
    return [
        Party(
            answers_after=0.1,
            sample_rate_hz=rate,
            says=(Words(noise(1.0, rate, seed=index), after=0.5 + index * 0.03),),
        )
        for index in range(count)
        for rate in (rates[index % 3 == 0],)
    ]


async def talk(count: int, vad: LoudnessVad) -> list[Call]:
    async with Crew("test") as crew, Media(vad, VirtualClock()) as media:
        calls = [Call(media, crew, party) for party in parties(count)]
        await asyncio.gather(*(call.answer() for call in calls))
        await asyncio.sleep(4.0)
        for call in calls:
            media.leave(call.seat)
            media.leave(call.seat)
        assert media.lateness_ms().max == pytest.approx(0.0, abs=0.001)
        assert media.lateness_ms().passes >= 200
    return calls


def test_every_line_of_either_rate_is_heard_at_its_own_time_in_one_run_a_pass() -> None:
    vad = LoudnessVad()
    calls = run_virtual(talk(40, vad))
    for index, call in enumerate(calls):
        (started,), (ended,) = call.of(events.SpeechStarted), call.of(events.SpeechEnded)
        assert isinstance(started, events.SpeechStarted)
        assert isinstance(ended, events.SpeechEnded)
        begin = 0.1 + 0.5 + index * 0.03
        assert started.at == pytest.approx(begin, abs=0.045)
        assert ended.at == pytest.approx(begin + 1.0, abs=0.045)
        told = next(at for at, event in call.told if isinstance(event, events.SpeechEnded))
        assert told - ended.at < 0.26
        assert call.of(events.WordsFinal) == [events.WordsFinal("words")]
    assert vad.taken == set()
    assert vad.runs <= 2 * 210


def test_a_side_that_sends_no_silence_is_still_heard_to_stop() -> None:
    async def work() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, Party(says=(Words(noise(5.0, 8000), after=0.2),), mute_after=1.0))
            await call.answer()
            await asyncio.sleep(45.0)
            return call

    call = run_virtual(work())
    (ended,) = call.of(events.SpeechEnded)
    assert isinstance(ended, events.SpeechEnded)
    assert ended.at == pytest.approx(1.1, abs=0.05)
    lost = [at for at, event in call.told if isinstance(event, events.MediaLost)]
    assert lost == [pytest.approx(21.1, abs=0.1), pytest.approx(41.1, abs=0.1)]


def test_a_line_that_breaks_leaves_the_others_alone() -> None:
    async def work() -> list[Call]:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            calls = [Call(media, crew, party) for party in parties(3)]
            await asyncio.gather(*(call.answer() for call in calls))
            calls[1].line.read = lambda: b"odd"[5]  # type: ignore[assignment,method-assign,return-value]
            await asyncio.sleep(3.0)
            return calls

    first, second, third = run_virtual(work())
    assert isinstance(second.broken[0], IndexError)
    assert len(first.of(events.SpeechEnded)) == len(third.of(events.SpeechEnded)) == 1


def test_a_detector_that_fails_for_a_while_does_not_stop_the_sound() -> None:
    class Sick(LoudnessVad):
        def run(self, slots: NDArray[np.intp], windows: NDArray[np.float32]) -> NDArray[np.float32]:
            if self.runs < 20:
                self.runs += 1
                raise RuntimeError("no model")
            return super().run(slots, windows)

    (call,) = run_virtual(talk(1, Sick()))
    assert call.of(events.WordsFinal) == [events.WordsFinal("words")]


async def speaking(party: Party, tts: ScriptedTts) -> Call:
    async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
        call = Call(media, crew, party, tts)
        await call.answer()
        call.speaker.prepare("Ready and waiting.")
        await asyncio.sleep(1.0)
        call.speaker.speak(1, "Ready and waiting.")
        call.speaker.speak(1, "Then some more words.")
        call.speaker.end(1)
        await asyncio.sleep(0.5)
        assert 0.28 <= call.line.buffered() / 16_000 <= 0.4
        await asyncio.sleep(4.0)
        call.speaker.speak(2, "A very long sentence that is going to be cut off in the middle of everything.")
        await asyncio.sleep(2.0)
        call.speaker.stop(2)
        await asyncio.sleep(0.5)
        return call


def test_what_was_prepared_starts_at_once_and_what_was_stopped_is_told_by_the_samples() -> None:
    tts = ScriptedTts(Speaking(first_audio_seconds=0.2))
    call = run_virtual(speaking(Party(answers_after=0.0), tts))
    first, second = call.of(events.SpeakingStarted)
    assert isinstance(first, events.SpeakingStarted)
    assert isinstance(second, events.SpeakingStarted)
    assert first.at == pytest.approx(1.001, abs=0.005)
    assert first.first_audio_seconds is None
    assert second.first_audio_seconds == pytest.approx(0.2)
    (finished,) = call.of(events.SpeakingFinished)
    assert isinstance(finished, events.SpeakingFinished)
    assert finished.at == pytest.approx(first.at + 0.06 * 39, abs=0.05)
    (stopped,) = call.of(events.SpeakingStopped)
    assert isinstance(stopped, events.SpeakingStopped)
    assert len(stopped.heard) * 0.06 == pytest.approx(1.8, abs=0.3)
    assert f"{stopped.heard} {stopped.rest}" == (
        "A very long sentence that is going to be cut off in the middle of everything."
    )
    heard = np.frombuffer(call.line.played, "<i2")
    assert not heard[int((stopped.at + 0.03) * 8000) :].any()
    assert tts.said == [
        "Ready and waiting.",
        "Then some more words.",
        "A very long sentence that is going to be cut off in the middle of everything.",
    ]


def test_no_more_than_a_few_seconds_are_synthesised_ahead() -> None:
    text = "This is one of many sentences that all together take very long to be said by anyone at all. " * 6

    async def work() -> int:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, Party(answers_after=0.0), ScriptedTts(Speaking(speed=1000)))
            await call.answer()
            call.speaker.speak(1, text)
            call.speaker.end(1)
            await asyncio.sleep(1.0)
            said = len(call.tts.said)
            await asyncio.sleep(60.0)
            assert len(call.of(events.SpeakingFinished)) == 1
            assert len(call.tts.said) == 6
            return said

    assert run_virtual(work()) == 1


def test_words_to_be_said_now_go_before_what_is_prepared_for_later() -> None:
    async def work() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, Party(answers_after=0.0), ScriptedTts(Speaking(first_audio_seconds=1.0)))
            await call.answer()
            call.speaker.prepare("For later.")
            await asyncio.sleep(0.1)
            call.speaker.speak(1, "Now.")
            call.speaker.end(1)
            await asyncio.sleep(5.0)
            call.speaker.speak(2, "For later.")
            call.speaker.end(2)
            await asyncio.sleep(2.0)
            return call

    call = run_virtual(work())
    now, later = call.of(events.SpeakingStarted)
    assert isinstance(now, events.SpeakingStarted)
    assert isinstance(later, events.SpeakingStarted)
    assert now.at == pytest.approx(1.1, abs=0.01)
    assert later.first_audio_seconds is None
    assert len(call.of(events.SpeakingFinished)) == 2


def test_an_utterance_without_words_is_over_at_once() -> None:
    async def work() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, Party(answers_after=0.0))
            await call.answer()
            call.speaker.end(1)
            await asyncio.sleep(0.1)
            call.speaker.stop(1)
            call.speaker.stop(2)
            return call

    call = run_virtual(work())
    assert len(call.of(events.SpeakingFinished)) == 1
    (stopped,) = call.of(events.SpeakingStopped)
    assert isinstance(stopped, events.SpeakingStopped)
    assert (stopped.utterance, stopped.heard, stopped.rest) == (2, "", "")


def test_a_recogniser_that_keeps_its_words_is_opened_anew_and_hears_the_utterance_again() -> None:
    async def work() -> tuple[Call, int]:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(media, crew, Party(says=(Words(noise(1.0, 8000), after=0.5),)))
            await call.answer()
            await asyncio.sleep(0.5)
            deaf = call.stt.streams[0]
            deaf.speech_ended = lambda: None  # type: ignore[method-assign]
            await asyncio.sleep(6.0)
            return call, call.stt.streams[1].pushed_bytes

    call, replayed = run_virtual(work())
    assert call.of(events.WordsFinal) == [events.WordsFinal("words")]
    assert call.of(events.HearingFailed) == []
    assert replayed >= 1.2 * 16_000
    assert len(call.stt.streams) == 2


def test_nothing_is_heard_while_nobody_listens() -> None:
    async def work() -> Call:
        async with Crew("test") as crew, Media(LoudnessVad(), VirtualClock()) as media:
            call = Call(
                media, crew, Party(says=(Words(noise(1.0, 8000), after=0.5), Words(noise(1.0, 8000), after=4.0)))
            )
            await call.answer()
            call.listener.listen(False)
            await asyncio.sleep(3.0)
            assert call.stt.streams[0].pushed_bytes == 0
            call.listener.listen(True)
            await asyncio.sleep(4.0)
            return call

    assert len(run_virtual(work()).of(events.SpeechStarted)) == 1


def test_timers_are_replaced_forgotten_and_never_seen_twice() -> None:
    async def work() -> list[tuple[str, float]]:
        rang: list[Due] = []
        seen: list[tuple[str, float]] = []
        clock = VirtualClock()
        timers = Timers(rang.append, clock)
        timers.set("a", 1.0)
        timers.set("a", 2.0)
        timers.set("b", 0.5)
        timers.set("c", 0.2)
        timers.cancel("c")
        timers.cancel("never set")
        timers.set("late", -5.0)
        for _ in range(30):
            await asyncio.sleep(0.1)
            seen += [(due.name, round(clock.monotonic(), 1)) for due in rang if timers.claim(due)]
        assert len(timers) == 0
        return seen

    assert run_virtual(work()) == [("late", 0.1), ("b", 0.5), ("a", 2.0)]


class _SlowClock(VirtualClock):
    """Is behind the loop, as an event loop that rounds its timers is ahead of the clock."""

    def monotonic(self) -> float:
        return super().monotonic() * 0.99


def test_a_timer_never_rings_early_however_the_loop_counts() -> None:
    async def work() -> list[float]:
        clock = _SlowClock()
        rang: list[float] = []
        timers = Timers(lambda due: rang.append(clock.monotonic()), clock)
        timers.set("a", 1.0)
        await asyncio.sleep(2.0)
        return rang

    (at,) = run_virtual(work())
    assert 1.0 <= at + 1e-6 < 1.01


def test_a_timer_that_rang_and_was_set_again_before_it_was_seen_does_not_fire() -> None:
    async def work() -> list[bool]:
        rang: list[Due] = []
        timers = Timers(rang.append, VirtualClock())
        timers.set("a", 0.1)
        await asyncio.sleep(0.2)
        timers.set("a", 5.0)
        early = [timers.claim(due) for due in rang]
        timers.clear()
        return early

    assert run_virtual(work()) == [False]
