"""What is counted in calls whose answers are known."""

import pytest
from bench.conversation.measure import Outcome, measure, stretches
from bench.conversation.script import Clip, Kind
from bench.conversation.wire import Mark

from tests.bench_conversation.recordings import BEGAN_AT, message, played, recording, sounding, tone

pytestmark = pytest.mark.unit

TURN = sounding(Kind.TURN, 2.0)
BARGE_IN = sounding(Kind.BARGE_IN, 2.0)
OKAY = sounding(Kind.BACKCHANNEL, 0.5, "okay")


def _measured(
    ours: list[tuple[float, float]],
    theirs: list[tuple[Clip, float]],
    said: list[dict[str, object]] | None = None,
) -> Outcome:
    marks = [(place, second) for place, (_, second) in enumerate(theirs)]
    return measure(played(recording(ours, marks=marks), [clip for clip, _ in theirs], said or []))


def test_a_response_is_measured_from_their_last_packet_to_our_first_sample() -> None:
    found = _measured([(6.43, 8.0)], [(TURN, 4.0)])
    assert (found.turns, found.wrong_cut_ins, found.missed_ends) == (1, 0, 0)
    assert found.response_ms == [pytest.approx(450, abs=6)]


def test_silence_at_the_end_of_a_clip_is_no_speech() -> None:
    faded = Clip(TURN.sound, Kind.TURN, 0, 12_000, "hello")
    assert _measured([(6.0, 8.0)], [(faded, 4.0)]).response_ms == [pytest.approx(520, abs=6)]


def test_who_begins_inside_their_turn_cuts_in() -> None:
    found = _measured([(5.0, 5.5), (6.5, 7.5)], [(TURN, 4.0)])
    assert (found.wrong_cut_ins, found.missed_ends) == (1, 0)
    assert found.response_ms == [pytest.approx(520, abs=6)]


def test_who_still_speaks_after_cutting_in_missed_nothing_and_answered_nothing() -> None:
    found = _measured([(5.0, 7.0)], [(TURN, 4.0)])
    assert (found.wrong_cut_ins, found.missed_ends, found.response_ms) == (1, 0, [])


def test_two_who_begin_at_once_could_not_know() -> None:
    assert _measured([(4.2, 4.6), (6.5, 8.0)], [(TURN, 4.0)]).wrong_cut_ins == 0
    assert _measured([(4.35, 4.6), (6.5, 8.0)], [(TURN, 4.0)]).wrong_cut_ins == 1


def test_a_reply_that_does_not_come_in_time_is_missed() -> None:
    assert _measured([], [(TURN, 4.0)]).missed_ends == 1
    late = _measured([(10.2, 11.0)], [(TURN, 4.0)])
    assert late.missed_ends == 1
    assert late.response_ms == []
    assert _measured([(9.9, 11.0)], [(TURN, 4.0)]).missed_ends == 0


def test_a_reply_to_the_next_turn_is_none_to_this() -> None:
    found = _measured([(12.5, 13.0)], [(TURN, 4.0), (TURN, 10.0)])
    assert (found.turns, found.missed_ends, len(found.response_ms)) == (2, 1, 1)


def test_a_turn_that_the_transcript_parts_unheard_is_split() -> None:
    one = [message("user", 4.0, 4.9), message("user", 5.2, 6.0)]
    assert _measured([(6.5, 8.0)], [(TURN, 4.0)], one).split_turns == 1
    assert _measured([(6.5, 8.0)], [(TURN, 4.0)], one[:1]).split_turns == 0


def test_a_barge_in_is_stopped_from_the_packet_that_completes_three_tenths() -> None:
    found = _measured([(1.0, 4.45), (6.5, 8.0)], [(BARGE_IN, 4.0)])
    assert (found.turns, found.barge_ins, found.late_stops, found.wrong_cut_ins) == (1, 1, 0, 0)
    assert found.stop_ms == [pytest.approx(170, abs=6)]  # the fifteenth packet leaves at 4.28


def test_an_assistant_that_talks_on_stops_late() -> None:
    found = _measured([(1.0, 7.0)], [(BARGE_IN, 4.0)])
    assert (found.late_stops, found.missed_ends) == (1, 0)
    assert found.stop_ms == [pytest.approx(2720, abs=6)]


def test_a_reply_that_ended_by_itself_was_not_interrupted() -> None:
    assert _measured([(1.0, 4.2), (6.5, 8.0)], [(BARGE_IN, 4.0)]).barge_ins == 0
    assert _measured([(1.0, 3.9), (6.5, 8.0)], [(BARGE_IN, 4.0)]).barge_ins == 0


def test_a_reply_that_was_cut_before_it_had_to_be_stopped_at_once() -> None:
    said = [message("assistant", 1.0, 4.2, interrupted=True)]
    found = _measured([(1.0, 4.2), (6.5, 8.0)], [(BARGE_IN, 4.0)], said)
    assert (found.barge_ins, found.stop_ms) == (1, [0.0])


def test_what_the_far_end_did_not_listen_to_is_left_out() -> None:
    said = [message("assistant", 1.0, 3.0), message("assistant", 19.0, 24.0, interrupted=True)]
    assert _measured([(1.0, 3.0), (19.0, 20.0)], [], said).false_stops == 0


def test_to_begin_again_while_they_talk_on_is_a_cut_in() -> None:
    assert _measured([(1.0, 4.45), (5.2, 5.5), (6.5, 8.0)], [(BARGE_IN, 4.0)]).wrong_cut_ins == 1


def test_a_backchannel_that_changes_nothing_is_counted_as_an_event_only() -> None:
    found = _measured([(1.0, 9.0)], [(OKAY, 4.0)], [message("assistant", 1.0, 9.0)])
    assert (found.false_events, found.false_stops, found.pause_ms, found.turns) == (1, 0, [], 0)
    assert _measured([(1.0, 3.0)], [(OKAY, 4.0)]).false_events == 0


def test_a_backchannel_that_ends_the_reply_is_a_false_stop() -> None:
    said = [message("assistant", 1.0, 4.5, interrupted=True), message("assistant", 5.2, 9.0)]
    found = _measured([(1.0, 4.5), (5.2, 9.0)], [(OKAY, 4.0)], said)
    assert (found.false_stops, found.spurious_replies) == (1, 0)


def test_a_reply_that_paused_and_was_never_taken_up_again_is_a_false_stop() -> None:
    said = [message("assistant", 1.0, 7.4, interrupted=True)]
    assert _measured([(1.0, 4.5), (10.0, 12.0)], [(OKAY, 4.0), (TURN, 7.0)], said).false_stops == 1


def test_a_turn_of_theirs_stops_the_assistant_with_reason() -> None:
    said = [message("assistant", 1.0, 4.5, interrupted=True)]
    assert _measured([(1.0, 4.5), (6.5, 8.0)], [(BARGE_IN, 4.0)], said).false_stops == 0


def test_a_pause_that_goes_on_afterwards_is_measured_as_it_was_heard() -> None:
    found = _measured([(1.0, 4.4), (6.0, 9.0)], [(OKAY, 4.0)], [message("assistant", 1.0, 9.0)])
    assert found.false_stops == 0
    assert found.pause_ms == [pytest.approx(1600, abs=6)]
    assert _measured([(1.0, 4.4), (4.7, 9.0)], [(OKAY, 4.0)], [message("assistant", 1.0, 9.0)]).pause_ms == []


def test_a_reply_that_nobody_asked_for_is_spurious() -> None:
    said = [message("assistant", 1.0, 3.0), message("assistant", 6.5, 8.0), message("assistant", 12.0, 13.0)]
    found = _measured([(1.0, 3.0), (6.5, 8.0), (12.0, 13.0)], [(TURN, 4.0), (OKAY, 11.0)], said)
    assert (found.spurious_replies, found.false_stops, found.false_events) == (1, 0, 0)


def test_labels_become_times_and_steps_without_occasion_are_skipped() -> None:
    late = Clip(tone(2.0), Kind.BARGE_IN, 810, 16_000, "")
    call = played(recording(marks=[(0, 4.0)]), [late])
    call.recording.marks.append(Mark(1, 0, -1))
    (found,) = stretches(call.case, call.recording)
    assert found.start - BEGAN_AT == pytest.approx(4.10)
    assert found.end - BEGAN_AT == pytest.approx(5.98)
    assert found.complete_at - BEGAN_AT == pytest.approx(4.40)  # sample 810 + 2399 is in the clip's packet 20
    assert measure(call).skipped_steps == 1
