"""The local voices: understood by another recogniser over the telephone, quick to stop, and safe with any text."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.providers.prompts import at_16_khz, telephone
from trunkline.audio.frame import to_float
from trunkline.audio.level import dbfs
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.local.pico import PhraseCache, PicoTts, Trimmed
from trunkline.providers.local.segments import segments
from trunkline.providers.local.voices import VOICES
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = pytest.mark.room

SENTENCES = (
    "Hello, this is Anna from the dental practice. I am calling about your appointment on Tuesday.",
    "Would you like to keep the appointment, or shall we find another day?",
    "Thank you very much. We look forward to seeing you then. Goodbye!",
)


async def spoken(
    tts: PicoTts, text: str, rate_hz: int = 8_000, voice_id: str | None = None, speed: float = 1.0
) -> bytes:
    session = await tts.open(TtsConfig(provider="local", voice_id=voice_id, speed=speed), rate_hz)
    pcm = b"".join([chunk async for chunk in session.speak(text)])
    await session.aclose()
    return pcm


async def test_another_recogniser_understands_it_over_the_telephone() -> None:
    tts = PicoTts()
    heard = [transcribe(at_16_khz(telephone(await spoken(tts, text)))) for text in SENTENCES]
    tts.close()
    assert word_error_rate(" ".join(SENTENCES), " ".join(heard)) < 0.15


@pytest.mark.parametrize("voice", [voice.id for voice in VOICES])
async def test_every_voice_speaks_at_the_level_of_a_telephone(voice: str) -> None:
    tts = PicoTts()
    pcm = await spoken(tts, "Hotel Berlin, 25 euro.", voice_id=voice)
    tts.close()
    assert 1.0 < len(pcm) / 16_000 < 6.0
    assert -26 < dbfs(pcm) < -14
    assert np.abs(to_float(pcm)).max() < 0.98


async def test_the_rate_changes_the_samples_and_not_the_length() -> None:
    tts = PicoTts()
    narrow, wide, odd = [await spoken(tts, "Good morning.", rate_hz=rate) for rate in (8_000, 16_000, 24_000)]
    tts.close()
    assert abs(len(narrow) / 8_000 - len(wide) / 16_000) < 0.02
    assert abs(len(odd) / 24_000 - len(wide) / 16_000) < 0.05


async def test_speed_acts() -> None:
    tts = PicoTts()
    slow, normal, fast = [len(await spoken(tts, SENTENCES[1], speed=speed)) for speed in (0.7, 1.0, 1.6)]
    tts.close()
    assert slow > 1.2 * normal
    assert fast < 0.8 * normal


async def test_closing_the_sound_stops_the_engine_and_the_next_text_is_whole() -> None:
    tts = PicoTts()
    session = await tts.open(TtsConfig(provider="local"), 8_000)
    whole = b"".join([chunk async for chunk in session.speak(SENTENCES[2])])
    before = asyncio.all_tasks()
    sound = session.speak(" and ".join(str(number) for number in range(200)))
    assert await anext(aiter(sound))
    await sound.aclose()  # type: ignore[attr-defined]
    assert asyncio.all_tasks() == before
    again = await tts.open(TtsConfig(provider="local", speed=1.01), 8_000)
    after = b"".join([chunk async for chunk in again.speak(SENTENCES[2])])
    tts.close()
    assert 0.9 < len(after) / len(whole) < 1.05


async def test_calls_that_speak_at_once_all_get_their_own_words() -> None:
    tts = PicoTts()
    together = await asyncio.gather(*(spoken(tts, f"Number {count}.") for count in range(5)))
    alone = [await spoken(PicoTts(), f"Number {count}.") for count in range(5)]
    tts.close()
    assert [len(pcm) for pcm in together] == [len(pcm) for pcm in alone]


async def test_a_repeated_sentence_comes_out_of_the_cache_and_needs_no_thread() -> None:
    tts = PicoTts()
    session = await tts.open(TtsConfig(provider="local"), 8_000)
    first = b"".join([chunk async for chunk in session.speak(SENTENCES[0])])
    tts.close()
    assert b"".join([chunk async for chunk in session.speak(SENTENCES[0])]) == first
    with pytest.raises(Upstream, match="voice failed"):
        [chunk async for chunk in session.speak("Something new.")]


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "😀", "\x00\x01", "<>"])
async def test_text_without_words_is_silence(text: str) -> None:
    tts = PicoTts()
    assert await spoken(tts, text) == b""
    tts.close()


async def test_marks_in_a_text_are_not_obeyed(tmp_path: Path) -> None:
    tts = PicoTts()
    written = tmp_path / "written"
    pcm = await spoken(tts, f'Hello <genfile file="{written}">there</genfile> <speed level="500">you</speed>')
    tts.close()
    assert pcm
    assert not written.exists()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"voice_id": "nova"}, r"tts_config\.voice_id.*en-US, en-GB, de, es, fr, it"),
        ({"language": "nl"}, r"tts_config\.language.*en-US, en-GB, de"),
        ({"voice_id": "de", "language": "fr"}, r"tts_config\.language.*de-DE, not fr"),
        ({"model": "kokoro"}, r"tts_config\.model.*use pico"),
    ],
)
async def test_voices_that_are_not_there_are_refused(config: dict[str, str], says: str) -> None:
    tts = PicoTts()
    with pytest.raises(Invalid, match=says):
        await tts.open(TtsConfig.model_validate({"provider": "local", **config}), 8_000)
    tts.close()


def test_text_is_cut_into_sentences_and_abbreviations_stay_whole() -> None:
    assert segments("Hello, Dr. Smith. It is 3.30 p.m. now! Shall we?\nYes") == [
        "Hello, Dr. Smith.",
        "It is 3.30 p.m. now!",
        "Shall we?",
        "Yes",
    ]


def test_the_cache_drops_what_was_unused_the_longest() -> None:
    cache = PhraseCache(limit_bytes=100)
    for name in "abcdefghij":
        cache.keep(("en-US", name), bytes(10))
    assert cache.find(("en-US", "a")) == bytes(10)
    cache.keep(("en-US", "k"), bytes(10))
    cache.keep(("en-US", "too large"), bytes(11))
    assert cache.find(("en-US", "b")) is None
    assert cache.find(("en-US", "too large")) is None
    assert cache.find(("en-US", "a")) is not None
    assert cache.size_bytes == 100


def test_silence_is_kept_within_a_sound_and_cut_around_it() -> None:
    loud, quiet, faint = np.full(10, 5000, "<i2").tobytes(), bytes(20_000), np.full(1000, 160, "<i2").tobytes()
    sound = Trimmed()
    assert sound.push(quiet) == b""
    assert sound.push(faint + loud + quiet) == faint[-640:] + loud
    assert sound.push(quiet) == b""
    assert sound.push(loud + faint + quiet) == quiet + quiet + loud
    assert sound.push(faint) == b""
    assert sound.flush() == faint[:1_280]
    assert Trimmed().push(quiet) + Trimmed().flush() == b""


def _quiets(pcm: bytes) -> list[tuple[float, float]]:
    """The silences of 60 ms and more at 8 kHz: where they begin and how long they are, in seconds."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    powers = np.square(samples[: len(samples) // 40 * 40].reshape(-1, 40)).mean(axis=1)
    loud = np.concatenate(([-1], np.flatnonzero(powers > 290**2), [len(powers)]))
    return [(float(at) / 200, float(gap) / 200) for at, gap in zip(loud, np.diff(loud) - 1, strict=False) if gap >= 12]


@pytest.mark.parametrize("voice", ["en-US", "en-GB", "de-DE", "fr-FR"])
async def test_the_pause_after_a_sentence_is_heard_as_one_and_the_one_after_a_clause_as_none(voice: str) -> None:
    tts = PicoTts()
    session = await tts.open(TtsConfig(provider="local", voice_id=voice), 8_000)
    takes = ["The line is free today,", "and we will call.", "We will be there at ten. It is free."]
    made = [b"".join([chunk async for chunk in session.speak(take)]) for take in takes]
    tts.close()
    for first, second, shortest, longest in ((0, 1, 0.07, 0.2), (1, 2, 0.23, 0.38)):
        at = len(made[first]) / 16_000
        between = [gap for start, gap in _quiets(made[first] + made[second]) if start <= at <= start + gap + 0.01]
        assert shortest <= between[0] <= longest
    assert 0.23 <= max(gap for _, gap in _quiets(made[2])) <= 0.38
    assert _quiets(made[2])[-1][1] <= 0.38
