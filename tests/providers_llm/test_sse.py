"""Server-sent events, cut anywhere."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.base.sse import SseEvent, SseParser, SseTooLong

pytestmark = pytest.mark.unit

STREAM = b": hi\r\n\r\ndata: one\ndata: two\r\rid: 7\nevent: error\ndata:three\n\nretry: 5\n\ndata: {}\n\n"
EVENTS = [SseEvent("message", b"one\ntwo"), SseEvent("error", b"three"), SseEvent("message", b"{}")]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=12).map(sorted), mark=st.booleans())
def test_wherever_it_is_cut_the_events_are_the_same(cuts: list[int], mark: bool) -> None:
    data = (b"\xef\xbb\xbf" if mark else b"") + STREAM
    parser = SseParser()
    edges = [0, *cuts, len(data)]
    found = [event for start, end in itertools.pairwise(edges) for event in parser.feed(data[start:end])]
    assert found == EVENTS


@given(data=st.binary(max_size=300))
def test_any_bytes_are_taken(data: bytes) -> None:
    SseParser().feed(data)


@pytest.mark.parametrize("data", [b"data: " + b"x" * (1 << 21), b"data: x\n" * (1 << 20)])
def test_an_endless_event_is_refused(data: bytes) -> None:
    parser = SseParser()
    with pytest.raises(SseTooLong):
        _ = [parser.feed(data[at : at + 65536]) for at in range(0, len(data), 65536)]
