"""How words are counted when two texts are compared."""

import pytest

from trunkline.testing.recogniser import normalise, word_error_rate

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("At 3 PM.", "at three p.m."),
        ("3pm", "three p m"),
        ("the 21st and the 30th", "the twenty-first and the thirtieth"),
        ("call 020", "call zero two zero"),
        ("1,250 people", "one thousand two hundred fifty people"),
        ("press #", "Press pound!"),
        ("OK, Mr. O'Neil", "okay mister oneil"),
        ("12th, 5th, 8th, 9th, 100th", "twelfth fifth eighth ninth one hundredth"),
    ],
)
def test_different_spellings_are_the_same_words(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_errors_are_counted_per_word_that_was_said() -> None:
    assert word_error_rate("a b c d", "a b c d") == 0
    assert word_error_rate("a b c d", "a x c") == 0.5
    assert word_error_rate("a b", "a b c d e") == 1.5
    assert word_error_rate("a b", "") == 1
    assert (word_error_rate("", ""), word_error_rate("", "a b")) == (0, 2)
