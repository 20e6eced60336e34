"""Traces of calls for OpenTelemetry, drawn from facts when a call is over and sent over OTLP/HTTP by a thread of its own.

A call's span begins with its record and ends with its end; under it are the claim, the dial, the ringing, the
conversation, and in that each turn with what its recogniser, model and voice took.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from trunkline import __version__
from trunkline.app.watching import CallSeen, Seen
from trunkline.base.spans import Attributes, Spans
from trunkline.base.trace import TraceContext, of_call, part_of
from trunkline.domain.call import CallStatus

FLUSH_MILLISECONDS = 3000
_PHASES = {
    CallStatus.QUEUED: "claim",
    CallStatus.DIALING: "dial",
    CallStatus.RINGING: "ring",
    CallStatus.IN_PROGRESS: "conversation",
    CallStatus.TRANSFERRING: "transfer",
}
_PATHS = "/v1/traces"


class OtlpSpans:
    """``base.spans.Spans`` over OTLP/HTTP to the collector at ``endpoint``; OTEL_… variables for headers, time-outs and
    resource attributes hold. Spans are sent in batches; a collector that is away costs spans, never a call."""

    on = True

    def __init__(self, endpoint: str, worker_name: str, exporter: SpanExporter | None = None) -> None:
        address = endpoint.rstrip("/")
        address = address if address.endswith(_PATHS) else address + _PATHS
        self._processor = BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=address))
        self._resource = Resource.create(
            {"service.name": "trunkline", "service.version": __version__, "service.instance.id": worker_name}
        )
        self._scope = InstrumentationScope("trunkline", __version__)

    def note(
        self,
        name: str,
        span: TraceContext,
        parent: TraceContext | None,
        start: datetime,
        end: datetime,
        attributes: Attributes,
        error: str | None = None,
    ) -> None:
        if not span.sampled:
            return
        self._processor.on_end(
            ReadableSpan(
                name,
                context=_context(span, remote=False),
                parent=None if parent is None else _context(parent, remote=True),
                resource=self._resource,
                attributes=dict(attributes),
                kind=SpanKind.SERVER if name.startswith("request") else SpanKind.INTERNAL,
                status=Status(StatusCode.UNSET) if error is None else Status(StatusCode.ERROR, error),
                start_time=_nanoseconds(start),
                end_time=max(_nanoseconds(start), _nanoseconds(end)),
                instrumentation_scope=self._scope,
            )
        )

    def close(self) -> None:
        """Sends what is left, for a few seconds at most; blocks."""
        self._processor.force_flush(FLUSH_MILLISECONDS)
        self._processor.shutdown()  # type: ignore[no-untyped-call]


class CallTraces(CallSeen):
    """Draws each call that is over."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def over(self, seen: Seen) -> None:
        if not self._spans.on or not seen.states:
            return
        call = of_call(seen.call_id, seen.request)
        reason = str(seen.end["end_reason"])
        error = reason if seen.end["status"] == CallStatus.FAILED else None
        about: dict[str, Any] = {
            "trunkline.call_id": seen.call_id,
            "trunkline.direction": seen.direction,
            "trunkline.end_reason": reason,
            "trunkline.turns": len(seen.turns),
        }
        started, ended = seen.states[0][1], seen.states[-1][1]
        self._spans.note("call", call, seen.request, started, ended, about, error)
        for number, (name, start, end) in enumerate(_phases(seen)):
            phase = part_of(call, f"phase {number}")
            self._spans.note(name, phase, call, start, end, {"trunkline.call_id": seen.call_id})
            if name == _PHASES[CallStatus.IN_PROGRESS]:
                self._turns(seen, phase, start, end)

    def _turns(self, seen: Seen, phase: TraceContext, start: datetime, end: datetime) -> None:
        for at, turn in seen.turns:
            if not start <= at <= end:
                continue
            whole = part_of(phase, f"turn {turn['turn']}")
            about = {"trunkline.call_id": seen.call_id, "trunkline.turn": turn["turn"]}
            began = at - _ms(turn.get("heard") or 0.0)
            self._spans.note("turn", whole, phase, began, at, about)
            for name, since, until in _stages(began, at, turn):
                self._spans.note(name, part_of(whole, name), whole, since, until, {"trunkline.call_id": seen.call_id})


def _phases(seen: Seen) -> Iterator[tuple[str, datetime, datetime]]:
    """What the call went through, each with its time; the dial is told apart from what came before its INVITE."""
    for (status, start), (_, end) in zip(seen.states, seen.states[1:], strict=False):
        name = _PHASES.get(CallStatus(status))
        if name is None:
            continue
        invited = seen.invited_at
        if status == CallStatus.DIALING and invited is not None and start <= invited <= end:
            yield "prepare", start, invited
            start = invited
        yield name, start, end
    if seen.states:
        yield "end", seen.states[-1][1], seen.states[-1][1]


def _stages(began: datetime, at: datetime, turn: dict[str, Any]) -> Iterator[tuple[str, datetime, datetime]]:
    """The parts of a turn that were measured: the recogniser from the party's last sound, the model from the decision that
    the turn is over, the voice up to our first sound."""
    if turn.get("stt") is not None:
        yield "stt", began, began + _ms(turn["stt"])
    if turn.get("llm_first_token") is not None:
        decided = began + _ms(turn.get("end_of_turn") or 0.0)
        yield "llm", decided, decided + _ms(turn["llm_first_token"])
    if turn.get("tts_first_audio") is not None:
        yield "tts", at - _ms(turn["tts_first_audio"]), at


def _context(context: TraceContext, *, remote: bool) -> SpanContext:
    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        is_remote=remote,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


def _ms(milliseconds: float) -> timedelta:
    return timedelta(milliseconds=milliseconds)
