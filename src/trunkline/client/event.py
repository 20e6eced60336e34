"""The events of a call, and following them over connections that break."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2

from trunkline.client.errors import ApiError
from trunkline.client.wire import Reach, Request, failed, wait_after_failure, wait_after_refusal

END_STATES = frozenset({"ended", "failed", "rejected", "transferred"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a call: ``kind`` is status, transcript, command, latency or dtmf. ``id`` is what a
    stream can go on from; passing events such as unfinished transcripts have none."""

    kind: str
    data: dict[str, Any]
    id: int | None

    @property
    def final(self) -> bool:
        """Whether the call is over with it."""
        return self.kind == "status" and self.data.get("status") in END_STATES


@dataclass(slots=True)
class Following:
    """How far the events of a call have come. ``after`` is the last one's id, ``broken`` counts the connections in a row
    that brought nothing."""

    reach: Reach
    after: int
    broken: int = 0
    over: bool = False

    def request(self, path: str) -> Request:
        """The request for what has not come yet."""
        return Request("GET", path, headers={"Last-Event-ID": str(self.after), "Accept": "text/event-stream"})

    def took(self, sent: httpx2.ServerSentEvent) -> Event | None:
        """An event as it came; None for what says nothing."""
        if not sent.data:
            return None
        number = int(sent.id) if sent.id.isascii() and sent.id.isdigit() else self.after
        event = Event(sent.event, json.loads(sent.data), number if number != self.after else None)
        self.after, self.broken, self.over = number, 0, event.final
        return event

    def ended_early(self) -> bool:
        """Takes in a stream that ended before the call's last event; whether two in a row brought nothing."""
        self.broken += 1
        return self.broken > 1

    def wait(self, problem: Exception | None) -> float:
        """How long to wait before the next connection, in seconds. Raises ApiError and ConnectionFailed."""
        if isinstance(problem, ApiError):
            self.broken += 1
            wait = wait_after_refusal(self.reach, problem, self.broken)
            if wait is None:
                raise problem
            return wait
        lost = problem if isinstance(problem, httpx2.TransportError) else httpx2.ReadError("the events ended too early")
        self.broken += problem is not None
        wait = wait_after_failure(self.reach, lost, self.broken)
        if wait is None:
            raise failed(self.reach, lost) from problem
        return wait
