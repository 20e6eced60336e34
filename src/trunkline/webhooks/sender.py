"""One attempt to hand a webhook to its receiver: signed, to a checked address, within ten seconds, whatever comes back."""

import asyncio
import email.utils
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from trunkline.base import trace
from trunkline.base.clock import Clock
from trunkline.webhooks.guard import AddressRefused, Guard
from trunkline.webhooks.reaching import bounded, guarded_session, refusal_in, sentence
from trunkline.webhooks.signing import headers

PATIENCE_SECONDS = 10.0
KEPT_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be sent: ``webhook_id`` is the same over all attempts."""

    url: str
    event: str
    body: bytes
    webhook_id: str
    secret: str | None = None

    def __repr__(self) -> str:
        return f"Post(event={self.event!r}, webhook_id={self.webhook_id!r})"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt. ``error`` is a sentence when there was no full reply; ``refused`` says that the address
    is none that we send to; ``body`` is the reply up to 1 MiB, ``cut`` when there was more."""

    at: datetime
    duration_ms: float
    status_code: int | None = None
    error: str | None = None
    body: bytes = b""
    cut: bool = False
    refused: bool = False
    retry_after_seconds: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver said any 2xx, in full."""
        return self.error is None and self.status_code is not None and 200 <= self.status_code < 300

    @property
    def reply(self) -> str:
        """The first 2 KiB of the reply as text, for the log of attempts."""
        return self.body[:KEPT_BYTES].decode(errors="replace").replace("\x00", "�")


class Sender:
    """Sends webhooks over one shared session; used inside ``async with``. No receiver waits for another's reply."""

    def __init__(
        self,
        guard: Guard,
        clock: Clock,
        *,
        resolver: AbstractResolver | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._resolver = resolver
        self._patience_seconds = patience_seconds
        self._exit = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = await self._exit.enter_async_context(guarded_session(self._guard, self._resolver))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        await self._exit.aclose()

    async def post(self, post: Post, *, patience_seconds: float | None = None) -> Attempt:
        """Sends once and reports; raises nothing but cancellation."""
        started, at = self._clock.monotonic(), self._clock.now()
        patience = patience_seconds or self._patience_seconds
        try:
            async with asyncio.timeout(patience):
                reply = await self._exchange(post, int(at.timestamp()))
        except TimeoutError:
            reply = _Reply(error=f"the receiver did not answer in full within {patience:g} seconds")
        except AddressRefused as refusal:
            reply = _Reply(error=refusal.message, refused=True)
        except aiohttp.InvalidURL:
            reply = _Reply(error="the webhook address is no valid URL", refused=True)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            refusal_behind = refusal_in(failure)
            reply = _Reply(error=refusal_behind or sentence(failure), refused=refusal_behind is not None)
        return Attempt(
            at=at,
            duration_ms=(self._clock.monotonic() - started) * 1000,
            status_code=reply.status_code,
            error=reply.error,
            body=reply.body,
            cut=reply.cut,
            refused=reply.refused,
            retry_after_seconds=_retry_after(reply.retry_after, at),
        )

    async def _exchange(self, post: Post, timestamp: int) -> "_Reply":
        if self._session is None:
            raise ValueError("the sender is closed")
        url = self._guard.check_url(post.url)
        signed = headers(post.event, post.body, post.secret, post.webhook_id, timestamp) | trace.headers()
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.post(
            url, data=post.body, headers=signed, allow_redirects=False, timeout=timeout
        ) as response:
            body, cut = await bounded(response.content.iter_any())
            return _Reply(
                status_code=response.status, body=body, cut=cut, retry_after=response.headers.get("Retry-After")
            )


@dataclass(frozen=True, slots=True)
class _Reply:
    status_code: int | None = None
    error: str | None = None
    body: bytes = b""
    cut: bool = False
    refused: bool = False
    retry_after: str | None = None


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date (RFC 9110, 10.2.3); None when unreadable."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
