"""Who is heard: the party, but neither somebody far fainter in the background nor our own echo."""

from collections.abc import Sequence

import pytest

from trunkline.engine.events import SpeechEnded, SpeechStarted
from trunkline.engine.presence import Presence

pytestmark = pytest.mark.unit

WINDOW = 0.032
OURS = 0.01


def sound(db: float, seconds: float) -> list[float | None]:
    """Speech so loud for so long: its level falls and rises by 2 dB, as words do."""
    return [db + (0.0, -2.0, -1.0, 0.0)[at % 4] for at in range(round(seconds / WINDOW))]


def quiet(seconds: float) -> list[float | None]:
    """Nothing."""
    return [None] * round(seconds / WINDOW)


class Call:
    """A party to be heard, window by window (decibels; None is silence)."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.now = 0.0

    def hear(
        self, windows: Sequence[float | None], ours: float = 0.0, alike: float = 0.1
    ) -> list[SpeechStarted | SpeechEnded]:
        told = []
        for db in windows:
            self.now += WINDOW
            power = 0.0 if db is None else 10 ** (db / 10)
            event = self.presence.step(0.0 if db is None else 0.95, [power] * 4, self.now, ours, lambda: alike)
            told += [] if event is None else [event]
        return told


def started(told: Sequence[SpeechStarted | SpeechEnded]) -> list[float]:
    return [event.at for event in told if isinstance(event, SpeechStarted)]


def acquainted(db: float = -30.0) -> Call:
    """A call in which the party has spoken at that level."""
    call = Call()
    assert len(call.hear(sound(db, 2.0) + quiet(0.5))) == 2
    return call


def test_until_the_party_is_known_everything_counts_but_to_interrupt_us() -> None:
    assert started(Call().hear(sound(-60.0, 1.0))) == [pytest.approx(0.0, abs=WINDOW)]
    assert Call().hear(sound(-42.0, 1.0), ours=OURS) == []
    assert started(Call().hear(sound(-38.0, 1.0), ours=OURS)) == [pytest.approx(0.0, abs=WINDOW)]


@pytest.mark.parametrize("ours", [0.0, OURS])
@pytest.mark.parametrize("below", [14.0, 20.0, 25.0])
def test_somebody_far_fainter_than_the_party_is_not_heard(below: float, ours: float) -> None:
    call = acquainted()
    assert call.hear(sound(-30.0 - below, 2.0) + quiet(0.5), ours=ours) == []


@pytest.mark.parametrize("below", [14.0, 20.0])
def test_a_voice_in_the_background_does_not_hold_a_turn_open(below: float) -> None:
    call = acquainted()
    background = sound(-30.0 - below, 2.0)
    begun = call.now + 2.0
    told = call.hear([*background, *sound(-30.0, 1.5), *background])
    assert started(told) == [pytest.approx(begun, abs=2 * WINDOW)]
    (ended,) = [event for event in told if isinstance(event, SpeechEnded)]
    assert ended.at == pytest.approx(begun + 1.5, abs=2 * WINDOW)


@pytest.mark.parametrize("ours", [0.0, OURS])
@pytest.mark.parametrize("change", [-9.0, -6.0, -3.0, 0.0, 6.0, 15.0])
def test_a_party_that_stays_within_nine_decibels_is_always_heard_and_in_time(change: float, ours: float) -> None:
    call = acquainted()
    for _ in range(5):
        begun = call.now
        told = call.hear(sound(-30.0 + change, 1.0) + quiet(0.5), ours=ours)
        assert started(told) == [pytest.approx(begun, abs=WINDOW)]


def test_whoever_barges_in_is_told_within_a_sixth_of_a_second_with_the_time_at_which_it_began() -> None:
    for change in (-9.0, 0.0):
        call = acquainted()
        begun = call.now
        assert started(call.hear(sound(-30.0 + change, 0.16), ours=OURS)) == [pytest.approx(begun, abs=WINDOW)]


def test_one_peak_in_the_background_interrupts_nobody() -> None:
    call = acquainted()
    faint = sound(-46.0, 0.5)
    assert call.hear([*faint, -38.0, *faint, -38.0, *faint], ours=OURS) == []


def test_words_that_trail_off_stay_one_stretch() -> None:
    call = acquainted()
    told = call.hear(sound(-30.0, 0.6) + sound(-45.0, 0.3) + sound(-30.0, 0.6) + quiet(0.5))
    assert [type(event) for event in told] == [SpeechStarted, SpeechEnded]


def test_who_goes_on_faintly_in_all_silence_is_the_party_after_all() -> None:
    call = acquainted()
    begun = call.now
    told = call.hear(sound(-50.0, 5.0))
    assert started(told) == [pytest.approx(begun + 3.0, abs=0.15)]
    call.hear(quiet(0.5))
    begun = call.now
    assert started(call.hear(sound(-50.0, 1.0))) == [pytest.approx(begun, abs=WINDOW)]


def test_a_voice_in_the_background_heard_first_does_not_stay_the_measure() -> None:
    call = acquainted(-48.0)
    call.hear(sound(-30.0, 1.0) + quiet(0.5))
    assert call.hear(sound(-48.0, 1.0)) == []


def test_a_shout_does_not_silence_the_party_for_good() -> None:
    call = acquainted()
    call.hear(sound(-15.0, 1.0) + quiet(0.5))
    call.hear(sound(-24.0, 1.0) + quiet(0.5))
    assert len(started(call.hear(sound(-28.0, 1.0)))) == 1


def test_our_echo_is_not_heard_and_once_known_not_even_compared() -> None:
    call = Call()
    assert call.hear(sound(-38.0, 1.0), ours=OURS, alike=0.9) == []
    assert call.hear(sound(-36.0, 1.0), ours=OURS, alike=0.0) == []
    begun = call.now
    assert started(call.hear(sound(-25.0, 0.3), ours=OURS)) == [pytest.approx(begun, abs=2 * WINDOW)]


def test_what_may_be_our_echo_is_listened_to_a_little_longer() -> None:
    call = Call()
    assert call.hear(sound(-38.0, 0.16), ours=OURS, alike=0.6) == []
    assert started(call.hear(sound(-38.0, 0.16), ours=OURS, alike=0.6)) == [pytest.approx(0.0, abs=WINDOW)]


def test_a_likeness_by_chance_does_not_make_the_party_unheard() -> None:
    call = acquainted(-20.0)
    for _ in range(5):
        call.hear(sound(-20.0, 0.2), ours=OURS, alike=0.9)
        call.hear(quiet(0.3))
    assert len(started(call.hear(sound(-20.0, 0.3), ours=OURS))) == 1


def test_a_whisper_far_below_our_own_voice_is_nobody() -> None:
    assert Call().hear(sound(-58.0, 1.0), ours=OURS) == []


def test_after_nobody_listened_it_begins_in_silence_and_still_knows_the_party() -> None:
    call = acquainted()
    call.hear(sound(-30.0, 0.5))
    call.presence.forget()
    assert call.hear(quiet(0.5)) == []
    assert call.hear(sound(-50.0, 0.5)) == []
