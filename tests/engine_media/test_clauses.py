"""Where replies are cut into clauses and texts into sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.engine.clauses import ClauseCutter, sentences

pytestmark = pytest.mark.unit


def streamed(text: str) -> list[str]:
    cutter = ClauseCutter()
    clauses: list[str] = []
    for token in text.replace(" ", "| ").split("|"):
        clauses += cutter.feed(token)
    return clauses + cutter.flush()


@pytest.mark.parametrize(
    ("reply", "clauses"),
    [
        ("Of course. Which day suits you?", ["Of course.", "Which day suits you?"]),
        ("Sure, I can do that. Is 3.30 fine? Good.", ["Sure,", "I can do that.", "Is 3.30 fine?", "Good."]),
        ("Dr. Jones is in, Mr. Smith is not.", ["Dr. Jones is in,", "Mr. Smith is not."]),
        ("Your total is 1,250.50 euros. Thanks.", ["Your total is 1,250.50 euros.", "Thanks."]),
        (
            "I think that we could meet you there some time tomorrow afternoon. Yes.",
            ["I think that we could meet you there", "some time tomorrow afternoon.", "Yes."],
        ),
        ("We open at 9 a.m. and close at 5 p.m. on Mondays.", ["We open at 9 a.m. and close at", "5 p.m. on Mondays."]),
        ("No. I do not.", ["No.", "I do not."]),
        ('He said "yes." Then he left.', ['He said "yes."', "Then he left."]),
        ("...", ["..."]),
        ("", []),
        ("One two", ["One two"]),
    ],
)
def test_a_reply_is_cut_at_clauses(reply: str, clauses: list[str]) -> None:
    assert streamed(reply) == clauses


def test_the_first_clause_comes_as_soon_as_its_punctuation_is_followed_by_space() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Yes,") == []
    assert cutter.feed(" of") == ["Yes,"]


def test_a_number_is_never_cut_even_where_eight_words_are_full() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("You can call us back on number 06 12 34 56 78 today") != [
        "You can call us back on number 06",
    ]


def test_later_clauses_wait_for_the_end_of_the_sentence() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Yes. On Monday, or later ") == ["Yes."]
    assert cutter.feed("in the week. And") == ["On Monday, or later in the week."]


@given(st.lists(st.text(alphabet="ab1.,? \n", max_size=12), max_size=30))
def test_no_character_is_lost_or_doubled(tokens: list[str]) -> None:
    cutter = ClauseCutter()
    clauses = [clause for token in tokens for clause in cutter.feed(token)] + cutter.flush()
    assert "".join("".join(clauses).split()) == "".join("".join(tokens).split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello. This is Ada.", ["Hello. This is Ada."]),
        ("A" * 100 + ". " + "B" * 100 + ". C.", ["A" * 100 + ".", "B" * 100 + ". C."]),
        ("  ", []),
        ("Only one", ["Only one"]),
    ],
)
def test_a_text_is_parted_into_sentences_that_go_together_while_short(text: str, pieces: list[str]) -> None:
    assert sentences(text) == pieces
