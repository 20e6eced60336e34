"""What was heard of an utterance, by the samples that were played."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.domain.assistant import Pronunciation
from trunkline.engine.utterance import Lexicon, Piece, Take, Utterance, cut, words_between

pytestmark = pytest.mark.unit

RATE = 16_000


def piece(text: str, seconds: float, done: bool = True) -> Piece:
    return Piece(Take(text, pcm=bytearray(int(seconds * RATE)), done=done))


@pytest.mark.parametrize(
    ("share", "heard"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.2, "four"),
        (0.5, "four four"),
        (0.6, "four four"),
        (0.95, "four four four four"),
        (1.0, "four four four four"),
    ],
)
def test_a_word_counts_when_most_of_it_was_played(share: float, heard: str) -> None:
    text = "four four four four"
    assert text[: cut(text, share)] == heard


def test_pieces_that_were_played_count_whole_and_the_one_in_play_is_cut() -> None:
    said = Utterance(1, pieces=[piece("Hello there.", 1.0), piece("How are you today?", 2.0), piece("Well?", 1.0)])
    said.draw(int(2.0 * RATE), 320)
    said.play(int(2.0 * RATE))
    assert said.heard(RATE) == ("Hello there. How are", "you today? Well?")


def test_nothing_is_heard_of_what_was_only_queued() -> None:
    said = Utterance(1, pieces=[piece("Hello there.", 1.0)])
    said.draw(RATE // 2, 320)
    assert said.heard(RATE) == ("", "Hello there.")


def test_a_piece_still_in_synthesis_is_cut_by_its_likely_length() -> None:
    said = Utterance(1, pieces=[piece("one two three four five six seven", 0.5, done=False)])
    said.draw(RATE // 2, 320)
    said.play(RATE // 2)
    heard, rest = said.heard(RATE)
    assert heard == "one two"
    assert f"{heard} {rest}" == "one two three four five six seven"


def test_the_last_frame_is_filled_up_and_nothing_else_is() -> None:
    said = Utterance(1, pieces=[piece("Hi.", 0.5)])
    said.pieces[0].take.pcm += b"\x01\x00"
    assert len(said.draw(RATE, 320)) == RATE // 2
    said.complete = True
    assert said.draw(RATE, 320) == b"\x01\x00" + bytes(318)
    assert said.drawn


def test_a_piece_waits_for_the_one_before_it() -> None:
    said = Utterance(1, pieces=[piece("One.", 0.1, done=False), piece("Two.", 1.0)], complete=True)
    assert len(said.draw(RATE, 320)) == RATE // 10
    assert not said.drawn


def test_what_the_line_did_not_take_is_drawn_again() -> None:
    said = Utterance(1, pieces=[piece("One.", 0.1), piece("Two.", 0.1)], complete=True)
    drawn = said.draw(RATE, 320)
    said.take_back(1280)
    assert said.draw(RATE, 320) == drawn[-1280:]


@given(st.text(alphabet="ab ", min_size=1, max_size=60), st.floats(0, 1))
def test_heard_and_rest_are_the_whole_text(text: str, share: float) -> None:
    said = Utterance(1, pieces=[piece(text, 1.0)])
    said.draw(RATE, 320)
    said.play(int(share * RATE) // 320 * 320)
    heard, rest = said.heard(RATE)
    assert (heard + rest).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Call ACME now, acme!", "Call ack-me now, ack-me!"),
        ("ACMES are not it", "ACMES are not it"),
        ("Use ACME Pro.", "Use ack-me professional."),
        ("C++ it is", "see plus plus it is"),
    ],
)
def test_words_are_pronounced_as_the_lexicon_says(text: str, spoken: str) -> None:
    entries = [
        Pronunciation.model_validate({"from": "acme", "to": "ack-me"}),
        Pronunciation.model_validate({"from": "ACME Pro", "to": "ack-me professional"}),
        Pronunciation.model_validate({"from": "C++", "to": "see plus plus"}),
    ]
    assert Lexicon(entries).spoken(text) == spoken


@pytest.mark.parametrize(
    ("source", "text", "spoken"),
    [
        ("3", "3 or 3.5 or 1,3 or 13 or 3?", "X or 3.5 or 1,3 or 13 or X?"),
        ("24/7", "Open 24/7, not 24/78.", "Open X, not 24/78."),
        ("5G", "5g and 5GB", "X and 5GB"),
        ("Zoë", "ZOE\u0308 and Zoë\u2019s, not Zoëtje", "X and X\u2019s, not Zoëtje"),
        ("straße", "Straße und Straßen", "X und Straßen"),
        ("İzmir", "İzmir", "X"),
        ("Miss", "mi\u017fs", "X"),
        ("a.b", "a.b axb", "X axb"),
        ("Müller GmbH", "müller gmbh.", "X."),
        ("東京", "東京 です", "X です"),
    ],
)
def test_whole_words_and_numbers_are_replaced_in_any_script(source: str, text: str, spoken: str) -> None:
    assert Lexicon([Pronunciation.model_validate({"from": source, "to": "X"})]).spoken(text) == spoken


def test_the_longest_word_wins_and_what_was_put_in_is_not_replaced_again() -> None:
    pairs = (("new", "old"), ("New York", "new yoke"), ("old", "new"))
    entries = [Pronunciation.model_validate({"from": source, "to": target}) for source, target in pairs]
    assert Lexicon(entries).spoken("New York is new and old.") == "new yoke is old and new."


def test_an_empty_lexicon_changes_nothing() -> None:
    assert Lexicon([]).spoken("As it is.") == "As it is."


@pytest.mark.parametrize(
    ("seconds", "heard", "broken"),
    [(0.0, "", ""), (0.7, "one", "one"), (1.0, "one", ""), (2.0, "one two", "two"), (4.0, "one two six ten", "")],
)
def test_the_word_in_which_it_stopped_is_told(seconds: float, heard: str, broken: str) -> None:
    said = Utterance(1, pieces=[piece("one two six ten", 5.0 if seconds < 4.0 else 4.0)])
    said.draw(5 * RATE, 320)
    said.play(int(seconds * RATE))
    assert said.heard(RATE)[0] == heard
    assert said.broken(RATE) == broken


def test_silence_around_the_words_of_a_take_is_none_of_them() -> None:
    loud = np.full(8_000, 5000, "<i2").tobytes()
    faint = np.full(4_000, 60, "<i2").tobytes()
    take = Take("one two three four", pcm=bytearray(faint + loud + faint), done=True)
    assert words_between(bytes(take.pcm)) == (8_000, 24_000)
    heard = {played: Piece(take, played=played).heard(16_000) for played in (8_000, 16_000, 24_000)}
    assert heard == {8_000: 0, 16_000: len("one two"), 24_000: len(take.text)}


@pytest.mark.parametrize("pcm", [b"", bytes(4)])
def test_a_take_without_any_loudness_is_words_from_its_beginning_to_its_end(pcm: bytes) -> None:
    assert words_between(pcm) == (0, len(pcm))


def test_a_voice_whose_pace_is_known_is_cut_by_it() -> None:
    take = Take("one two three four five six seven", pcm=bytearray(RATE // 2), seconds_per_character=1 / 30)
    assert Piece(take, played=RATE // 2).heard(RATE) == len("one two three")
