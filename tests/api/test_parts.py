"""The thinking parts of the API: limits, ranges, names, and the body's JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.api.body import canonical, parsed
from trunkline.api.limits import Limiter
from trunkline.api.names import ASSISTANT_NAMES, renamed, tools_renamed, trunk_address
from trunkline.api.streams import Span, as_text, span
from trunkline.base.depth import MAX_DEPTH
from trunkline.base.errors import Invalid, TrunklineError
from trunkline.domain.events import LiveEvent

pytestmark = pytest.mark.unit


class Watch:
    """A time that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_window_opens_with_its_first_use_and_closes_after_a_minute() -> None:
    watch = Watch()
    limiter = Limiter(2, watch)
    assert [limiter.take("a")[1] for _ in range(3)] == [True, True, False]
    assert limiter.take("b")[1]
    watch.seconds = 59.9
    assert not limiter.take("a")[1]
    watch.seconds = 60
    assert limiter.take("a") == (limiter.full().__class__(2, 1, 60.0), True)


def test_windows_that_closed_are_forgotten() -> None:
    watch = Watch()
    limiter = Limiter(5, watch)
    for number in range(5000):
        watch.seconds += 0.1
        limiter.take(str(number))
    assert len(limiter._windows) <= 1300


def test_a_later_limit_cannot_be_tricked_by_many_names() -> None:
    limiter = Limiter(1, Watch())
    assert limiter.take("me")[1]
    for number in range(3000):
        limiter.take(str(number))
    assert not limiter.take("me")[1]


@pytest.mark.parametrize(
    ("header", "size", "part"),
    [
        (None, 10, None),
        ("bytes=0-0", 10, Span(0, 1)),
        ("bytes=-3", 10, Span(7, 10)),
        ("bytes=-30", 10, Span(0, 10)),
        ("bytes=4-", 10, Span(4, 10)),
        ("bytes=4-100", 10, Span(4, 10)),
        ("bytes=5-4", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("items=0-1", 10, None),
        ("bytes=" + "9" * 30 + "-", 10, None),
    ],
)
def test_a_range_is_read(header: str | None, size: int, part: Span | None) -> None:
    assert span(header, size) == part


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_beyond_the_end_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(TrunklineError, match="bytes"):
        span(header, size)


def test_only_kept_events_have_an_id() -> None:
    assert as_text(LiveEvent("c", 7, "status", {"a": 1})) == b'id: 7\nevent: status\ndata: {"a":1}\n\n'
    assert as_text(LiveEvent("c", 0, "transcript", {"a": "x\ny"})) == b'event: transcript\ndata: {"a":"x\\ny"}\n\n'


def test_an_older_name_stands_for_the_present_one() -> None:
    assert renamed({"agent_id": "x", "b": 1}, ASSISTANT_NAMES) == ({"assistant_id": "x", "b": 1}, True)
    assert renamed({"agent_id": "x", "assistant_id": "x"}, ASSISTANT_NAMES) == ({"assistant_id": "x"}, True)
    assert renamed({"assistant_id": "x"}, ASSISTANT_NAMES) == ({"assistant_id": "x"}, False)
    with pytest.raises(Invalid):
        renamed({"agent_id": None, "assistant_id": "x"}, ASSISTANT_NAMES)


@pytest.mark.parametrize(
    "config", [{}, {"llm_config": None}, {"llm_config": {"tools": {}}}, {"llm_config": {"tools": [1, "x"]}}]
)
def test_a_configuration_without_older_tools_stays_as_it_is(config: dict[str, object]) -> None:
    assert tools_renamed(config) == (config, False)


def test_host_and_port_are_an_address() -> None:
    assert trunk_address({"host": "a", "port": 5061}) == {"address": "a:5061"}
    assert trunk_address({"host": "::1", "port": 5061}) == {"address": "[::1]:5061"}
    assert trunk_address({"host": "a", "address": "a", "name": "T"}) == {"name": "T", "address": "a"}
    with pytest.raises(Invalid):
        trunk_address({"host": "a", "port": True})


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_the_order_of_fields_makes_no_other_body(value: object) -> None:
    body = {"a": value, "b": 1}
    assert canonical(body) == canonical({"b": 1, "a": value})


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_invalid(raw: bytes) -> None:
    try:
        found = parsed(raw, "application/json")
    except Invalid:
        return
    assert isinstance(found, dict)


def test_nesting_has_a_limit() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parsed(nested(MAX_DEPTH), None)
    with pytest.raises(Invalid):
        parsed(nested(MAX_DEPTH + 1), None)
