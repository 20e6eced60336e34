"""The parts of being watched that need no call: trace headers, what the log cuts, who may read the figures."""

import io
import json
import logging
import sys

import httpx2
import pytest
import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from tests.installation import installation
from trunkline.api.scrape import PATH, guarded
from trunkline.app.metrics import Metrics
from trunkline.app.watching import CallSeen, CallWatch
from trunkline.base import logs, trace
from trunkline.base.logs import PRIVATE, masked
from trunkline.base.meters import MEASURES
from trunkline.domain.events import LiveEvent
from trunkline.testing.ports import free_port

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
AT = "2026-05-04T09:30:00.000Z"


@pytest.mark.unit
@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "",
        "garbage",
        CALLER.upper(),
        CALLER.replace("00-4", "ff-4", 1),
        f"{CALLER}-more",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    ],
)
def test_a_trace_header_that_makes_no_sense_is_ignored(wrong: str | None) -> None:
    assert trace.parse(wrong) is None


@pytest.mark.unit
def test_a_trace_header_is_read_and_handed_on() -> None:
    caller = trace.parse(CALLER)
    assert caller is not None
    assert caller.header == CALLER
    later = trace.parse(CALLER.replace("00-4", "01-4", 1) + "-what-comes-later")
    assert later is not None
    assert later.trace_id == caller.trace_id
    assert trace.headers() == {}
    with trace.bound(CALLER):
        assert trace.headers() == {"traceparent": CALLER}
        assert trace.handed_on("call-outbound-1", traced=False) == CALLER
        handed = trace.parse(trace.handed_on("call-outbound-1", traced=True))
    assert handed == trace.of_call("call-outbound-1", caller)
    assert trace.handed_on("call-outbound-1", traced=False) is None
    unsampled = trace.parse(CALLER[:-2] + "00")
    assert unsampled is not None
    assert not trace.of_call("call-outbound-1", unsampled).sampled
    assert trace.of_call("a", None) == trace.of_call("a", None) != trace.of_call("b", None)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("calls +31612345678 now", "calls …78 now"),
        ("from 0612345678", "from …78"),
        ('"Ann" <sip:+31612345678@192.0.2.1:5060>', '"Ann" <sip:…@192.0.2.1:5060>'),
        ("Bearer abc.def-1", "Bearer [redacted]"),
        ("key tl_live_0123456789abcdef", "key [redacted]"),
        ("postgresql://user:word@host/x", "postgresql://[redacted]@host/x"),
        ("call-outbound-Zk3v9Q1xT0mWc7bYp5LrHg", "call-outbound-Zk3v9Q1xT0mWc7bYp5LrHg"),
        ("127.0.0.1:50601 in 12345 ms", "127.0.0.1:50601 in 12345 ms"),
    ],
)
def test_numbers_and_keys_are_cut_out_of_what_is_logged(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.unit
def test_a_line_of_a_private_call_says_that_something_failed_and_not_what() -> None:
    out = io.StringIO()
    before = structlog.get_config()
    try:
        logs.configure(json=True, stream=out)
        said = ValueError("I am called Ann")
        with structlog.contextvars.bound_contextvars(call_id="call-1", **{PRIVATE: True}):
            structlog.get_logger().error("it broke", error="the model heard: I am called Ann", exc_info=said)
            logging.getLogger("vendor").error("asked for +31612345678 with %s", {"password": "x"})
        structlog.get_logger().error("it broke", error="why", token="abc")
    finally:
        structlog.configure(**before)
        logging.basicConfig(force=True)
        logging.captureWarnings(False)
    private, foreign, usual = (json.loads(line) for line in out.getvalue().splitlines())
    assert "Ann" not in str(private)
    assert (private["call_id"], private["error"], private["exception"]) == (
        "call-1",
        "[withheld]",
        "ValueError: [withheld]",
    )
    assert PRIVATE not in private
    assert "31612345678" not in str(foreign)
    assert (foreign["call_id"], foreign["level"]) == ("call-1", "error")
    assert (usual["error"], usual["token"]) == ("why", "[redacted]")


@pytest.mark.unit
def test_turns_that_nothing_followed_and_interruptions_are_counted() -> None:
    metrics = Metrics()
    watch = CallWatch(metrics, CallSeen())
    for seq, (role, interrupted) in enumerate(
        [("assistant", True), ("user", False), ("user", False), ("assistant", False), ("user", False)], 2
    ):
        data = {"at": AT, "role": role, "content": "words", "interrupted": interrupted}
        watch.saw(LiveEvent("call-inbound-1", seq, "transcript", data))
    value = metrics.registry.get_sample_value
    assert value("trunkline_barge_ins_total") == 1
    assert value("trunkline_turns_unanswered_total") == 1
    assert value("trunkline_turns_total", {"role": "user"}) == 3


@pytest.mark.unit
def test_no_figure_has_a_label_that_a_client_could_choose() -> None:
    ours = {"direction", "status", "end_reason", "stage", "role", "event", "outcome", "method", "route", "kind"}
    assert {label for measure in MEASURES for label in measure.labels} <= ours
    assert all(measure.name.startswith("trunkline_") and measure.help.endswith(".") for measure in MEASURES)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("203.0.113.9", {}, 404),
        ("10.0.0.4", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.9"}, 404),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, 404),
        ("127.0.0.1", {"CF-Connecting-IP": "203.0.113.9"}, 404),
        ("127.0.0.1", {"Host": "[::1]:8080"}, 200),
        ("127.0.0.1", {"Host": "127.0.0.1:8080"}, 200),
        ("127.0.0.1", {"Host": "calls.example.com"}, 404),
        ("127.0.0.1", {"Host": "localhost.example.com"}, 404),
        ("127.0.0.1", {"Host": ""}, 404),
        ("127.0.0.1", {"Host": "["}, 404),
    ],
)
async def test_the_figures_are_for_clients_on_this_machine(client: str, headers: dict[str, str], status: int) -> None:
    async def read() -> bytes:
        return b"trunkline_build_info 1\n"

    app = Starlette(routes=[Route(PATH, guarded(read))])
    transport = httpx2.ASGITransport(app=app, client=(client, 50_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8080") as http:
        assert (await http.get(PATH, headers=headers)).status_code == status


@pytest.mark.call
async def test_the_figures_move_to_a_port_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    port = free_port()
    folder = tmp_path_factory.mktemp("installation")
    async with installation(folder, metrics_listen=f"127.0.0.1:{port}") as house, httpx2.AsyncClient() as http:
        away = {"X-Forwarded-For": "203.0.113.9"}
        figures = await http.get(f"http://127.0.0.1:{port}/metrics", headers=away)
        assert "trunkline_sip_up 1.0" in figures.text
        assert (await http.get(f"{house.url}/metrics")).status_code == 404


@pytest.mark.unit
def test_a_logger_outlives_what_stood_in_for_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    before = structlog.get_config()
    try:
        while_captured = io.StringIO()
        monkeypatch.setattr(sys, "stderr", while_captured)
        logs.configure(json=True)
        log = logs.logger("tests")
        log.warning("one")
        while_captured.close()
        after = io.StringIO()
        monkeypatch.setattr(sys, "stderr", after)
        log.warning("two")
        assert "two" in after.getvalue()
    finally:
        structlog.configure(**before)
        logging.basicConfig(force=True)
        logging.captureWarnings(False)
