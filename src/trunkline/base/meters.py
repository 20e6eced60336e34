"""What is counted and measured while the platform runs, for whoever reads it out; nobody who counts knows who that is.

Every label has few values, all of them our own: states, reasons, routes as they stand in the table, providers of the
catalogue. What a client or a caller sends never becomes one.
"""

from dataclasses import dataclass
from typing import Protocol

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_REQUEST = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TALK = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)
_RING = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 20.0, 30.0, 45.0, 60.0)
_LASTED = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_LATE = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0)


@dataclass(frozen=True, slots=True)
class Measure:
    """One series of figures: with ``buckets`` a distribution (seconds), without a count. ``labels`` tell its parts apart."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


CALLS_PLACED = Measure("trunkline_calls_placed", "Calls that were recorded, before they ring.", ("direction",))
CALLS_ENDED = Measure("trunkline_calls_ended", "Calls that are over.", ("direction", "status", "end_reason"))
CALL_SECONDS = Measure("trunkline_call_seconds", "How long answered calls lasted.", ("direction",), _LASTED)
INVITE_SECONDS = Measure(
    "trunkline_call_invite_seconds", "From the request that placed a call to its INVITE on the wire.", (), _REQUEST
)
ANSWER_SECONDS = Measure("trunkline_call_answer_seconds", "From INVITE to the answer.", ("direction",), _RING)
HEARD_SECONDS = Measure(
    "trunkline_turn_heard_seconds", "Response time as heard: the party's last sound to our first.", (), _TALK
)
STAGE_SECONDS = Measure(
    "trunkline_turn_stage_seconds",
    "The parts of a turn's response time: end_of_turn, stt, llm, tts, and what the platform added.",
    ("stage",),
    _TALK,
)
TURNS = Measure("trunkline_turns", "Turns that were spoken, by whom.", ("role",))
BARGE_INS = Measure("trunkline_barge_ins", "Turns of the assistant that the party interrupted.")
MISSED_TURNS = Measure(
    "trunkline_turns_unanswered", "Turns of the party after which it spoke again before anything of ours was heard."
)
WEBHOOK_ATTEMPTS = Measure(
    "trunkline_webhook_attempts",
    "Attempts to deliver a webhook: delivered, pending (tried again later) or dead (given up).",
    ("event", "outcome"),
)
WEBHOOK_SECONDS = Measure("trunkline_webhook_seconds", "How long an attempt took.", (), _REQUEST)
HTTP_SECONDS = Measure(
    "trunkline_http_request_seconds",
    "From a request's arrival to the start of its reply.",
    ("method", "route", "status"),
    _REQUEST,
)
DATABASE_SECONDS = Measure(
    "trunkline_database_transaction_seconds", "Whole transactions, waiting for their turn included.", ("kind",), _QUICK
)
LOOP_LAG_SECONDS = Measure(
    "trunkline_event_loop_lag_seconds",
    "How much later than it should the event loop came to a waiting task.",
    (),
    _LATE,
)
LATENESS_SECONDS = Measure(
    "trunkline_media_pass_late_seconds", "How late the 20 ms passes over all calls' sound began.", (), _LATE
)

MEASURES: tuple[Measure, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Measure))


class Meters(Protocol):
    """Counts and measures; neither blocks nor raises. ``labels`` are values in the order of the measure's names."""

    def count(self, measure: Measure, *labels: str, amount: float = 1.0) -> None:
        """Adds to a count."""

    def observe(self, measure: Measure, value: float, *labels: str) -> None:
        """Adds one value to a distribution."""


class NoMeters:
    """Nobody reads it out: forgets all."""

    def count(self, measure: Measure, *labels: str, amount: float = 1.0) -> None:
        return

    def observe(self, measure: Measure, value: float, *labels: str) -> None:
        return
