"""What vendors tell in pieces becomes one Final for each utterance."""

import pytest

from trunkline.ports.models import Final, Heard, Partial
from trunkline.providers.stt.utterances import (
    GRACE_SECONDS,
    PATIENCE_SECONDS,
    Answered,
    Billed,
    Guess,
    Taken,
    Told,
    Unanswered,
    Utterances,
    Words,
)

pytestmark = pytest.mark.unit


def said(utterances: Utterances, until: float, now: float = 0.0) -> None:
    """An utterance that goes on to a position, and ends there."""
    utterances.started()
    utterances.position = until
    assert utterances.ended(now)


def take(utterances: Utterances, *told: Told, now: float = 0.0) -> list[Heard]:
    return [heard for one in told for heard in utterances.take(one, now)]


def test_pieces_of_an_utterance_are_joined() -> None:
    utterances = Utterances()
    utterances.started()
    utterances.position = 3.0
    heard = take(utterances, Guess("I would"), Words("I would like", 0.1, 1.5), Guess("a table"))
    assert heard == [Partial("I would"), Partial("I would like"), Partial("I would like a table")]
    utterances.ended(0.0)
    assert take(utterances, Words("a table.", 1.6, 3.0), Answered(3.0)) == [Final("I would like a table.", 3.0)]
    assert utterances.due is None


def test_an_answer_without_words_is_an_empty_final() -> None:
    utterances = Utterances()
    said(utterances, 1.0)
    assert take(utterances, Words(""), Answered()) == [Final("", 1.0)]


def test_answers_go_to_the_oldest_utterance() -> None:
    utterances = Utterances()
    said(utterances, 1.0)
    said(utterances, 2.0)
    assert take(utterances, Words("One."), Answered()) == [Final("One.", 2.0)]
    assert take(utterances, Words("Two."), Answered()) == [Final("Two.", 0.0)]
    assert take(utterances, Answered()) == []


def test_words_spoken_after_the_end_of_an_utterance_are_of_the_next() -> None:
    utterances = Utterances()
    said(utterances, 1.0)
    said(utterances, 3.0)
    heard = take(utterances, Words("One.", 0.2, 0.9), Words("Two.", 1.5, 2.8))
    assert heard == [Final("One.", 3.0)]
    assert take(utterances, Answered(3.0)) == [Final("Two.", 0.0)]


def test_an_answer_to_an_earlier_end_is_no_answer_to_a_later_one() -> None:
    utterances = Utterances()
    said(utterances, 1.0)
    assert utterances.expire(0.0) == []
    take(utterances, Words("One.", 0.1, 1.0), Answered(1.0))
    said(utterances, 4.0)
    assert take(utterances, Answered(1.0)) == []
    assert take(utterances, Words("Two.", 2.0, 4.0), Answered(4.0)) == [Final("Two.", 3.0)]


def test_who_told_all_words_before_the_end_is_waited_for_a_moment_only() -> None:
    utterances = Utterances()
    utterances.started()
    utterances.position = 2.0
    take(utterances, Words("All of it.", 0.2, 1.8))
    utterances.ended(10.0)
    assert utterances.due == 10.0 + GRACE_SECONDS
    assert utterances.expire(10.0 + GRACE_SECONDS) == [Final("All of it.", 2.0)]


def test_who_is_still_guessing_is_waited_for() -> None:
    utterances = Utterances()
    utterances.started()
    utterances.position = 2.0
    take(utterances, Words("All of it", 0.2, 1.8), Guess("and more"))
    utterances.ended(10.0)
    assert utterances.due == 10.0 + PATIENCE_SECONDS
    take(utterances, Words("and more.", 1.8, 2.0), now=11.0)
    assert utterances.due == 11.0 + GRACE_SECONDS
    assert utterances.expire(12.0) == [Final("All of it and more.", 2.0)]


def test_who_lives_but_heard_nothing_gives_an_empty_final() -> None:
    utterances = Utterances()
    said(utterances, 2.0)
    take(utterances, Taken(2.5))
    assert utterances.expire(PATIENCE_SECONDS) == [Final("", 2.0)]


def test_who_says_nothing_after_the_end_has_failed() -> None:
    utterances = Utterances()
    utterances.started()
    utterances.position = 2.0
    take(utterances, Guess("I would"), Taken(1.9))
    utterances.ended(0.0)
    assert utterances.expire(PATIENCE_SECONDS - 0.1) == []
    with pytest.raises(Unanswered):
        utterances.expire(PATIENCE_SECONDS)


def test_a_sound_that_is_hardly_a_word_may_go_unanswered_once() -> None:
    utterances = Utterances()
    said(utterances, 0.5)
    assert utterances.expire(PATIENCE_SECONDS) == [Final("", 0.5)]
    said(utterances, 1.0, now=10.0)
    with pytest.raises(Unanswered):
        utterances.expire(10.0 + PATIENCE_SECONDS)


def test_the_vendors_own_figures_are_what_is_billed() -> None:
    utterances = Utterances()
    said(utterances, 3.0)
    assert take(utterances, Billed(1.5), Billed(1.25), Words("One."), Answered()) == [Final("One.", 2.75)]
    said(utterances, 5.0)
    assert take(utterances, Words("Two."), Answered()) == [Final("Two.", 0.0)]


def test_words_from_long_before_speech_are_not_of_it() -> None:
    utterances = Utterances()
    utterances.position = 1.0
    take(utterances, Words("Noise.", 0.2, 0.9))
    utterances.position = 4.0
    said(utterances, 5.0)
    assert take(utterances, Words("Words.", 4.1, 5.0), Answered(5.0)) == [Final("Words.", 5.0)]


def test_words_from_just_before_speech_are_of_it() -> None:
    utterances = Utterances()
    utterances.position = 1.0
    take(utterances, Words("Well,", 0.7, 0.9, "en"))
    utterances.position = 1.2
    said(utterances, 2.0)
    assert take(utterances, Words("yes.", 1.2, 2.0), Answered(2.0)) == [Final("Well, yes.", 2.0, "en")]


def test_the_end_of_what_never_began_is_nothing() -> None:
    utterances = Utterances()
    assert not utterances.ended(0.0)
    assert utterances.due is None


@pytest.mark.parametrize("counts", [True, False])
def test_sound_after_the_last_words_is_told_once(counts: bool) -> None:
    utterances = Utterances()
    said(utterances, 3.0)
    (final,) = take(utterances, *([Billed(3.0)] if counts else []), Words("Hi.", 0.1, 3.0), Answered(3.0))
    assert isinstance(final, Final)
    utterances.position = 10.0
    assert (final.audio_seconds, utterances.settle(), utterances.settle()) == (3.0, 7.0, 0.0)
    said(utterances, 12.0)
    (final,) = take(utterances, *([Billed(9.0)] if counts else []), Words("Ho.", 10.1, 12.0), Answered(12.0))
    assert isinstance(final, Final)
    assert (final.audio_seconds, utterances.settle()) == (2.0, 0.0)
