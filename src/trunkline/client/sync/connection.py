"""One connection to an installation: sends a request until it is answered, or it makes no sense to try again."""
# Made from its namesake in aio/ by `make docs`; do not edit.

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from trunkline.client.wire import (
    EVENTS_READ_SECONDS,
    Reach,
    Request,
    failed,
    object_of,
    refusal,
    wait_after_failure,
    wait_after_refusal,
)


class Connection:
    """Speaks for one organisation over a pool of connections that those of other organisations may share."""

    def __init__(self, reach: Reach, http: httpx2.Client, headers: Mapping[str, str]) -> None:
        self.reach = reach
        self.acting_for = headers.get("X-Organization-Id")
        self._http = http
        self._headers = headers

    def for_organisation(self, organisation_id: str) -> "Connection":
        """The same, for a child of the key's organisation."""
        return Connection(self.reach, self._http, {**self._headers, "X-Organization-Id": organisation_id})

    def ask(self, request: Request) -> dict[str, Any]:
        """The JSON object that a request is answered with. Raises ApiError and ConnectionFailed."""
        return object_of(self.reply(request))

    def reply(self, request: Request, *, also: int | None = None, stream: bool = False) -> httpx2.Response:
        """The reply to a request; one with the status ``also`` is no refusal. Raises ApiError and ConnectionFailed."""
        built = self._built(request)
        tried, lost = 0, False
        while True:
            tried += 1
            try:
                reply = self._http.send(built, stream=stream)
                if reply.status_code < 300 or reply.status_code == also:
                    return reply
                reply.read()
                error = refusal(reply)
                if lost and request.method == "DELETE" and reply.status_code == 404:
                    return reply
                wait = wait_after_refusal(self.reach, error, tried)
                if wait is None:
                    raise error
            except httpx2.TransportError as broken:
                lost, wait = True, wait_after_failure(self.reach, broken, tried)
                if wait is None:
                    raise failed(self.reach, broken) from broken
            time.sleep(wait)

    @contextmanager
    def stream(self, request: Request) -> Iterator[httpx2.Response]:
        """A reply whose body is read while it comes. Raises ApiError and ConnectionFailed."""
        reply = self.reply(request, stream=True)
        try:
            yield reply
        except httpx2.TransportError as broken:
            raise failed(self.reach, broken) from broken
        finally:
            reply.close()

    @contextmanager
    def once(self, request: Request) -> Iterator[httpx2.Response]:
        """A stream of events, tried once. Raises ApiError, and httpx2.TransportError also while it is read."""
        reply = self._http.send(self._built(request, EVENTS_READ_SECONDS), stream=True)
        try:
            if reply.status_code >= 300:
                reply.read()
                raise refusal(reply)
            yield reply
        finally:
            reply.close()

    def _built(self, request: Request, read_seconds: float | None = None) -> httpx2.Request:
        return self._http.build_request(
            request.method,
            self.reach.url + request.path,
            params=request.all_query() or None,
            json=dict(request.body) if request.body is not None else None,
            headers={**self._headers, **request.all_headers()},
            timeout=httpx2.Timeout(self.reach.timeout_seconds, read=read_seconds or self.reach.timeout_seconds),
        )
