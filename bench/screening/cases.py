"""The labelled set: who answers, in which words, voice and sound, and over what kind of line."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.conversation.voices import Voice
from bench.screening.heldout import HELD_OUT
from bench.screening.tuned import TUNED, Wordings

LINES = ("clean", "noise", "loss", "faint")
VOICES = {
    "en": (Voice("en-US"), Voice("en-GB", 72, 95), Voice("en-US", 125, 105)),
    "de": (Voice("de-DE"), Voice("de-DE", 75, 105)),
    "fr": (Voice("fr-FR"), Voice("fr-FR", 75, 105)),
    "es": (Voice("es-ES"), Voice("es-ES", 75, 105)),
}
BEEPS: tuple[tuple[str, tuple[float, float]], ...] = (
    ("beep", (1000.0, 0.4)),
    ("short beep", (1400.0, 0.2)),
    ("long low beep", (620.0, 0.9)),
    ("double beep", (950.0, 0.0)),
)
RECORDINGS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("voicemail", ("vm-nobodyavail", "vm-intro"), "asterisk"),
    ("voicemail", ("vm-isunavail", "vm-intro"), "asterisk"),
    ("voicemail", ("vm-isonphone", "vm-intro"), "asterisk"),
    ("announcement", ("ss-noservice",), "asterisk"),
    ("announcement", ("cannot-complete-as-dialed", "check-number-dial-again"), "asterisk"),
    ("announcement", ("all-circuits-busy-now",), "asterisk"),
    ("ivr", ("basic-pbx-ivr-main",), "asterisk"),
    ("human", ("hello",), "asterisk"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One answered call. ``words`` are spoken by ``voice`` (or are ``recordings``); ``sound`` says what is around them."""

    label: str
    language: str
    words: str
    half: str
    line: str = "clean"
    voice: Voice | None = None
    recordings: tuple[str, ...] = ()
    sound: str = ""
    seed: int = 0

    @property
    def spoken(self) -> bool:
        """Whether there is sound; what is not spoken goes through the words alone."""
        return self.voice is not None or bool(self.recordings) or self.sound == "intercept"


def cases(*, quick: bool) -> list[Case]:
    """All of them, or a handful of each kind."""
    found = [*_texts(TUNED, "tuned"), *_texts(HELD_OUT, "held out"), *_recorded(), *_silent(), *_tones()]
    if not quick:
        return [one for case in found for one in _on_lines(case)]
    return [case for place, case in enumerate(found) if place % 4 == 0 or case.voice is None]


def _on_lines(case: Case) -> Iterator[Case]:
    """Clean, and over one bad line each, in turn."""
    yield case
    if case.spoken:
        line = LINES[1 + case.seed % (len(LINES) - 1)]
        voices = VOICES.get(case.language, ())
        voice = voices[(case.seed + 1) % len(voices)] if case.voice is not None and voices else case.voice
        yield Case(
            case.label, case.language, case.words, case.half, line, voice, case.recordings, case.sound, case.seed
        )


def _texts(wordings: Wordings, half: str) -> Iterator[Case]:
    seed = 0
    for language, groups in wordings.items():
        for label, texts in groups.items():
            for words in texts:
                seed += 1
                voices = VOICES.get(language)
                voice = voices[seed % len(voices)] if voices else None
                sound = BEEPS[seed % len(BEEPS)][0] if label == "voicemail" and voice is not None else ""
                yield Case(label, language, words, half, voice=voice, sound=sound, seed=seed)


def _recorded() -> Iterator[Case]:
    for seed, (label, names, _) in enumerate(RECORDINGS):
        sound = "beep" if label == "voicemail" else ""
        yield Case(label, "en", " ".join(names), "recorded", recordings=names, sound=sound, seed=seed)


def _silent() -> Iterator[Case]:
    for seed, gap in enumerate(("1 s", "2 s", "3 s")):
        yield Case("human", "en", "Hello?", "silence first", voice=VOICES["en"][seed], sound=gap, seed=seed)


def _tones() -> Iterator[Case]:
    yield Case("announcement", "en", "", "tones", sound="intercept", seed=1)
