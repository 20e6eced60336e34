"""What took how long for which call or request, for whoever draws traces of it; off unless somebody wants them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from trunkline.base.trace import TraceContext

Attributes = Mapping[str, str | int | float | bool]


class Spans(Protocol):
    """Takes spans that are over; neither blocks nor raises. No words and no phone numbers go into one."""

    @property
    def on(self) -> bool:
        """Whether anybody wants them."""

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
        """Takes one; ``error`` says in a word why it failed."""


class NoSpans:
    """Nobody wants them."""

    on = False

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
        return
