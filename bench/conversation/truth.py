"""Whether the transcript tells the truth: what it says was said, against what another recogniser hears on the wire."""

import math
from dataclasses import dataclass, field

import numpy as np

from bench.conversation.calls import Played
from bench.conversation.hearing import sound_between
from bench.conversation.measure import Said, Stretch, stretches, whole_messages
from bench.conversation.replies import FIRST_MESSAGE, LONG, SHORT
from bench.conversation.voices import RATE_HZ
from bench.conversation.wire import Recording
from bench.rtp_peer import AUDIBLE
from trunkline.audio.frame import to_float
from trunkline.audio.resample import resample
from trunkline.testing.recogniser import normalise, transcribe

_AFTER_SECONDS = 1.5
_AROUND_SAMPLES = 2400
_SHORTEST_SAMPLES = 1600
"""In a fifth of a second no recogniser hears a word."""
_WORDS_PER_SECOND = 4.2
"""Our voice is never quicker; a recogniser that is given a sound cut off may go on by itself."""
_REPLIES = tuple(normalise(text) for text in (FIRST_MESSAGE, *SHORT, *LONG))


@dataclass(slots=True)
class Truth:
    """Words and errors: of what the transcript has of the assistant's, of cut replies how many words too many or too few
    it has, and of what it has of theirs."""

    said_words: int = 0
    said_errors: int = 0
    cuts: int = 0
    over_words: list[int] = field(default_factory=list)
    under_words: list[int] = field(default_factory=list)
    their_words: int = 0
    their_errors: int = 0


def examine(played: Played) -> Truth:
    """Listens to a whole call with Whisper base. Blocks for a tenth of the call's length or so."""
    truth = Truth()
    said = whole_messages(played)
    ours = [one for one in said if one.role == "assistant"]
    for place, one in enumerate(ours):
        upto = min(
            ours[place + 1].start if place + 1 < len(ours) else one.end + _AFTER_SECONDS, one.end + _AFTER_SECONDS
        )
        _compare(truth, one, normalise(heard(played.recording, one.start - 0.1, upto - 0.05)))
    for turn in stretches(played.case, played.recording):
        if turn.clip.kind.real:
            meant, understood = normalise(turn.clip.words), normalise(_understood(said, turn))
            truth.their_words += len(meant)
            truth.their_errors += distances(meant, understood)[-1]
    return truth


def heard(recording: Recording, start: float, end: float) -> str:
    """What Whisper hears of the assistant between two times, nothing where there is nothing to hear."""
    sound = sound_between(recording, start, end)
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE)
    if len(loud) < 2 or loud[-1] - loud[0] < _SHORTEST_SAMPLES:
        return ""
    part = sound[max(0, loud[0] - _AROUND_SAMPLES) : loud[-1] + _AROUND_SAMPLES]
    words = transcribe(to_float(resample(part.astype("<i2").tobytes(), RATE_HZ, 16_000))).split()
    return " ".join(words[: 1 + math.ceil(int(loud[-1] - loud[0]) / RATE_HZ * _WORDS_PER_SECOND)])


def _compare(truth: Truth, one: Said, words: list[str]) -> None:
    claimed = normalise(one.text)
    if not one.interrupted:
        truth.said_words += len(claimed)
        truth.said_errors += distances(claimed, words)[-1]
        return
    meant = next((reply for reply in _REPLIES if reply[: len(claimed)] == claimed), claimed)
    reached = heard_words(meant, words, len(claimed))
    truth.cuts += 1
    truth.over_words.append(max(0, len(claimed) - reached))
    truth.under_words.append(max(0, reached - len(claimed)))


def heard_words(meant: list[str], words: list[str], claimed: int) -> int:
    """How many of the words that were meant were said before the cut: those that ``words`` fit best. A word that was half
    said counts either way: of equals the one nearest to ``claimed`` is taken."""
    fits = distances(meant, words)
    return min(range(len(fits)), key=lambda count: (fits[count], abs(count - claimed)))


def distances(meant: list[str], words: list[str]) -> list[int]:
    """The least number of insertions, deletions and substitutions that make ``words`` of the first 0, 1, 2 … words of
    ``meant``."""
    row = list(range(len(words) + 1))
    found = [row[-1]]
    for count, word in enumerate(meant, 1):
        diagonal, row[0] = row[0], count
        for index, other in enumerate(words, 1):
            best = min(row[index] + 1, row[index - 1] + 1, diagonal + (word != other))
            diagonal, row[index] = row[index], best
        found.append(row[-1])
    return found


def _understood(said: list[Said], turn: Stretch) -> str:
    return " ".join(one.text for one in said if one.role == "user" and turn.start - 0.5 < one.start < turn.end + 0.3)
