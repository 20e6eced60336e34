"""Where what broke is put together: replies, sentences of two voices, speech that is heard again."""

import numpy as np
import pytest

from trunkline.engine.heard import AFTER_WORDS_SECONDS, BEFORE_SPEECH_SECONDS, LONGEST_UTTERANCE_SECONDS, Memory
from trunkline.engine.rejoining import Rejoiner
from trunkline.engine.seam import seam
from trunkline.testing.models import noise

pytestmark = pytest.mark.unit

RATE = 16_000
"""Bytes a second at 8 kHz."""
SAID = "Of course, I can do that for you."


def rejoined(said: str, text: str, size: int) -> str:
    rejoiner = Rejoiner(said)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join([*(rejoiner.feed(piece) for piece in pieces), rejoiner.flush()]).strip()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 100])
@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Is Tuesday fine?", "Is Tuesday fine?"),
        (f"{SAID} Is Tuesday fine?", "Is Tuesday fine?"),
        ("of course I can do that for you — is Tuesday fine?", "— is Tuesday fine?"),
        ("for you. Is Tuesday fine?", "Is Tuesday fine?"),
        ("you. Is Tuesday fine?", "Is Tuesday fine?"),
        (SAID, ""),
        ("Of course, I can", ""),
        ("", ""),
        ("Of course, we are open.", "Of course, we are open."),
        ("that is all.", "that is all."),
    ],
)
def test_only_what_is_new_is_said(text: str, new: str, size: int) -> None:
    assert rejoined(SAID, text, size) == new


def test_words_are_held_back_no_longer_than_they_may_be_a_repetition() -> None:
    rejoiner = Rejoiner(SAID)
    assert rejoiner.feed("Is ") == "Is "
    assert rejoiner.feed("Tues") == "Tues"


def voice(words: int) -> bytes:
    """So many words of 0.3 s, 0.1 s of quiet after each."""
    return b"".join(noise(0.3, 8000, seed=number) + bytes(1600) for number in range(words))


TEXT = "aaaa bbbb cccc dddd eeee ffff gggg hhhh"
PACE = 0.08
"""Five signs, with the space, in 0.4 s."""


def test_of_what_was_not_heard_nothing_is_kept() -> None:
    assert seam(TEXT, voice(4), 0, PACE, RATE) == (0, 0)


@pytest.mark.parametrize("drawn", [0.05, 0.5, 0.7, 1.0, 1.3])
def test_the_seam_lies_in_the_pause_after_what_was_heard_and_no_word_is_lost(drawn: float) -> None:
    pcm = voice(5)
    kept, end = seam(TEXT, pcm, int(drawn * RATE) // 2 * 2, PACE, RATE)
    assert kept >= drawn * RATE
    assert not np.abs(np.frombuffer(pcm, "<i2"))[kept // 2 - 80 : kept // 2 + 80].any()
    whole_words = round(kept / RATE / 0.4)
    begins = TEXT[end:].split()[0]
    said = TEXT.split()[:whole_words]
    assert begins in (said[-1], TEXT.split()[whole_words])


def test_sound_without_a_pause_is_kept_whole() -> None:
    pcm = noise(1.0, 8000)
    kept, end = seam(TEXT, pcm, 4000, PACE, RATE)
    assert kept == len(pcm)
    assert TEXT[:end] in ("aaaa ", "aaaa bbbb ")


# --- what was heard


def heard(memory: Memory) -> float:
    return sum(len(piece) for piece in memory.utterance()) / RATE


def listen(memory: Memory, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        memory.keep(bytes(320))


def test_speech_without_words_is_kept_with_what_came_just_before_it() -> None:
    memory = Memory(RATE)
    listen(memory, 20)
    assert memory.utterance() == []
    memory.begin(pending=False)
    listen(memory, 15)
    assert heard(memory) == pytest.approx(15 + BEFORE_SPEECH_SECONDS)
    listen(memory, 60)
    assert LONGEST_UTTERANCE_SECONDS <= heard(memory) <= LONGEST_UTTERANCE_SECONDS + 2
    memory.end()
    listen(memory, 3)
    assert LONGEST_UTTERANCE_SECONDS - 3 <= heard(memory) <= LONGEST_UTTERANCE_SECONDS
    memory.worded(speaking=False)
    assert memory.utterance() == []
    listen(memory, 1)
    assert len(memory.last(100)) <= 10 * RATE


def test_words_in_the_midst_of_speech_leave_its_newest_part() -> None:
    memory = Memory(RATE)
    memory.begin(pending=False)
    listen(memory, 6)
    memory.worded(speaking=True)
    listen(memory, 2)
    assert heard(memory) == pytest.approx(2 + AFTER_WORDS_SECONDS)


def test_speech_that_goes_on_before_the_words_of_its_beginning_is_one() -> None:
    memory = Memory(RATE)
    listen(memory, 5)
    memory.begin(pending=False)
    listen(memory, 2)
    memory.begin(pending=True)
    listen(memory, 1)
    assert heard(memory) == pytest.approx(3 + BEFORE_SPEECH_SECONDS)
    memory.worded(speaking=True)
    assert heard(memory) == pytest.approx(1 + BEFORE_SPEECH_SECONDS)


def test_muted_ears_forget() -> None:
    memory = Memory(RATE)
    memory.begin(pending=False)
    listen(memory, 2)
    memory.clear()
    assert memory.utterance() == []
    assert memory.last(5) == b""
