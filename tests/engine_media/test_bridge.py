"""One direction of a bridge: how deep it is, what it drops, and that it fills in nothing."""

import pytest

from trunkline.engine.bridge import Way, _Pulse

pytestmark = pytest.mark.unit

FRAME = 320


class Ring:
    """The part of a line that a bridge plays to; ``tick`` plays 20 ms of it."""

    sample_rate_hz = 8000

    def __init__(self) -> None:
        self.ring = bytearray()

    def write(self, pcm: bytes) -> int:
        self.ring += pcm
        return len(pcm)

    def buffered(self) -> int:
        return len(self.ring)

    def tick(self) -> bytes:
        played = bytes(self.ring[:FRAME])
        del self.ring[:FRAME]
        return played


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * (FRAME // 2)


def way() -> tuple[Way, Ring]:
    ring = Ring()
    return Way(8000, ring), ring  # type: ignore[arg-type]


def test_it_gathers_60_ms_and_then_passes_on_frame_by_frame_without_a_gap() -> None:
    bridge, ring = way()
    depths, played = [], b""
    for number in range(1, 101):
        bridge.carry(frame(number))
        depths.append(ring.buffered() // FRAME)
        played += ring.tick()
    assert depths[:3] == [0, 0, 3]
    assert set(depths[2:]) == {3}
    assert played == b"".join(frame(number) for number in range(1, 99))


def test_a_packet_that_is_late_or_two_at_once_make_no_gap() -> None:
    bridge, ring = way()
    played = b""
    number = 0
    for count in [1, 1, 1, 1, 0, 2, 1, 0, 2, 1, 1, 0, 2]:
        pcm = b"".join(frame(number + step) for step in range(1, count + 1))
        number += count
        bridge.carry(pcm)
        played += ring.tick()
    assert played == b"".join(frame(one) for one in range(1, len(played) // FRAME + 1))
    assert len(played) == 11 * FRAME


def test_what_runs_ahead_is_dropped_down_to_the_depth() -> None:
    bridge, ring = way()
    bridge.carry(b"".join(frame(number) for number in range(1, 21)))
    assert bytes(ring.ring) == b"".join(frame(number) for number in (18, 19, 20))


def test_a_sender_that_is_quicker_never_gets_far_ahead() -> None:
    bridge, ring = way()
    deepest = 0
    for number in range(1, 3000):
        bridge.carry(frame(number) + (frame(number) if number % 50 == 0 else b""))
        deepest = max(deepest, ring.buffered())
        ring.tick()
    assert deepest <= 6 * FRAME


def test_the_end_of_a_word_goes_out_when_the_sender_stops_sending() -> None:
    bridge, ring = way()
    bridge.carry(frame(1))
    bridge.carry(frame(2))
    for _ in range(3):
        assert not ring.ring
        bridge.carry(b"")
    assert bytes(ring.ring) == frame(1) + frame(2)


def test_a_line_that_is_gone_gathers_nothing() -> None:
    bridge, ring = way()
    ring.write = lambda pcm: 0  # type: ignore[method-assign]
    for number in range(1000):
        bridge.carry(frame(number % 1000))
    assert len(bridge._waiting) <= 6 * FRAME


def test_a_bridge_is_lost_once_both_sides_are_silent_for_20_s() -> None:
    lost: list[float] = []
    now = 0.0
    pulse = _Pulse(lambda: lost.append(now))
    for step in range(4000):
        now = step * 0.02
        pulse.feel(frame(1) if now < 10 else b"", now)
        pulse.feel(frame(2) if now < 30 else b"", now)
    assert lost == [pytest.approx(50, abs=0.05)]
