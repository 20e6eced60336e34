"""Which trace a piece of work belongs to, as W3C Trace Context has it (https://www.w3.org/TR/trace-context/).

The context travels with tasks; a call's is made from its id, so that whoever works on it later finds the same one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from hashlib import blake2b

HEADER = "traceparent"
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
_here: ContextVar["TraceContext | None"] = ContextVar("trace", default=None)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span: the trace it belongs to (32 hex digits), its own id (16), and whether the trace is being recorded."""

    trace_id: str
    span_id: str
    sampled: bool = True

    @property
    def header(self) -> str:
        """As the header that hands it on."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def parse(text: str | None) -> TraceContext | None:
    """What a ``traceparent`` header says; None where there is none, or one that makes no sense (which is ignored)."""
    found = _FORM.fullmatch(text.strip()) if text else None
    if found is None or ((text or "").strip().startswith("00-") and found[4]):
        return None
    return TraceContext(found[1], found[2], bool(int(found[3], 16) & _SAMPLED))


def current() -> TraceContext | None:
    """The span that this task works for."""
    return _here.get()


@contextmanager
def bound(context: TraceContext | str | None) -> Iterator[None]:
    """Works for this span (or the one of this header) inside the ``with``, also in tasks that are started there."""
    token = _here.set(parse(context) if isinstance(context, str) else context)
    try:
        yield
    finally:
        _here.reset(token)


def headers() -> dict[str, str]:
    """What tells the receiver of a request which span it is made for."""
    context = current()
    return {} if context is None else {HEADER: context.header}


def of_request(request_id: str, parent: TraceContext | None) -> TraceContext:
    """The span of a request, of its caller's trace where that has one."""
    return _made("request", request_id, parent)


def of_call(call_id: str, parent: TraceContext | None) -> TraceContext:
    """The span of a call, of the trace of the request that placed it."""
    return _made("call", call_id, parent)


def handed_on(call_id: str, *, traced: bool) -> str | None:
    """The header that a call placed here and now gives to whom it asks: its own span where calls are traced, else that
    of whoever asked for it."""
    parent = current()
    if not traced:
        return None if parent is None else parent.header
    return of_call(call_id, parent).header


def part_of(whole: TraceContext, name: str) -> TraceContext:
    """The span of a part of a piece of work; the same name gives the same span."""
    return replace(whole, span_id=_digest(f"{whole.span_id}:{name}", 8))


def _made(kind: str, id: str, parent: TraceContext | None) -> TraceContext:
    span_id = _digest(f"{kind}:{id}", 8)
    if parent is None:
        return TraceContext(_digest(f"trace:{id}", 16), span_id)
    return replace(parent, span_id=span_id)


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode(), digest_size=size).hexdigest()
