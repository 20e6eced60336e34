"""The screening by itself: every language's phrases, lengths, pauses and tones, and the bounds that always hold."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio.beep import may_be_beep
from trunkline.engine.events import Event, SpeechEnded, SpeechStarted, ToneHeard, WordsFinal, WordsPartial
from trunkline.engine.greetings.evidence import weigh
from trunkline.engine.phrases import Book, plain
from trunkline.engine.screening import Screening, Verdict

pytestmark = pytest.mark.unit

LONGEST_HOLD_SECONDS = 2.0


def verdict(words: str, language: str = "en", *, partials: bool = True, seconds: float | None = None) -> Verdict | None:
    """What is made of one utterance that begins half a second after the answer, 4 s after it ended."""
    screening, length = Screening(language, 0.0), len(words) / 15 if seconds is None else seconds
    screening.hear(SpeechStarted(0.5), 0.6)
    said = words.split()
    for count in range(1, len(said)) if partials else ():
        at = 0.5 + length * count / len(said)
        screening.hear(WordsPartial(" ".join(said[:count])), at)
        screening.verdict(at)
    end = 0.5 + length
    screening.hear(SpeechEnded(end), end + 0.16)
    screening.verdict(end + 0.16)
    screening.hear(WordsFinal(words), end + 0.3)
    found = screening.verdict(end + 0.3)
    while (due := screening.due_at) is not None and due < end + 4:
        found = screening.verdict(due)
    return found


VOICEMAILS = [
    ("en", "Sorry I missed your call, I will get back to you as soon as I can."),
    ("en", "Please record your message after the tone."),
    ("en", "Nobody is available to take your call at the moment. Please leave your message out to the tone."),
    ("nl", "Hallo, met de voicemail van Jan. Spreek na de piep een bericht in."),
    ("nl", "Ik kan de telefoon nu niet opnemen. Laat een boodschap achter."),
    ("de", "Sie sind verbunden mit der Mailbox von Peter. Bitte sprechen Sie nach dem Signalton."),
    ("de", "Bitte hinterlassen Sie eine Nachricht."),
    ("fr", "Vous êtes bien sur la messagerie de Paul. Merci de laisser un message après le bip sonore."),
    ("es", "Ha llamado al buzón de voz de Pedro. Deje su mensaje después de la señal."),
    ("it", "Risponde la segreteria telefonica di Marco. Lasciate un messaggio dopo il segnale acustico."),
]
MENUS = [
    ("en", "For billing press 1, for anything else press 2."),
    ("nl", "Voor verkoop toets één, voor service toets twee."),
    ("de", "Für den Vertrieb drücken Sie die eins, für Fragen die zwei."),
    ("fr", "Pour le service client, tapez un. Pour une facture, tapez deux."),
    ("es", "Para ventas pulse uno, para todo lo demás pulse dos."),
    ("it", "Per il servizio clienti prema uno, per altro prema due."),
]
ANNOUNCEMENTS = [
    ("en", "The number you have reached is not in service."),
    ("nl", "Dit nummer is niet in gebruik."),
    ("de", "Kein Anschluss unter dieser Nummer."),
    ("fr", "Le numéro que vous avez composé n'est pas attribué."),
    ("es", "El número marcado no existe."),
    ("it", "Il numero selezionato è inesistente."),
]
SCREENERS = [
    ("en", "Please state your name after the tone, and Google Voice will try to connect you."),
    ("nl", "Noem uw naam en de reden van uw oproep."),
    ("de", "Bitte nennen Sie Ihren Namen und den Grund Ihres Anrufs."),
    ("fr", "Dites votre nom et le motif de votre appel."),
    ("es", "Diga su nombre y el motivo de su llamada."),
]
PEOPLE = [
    ("en", "Hello?"),
    ("en", "Smith residence."),
    ("en", "Good morning, you've reached Smile Dental, this is Anna, how can I help you?"),
    ("en", "He is not in right now, would you like to leave a message?"),
    ("en", "Sorry, I'm driving, can I call you back later?"),
    ("nl", "Met Jan."),
    ("nl", "Goedemiddag, Garage Bakker, waarmee kan ik u helpen?"),
    ("de", "Praxis Sommer, guten Tag, was kann ich für Sie tun?"),
    ("fr", "Allô, oui ?"),
    ("es", "¿Dígame?"),
    ("it", "Pronto?"),
]


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        (language, words, expected)
        for expected, said in (
            (Verdict.VOICEMAIL, VOICEMAILS),
            (Verdict.IVR, MENUS),
            (Verdict.ANNOUNCEMENT, ANNOUNCEMENTS),
            (Verdict.SCREENER, SCREENERS),
            (Verdict.HUMAN, PEOPLE),
        )
        for language, words in said
    ],
)
def test_the_words_tell_who_answered(language: str, words: str, expected: Verdict) -> None:
    assert verdict(words, language) is expected
    assert verdict(words, language, partials=False) is expected


def test_a_carrier_is_understood_in_another_language_than_the_calls() -> None:
    assert verdict("Kein Anschluss unter dieser Nummer.", "en") is Verdict.ANNOUNCEMENT


def test_a_slip_of_the_recogniser_does_not_hide_a_phrase() -> None:
    assert verdict("Please leave your massage after the tone.") is Verdict.VOICEMAIL
    assert verdict("Bitte hinterlasen Sie eine Nachricht.", "de") is Verdict.VOICEMAIL


def test_an_announcement_that_goes_on_to_a_mailbox_is_one() -> None:
    words = "The number you have dialed is not available. Please leave a message after the tone."
    assert verdict(words) is Verdict.VOICEMAIL


@pytest.mark.parametrize(("words", "nobody"), [("not in service", True), ("switched off", False)])
def test_it_is_told_whether_a_number_leads_to_nobody(words: str, nobody: bool) -> None:
    screening = Screening("en", 0.0)
    screening.hear(SpeechStarted(0.5), 0.6)
    screening.hear(SpeechEnded(3.5), 3.6)
    screening.hear(WordsFinal(f"The phone you have called is {words}."), 3.8)
    assert screening.verdict(4.8) is Verdict.ANNOUNCEMENT
    assert screening.nobody is nobody


def test_a_full_mailbox_is_told() -> None:
    screening = Screening("en", 0.0)
    screening.hear(SpeechStarted(0.5), 0.6)
    screening.hear(WordsPartial("The mailbox is full and cannot accept messages"), 3.0)
    assert screening.verdict(3.0) is Verdict.VOICEMAIL
    assert screening.full


def test_words_without_end_are_a_machine() -> None:
    tale = "well " + "and then we went to the market and bought some fish " * 4
    assert verdict(tale, seconds=14.0) is Verdict.VOICEMAIL
    assert verdict(tale, seconds=8.0) is Verdict.HUMAN


def test_nothing_heard_is_a_person_who_waits() -> None:
    screening = Screening("en", 10.0)
    assert screening.verdict(11.1) is None
    assert screening.due_at == pytest.approx(11.2)
    assert screening.verdict(11.2) is Verdict.HUMAN


def test_somebody_who_is_being_fetched_is_waited_for() -> None:
    screening = Screening("en", 10.0, may_be_waiting=False)
    assert screening.verdict(60.0) is None
    assert screening.due_at is None


def test_sound_without_words_is_no_greeting() -> None:
    screening = Screening("en", 0.0)
    screening.hear(SpeechStarted(0.3), 0.4)
    assert screening.verdict(1.9) is None
    assert screening.verdict(2.0) is Verdict.HUMAN


def test_a_verdict_of_a_machine_is_final() -> None:
    screening = Screening("en", 0.0)
    screening.hear(SpeechStarted(0.5), 0.6)
    screening.hear(WordsPartial("Leave a message after the tone"), 2.6)
    screening.hear(SpeechEnded(3.5), 3.6)
    screening.verdict(4.5)
    screening.hear(WordsFinal("Hello, who is this? How can I help you?"), 5.0)
    assert screening.verdict(9.0) is Verdict.VOICEMAIL


def tones(*heard: tuple[float, float, float], words: str = "") -> Verdict | None:
    """The verdict after tones (their end, length and frequency), after a greeting of three seconds if there are words."""
    screening = Screening("en", 0.0)
    if words:
        screening.hear(SpeechStarted(0.5), 0.6)
        screening.hear(SpeechEnded(3.5), 3.6)
        screening.hear(WordsFinal(words), 3.8)
    for end, seconds, hertz in heard:
        screening.hear(ToneHeard(end, seconds, hertz), end + 0.1)
        screening.verdict(end + 0.1)
    return screening.verdict(6.0)


def test_a_beep_after_a_greeting_is_a_voicemail_and_after_a_hello_it_is_not() -> None:
    assert tones((4.5, 0.4, 1000.0), words="This is Bob at the Smith family, talk to me") is Verdict.VOICEMAIL
    assert tones((4.5, 0.4, 1000.0), words="Smile Dental, how can I help you?") is Verdict.HUMAN
    assert verdict("Hello?") is Verdict.HUMAN


def test_a_lone_beep_is_a_voicemail_but_ringing_is_not() -> None:
    assert tones((2.0, 0.4, 1000.0)) is Verdict.VOICEMAIL
    assert tones((2.0, 1.0, 425.0)) is Verdict.HUMAN
    assert tones((0.6, 0.4, 1000.0)) is Verdict.HUMAN


def test_the_intercept_signal_and_a_fax_are_announcements() -> None:
    assert tones((0.9, 0.33, 950.0), (1.26, 0.33, 1400.0), (1.62, 0.33, 1800.0)) is Verdict.ANNOUNCEMENT
    assert tones((2.9, 2.0, 2100.0)) is Verdict.ANNOUNCEMENT


def test_beeps_are_not_ringing() -> None:
    assert [hertz for hertz in (380, 425, 440, 480, 620, 1000, 1400, 2100) if may_be_beep(hertz)] == [
        *(380, 620, 1000, 1400, 2100)
    ]


def test_phrases_allow_gaps_and_parts_that_may_be_left_out() -> None:
    book = Book({"found": "leave * message\nafter the? tone"})
    assert book.find(plain("please leave us a short message"), tolerant=False) == {"found": {1}}
    assert book.find(plain("after tone, after the tone"), tolerant=False) == {"found": {0, 2}}
    assert book.find(plain("leave one two three four five message"), tolerant=False) == {}
    assert plain("L'appel n'a pas abouti, can't & Straße") == (
        "l",
        "appel",
        "n",
        "a",
        "pas",
        "abouti",
        "cant",
        "strasse",
    )


def test_evidence_is_nothing_where_nothing_is_said() -> None:
    assert weigh("", "en").machine == 0
    assert weigh("hello there my friend", "en").machine == 0


WORDS = st.sampled_from(
    ["Hello?", "", "leave a message", "press one", "how can I help", "after the tone", "yes this is Bob"]
)
STEPS = st.lists(
    st.tuples(st.floats(0.05, 3.0), st.sampled_from(["start", "end", "partial", "final", "tone"]), WORDS), max_size=12
)


@given(STEPS, st.sampled_from(["en", "nl", "xx"]))
def test_nobody_is_held_silent_for_more_than_two_seconds_whatever_happens(
    steps: list[tuple[float, str, str]], language: str
) -> None:
    screening, now, speaking, wordy, silent_since = Screening(language, 0.0), 0.0, False, False, 0.0
    for after, kind, words in [*steps, (2.5, "nothing", "")]:
        found, now = _asked(screening, now, now + after)
        if found is not None:
            return
        assert (speaking and wordy) or now - silent_since <= LONGEST_HOLD_SECONDS + 0.01, f"held at {now}"
        event, speaking = _event(kind, words, now, speaking)
        if event is None:
            continue
        screening.hear(event, now)
        wordy = wordy or (isinstance(event, WordsPartial | WordsFinal) and bool(words))
        if wordy and (speaking or isinstance(event, SpeechEnded)):
            silent_since = now


def _asked(screening: Screening, begin: float, end: float) -> tuple[Verdict | None, float]:
    """Asks whenever it is due from ``begin`` to ``end``; the first verdict and when it came."""
    found = screening.verdict(begin)
    moments = [begin]
    while found is None and (due := screening.due_at) is not None and due <= end:
        moments.append(due)
        found = screening.verdict(due)
    assert all(earlier < later for earlier, later in pairwise(moments))
    return found, end if found is None else moments[-1]


def _event(kind: str, words: str, now: float, speaking: bool) -> tuple[Event | None, bool]:
    if kind == "start" and not speaking:
        return SpeechStarted(now), True
    if kind == "end" and speaking:
        return SpeechEnded(now), False
    if kind == "partial" and speaking:
        return WordsPartial(words), speaking
    if kind == "final":
        return WordsFinal(words), speaking
    return (ToneHeard(now, 0.4, 1000.0) if kind == "tone" else None), speaking
