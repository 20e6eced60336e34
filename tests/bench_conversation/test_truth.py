"""How many words of a cut reply were heard."""

import pytest
from bench.conversation.calls import Played
from bench.conversation.truth import distances, examine, heard_words

from tests.bench_conversation.recordings import message, played, recording

pytestmark = pytest.mark.unit

MEANT = ["the", "engineer", "will", "come", "on", "thursday", "morning", "and", "he", "will", "bring", "the", "router"]


def test_distances_are_those_to_each_beginning() -> None:
    assert distances(["a", "b", "c"], ["a", "b"]) == [2, 1, 0, 1]
    assert distances([], ["a"]) == [1]
    assert distances(["a"], []) == [0, 1]


@pytest.mark.parametrize("count", range(len(MEANT) + 1))
def test_the_words_that_were_heard_are_counted(count: int) -> None:
    assert heard_words(MEANT, MEANT[:count], claimed=5) == count


def test_a_misheard_word_in_the_middle_does_no_harm() -> None:
    assert heard_words(MEANT, ["the", "engineer", "we'll", "come", "on", "thursday"], 6) == 6


def test_half_a_word_counts_either_way() -> None:
    half = [*MEANT[:5], "thurs"]
    assert heard_words(MEANT, half, 5) == 5
    assert heard_words(MEANT, half, 6) == 6


def _cut(text: str) -> Played:
    return played(recording(), [], [message("assistant", 1.0, 2.0, text, interrupted=True)])


def test_words_that_were_not_on_the_wire_are_claimed_too_many() -> None:
    truth = examine(_cut("I have made a"))
    assert (truth.cuts, truth.over_words, truth.under_words) == (1, [4], [0])


def test_a_whole_reply_that_was_not_on_the_wire_is_all_errors() -> None:
    truth = examine(played(recording(), [], [message("assistant", 1.0, 2.0, "Everything is as it should be now.")]))
    assert (truth.said_words, truth.said_errors, truth.cuts) == (7, 7, 0)
