"""The measurement measures: cases have their sound, the chain hears it, and the table counts what it should."""

import json

import numpy as np
import pytest
from bench.conversation.voices import Voice
from bench.screening.cases import Case, cases
from bench.screening.chain import Outcome, run
from bench.screening.report import as_json, as_text
from bench.screening.sounds import line

from trunkline.engine.screening import Verdict

pytestmark = pytest.mark.room

GREETING = "You have reached Bob. Please leave a message after the tone."


def case(label: str, words: str, line_: str = "clean", sound: str = "") -> Case:
    return Case(label, "en", words, "tuned", line_, Voice("en-US"), (), sound, 3)


def test_a_voicemail_and_a_person_are_told_apart_by_their_sound() -> None:
    machine = run(case("voicemail", GREETING, sound="beep"))
    person = run(case("human", "Hello?"))
    assert machine.verdict is Verdict.VOICEMAIL
    assert machine.beeps == 1
    assert machine.held is None
    assert person.verdict is Verdict.HUMAN
    assert person.beeps == 0
    assert person.held is not None
    assert 0 < person.held < 2


def test_what_has_no_voice_goes_through_its_words() -> None:
    outcome = run(Case("voicemail", "nl", "Dit is de voicemail van Jan. Spreek in na de piep.", "tuned"))
    assert outcome.verdict is Verdict.VOICEMAIL


@pytest.mark.parametrize("kind", ["noise", "loss", "faint"])
def test_a_bad_line_changes_the_sound(kind: str) -> None:
    clean, bad = (np.frombuffer(line(case("voicemail", GREETING, one)), "<i2").astype(float) for one in ("clean", kind))
    count = min(len(clean), len(bad))
    assert not np.array_equal(clean[:count], bad[:count])
    if kind == "faint":
        assert np.abs(bad).max() < np.abs(clean).max() / 5


def test_every_kind_is_in_every_half_of_every_language() -> None:
    found = {(one.language, one.label, one.half) for one in cases(quick=False)}
    kinds = ("human", "voicemail", "ivr", "announcement", "screener")
    wanted = {
        (lang, kind, half)
        for lang in ("en", "nl", "de", "fr", "es")
        for kind in kinds
        for half in ("tuned", "held out")
    }
    assert wanted <= found
    assert len(cases(quick=True)) < len(cases(quick=False)) / 2


def test_no_wording_stands_in_both_halves() -> None:
    halves = {half: {one.words for one in cases(quick=False) if one.half == half} for half in ("tuned", "held out")}
    assert not halves["tuned"] & halves["held out"]


def test_the_table_counts_right_and_wrong() -> None:
    right = Outcome(case("human", "Hello?"), Verdict.HUMAN, 1.0, 1.0, 0.5, 0.7, "Hello?", 0)
    wrong = Outcome(case("human", "Hello?"), Verdict.VOICEMAIL, 1.0, None, 0.5, 0.7, "Hello?", 1)
    told = json.loads(as_json([right, wrong]))
    assert told["confusion"]["human"] == {"human": 1, "voicemail": 1}
    assert told["accuracy"]["tuned"] == 0.5
    assert told["false_beeps"] == 1
    assert told["held_longest_s"] == pytest.approx(0.3)
    assert [one["verdict"] for one in told["wrong"]] == ["voicemail"]
    assert "| human | 1 | 1 | 0 | 0 | 0 | 0 | 50% |" in as_text([right, wrong], markdown=True)
