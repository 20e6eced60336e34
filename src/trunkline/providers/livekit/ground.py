"""What plugins stand on: connections that they borrow, a context of their own, and their failures in our words."""

import asyncio
import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

import aiohttp
from livekit.agents import APIConnectOptions, APIError
from livekit.agents.utils import http_context

from trunkline.base.errors import Upstream
from trunkline.providers.livekit.plugins import Part
from trunkline.providers.vendor import SILENCE_SECONDS, retryable_status

T = TypeVar("T")

ONCE = APIConnectOptions(max_retry=0, timeout=SILENCE_SECONDS)
"""Plugins try once: trying again, and with whom, is the engine's to decide."""
_POLICY_VIOLATION = 1008


class Ground:
    """The connections of all plugins of this process, in the context variable in which plugins look for them."""

    def __init__(self) -> None:
        self._context: contextvars.Context | None = None
        self._opened: AbstractAsyncContextManager[aiohttp.ClientSession] | None = None
        self._lock = asyncio.Lock()

    async def context(self) -> contextvars.Context:
        """Where plugins are called."""
        async with self._lock:
            if self._context is None:
                context, opened = contextvars.copy_context(), http_context.open()
                await asyncio.get_running_loop().create_task(opened.__aenter__(), context=context)
                self._context, self._opened = context, opened
        return self._context

    async def aclose(self) -> None:
        """Closes the connections."""
        context, opened, self._context, self._opened = self._context, self._opened, None, None
        if context is not None and opened is not None:
            await asyncio.get_running_loop().create_task(
                opened.__aexit__(None, None, None),
                context=context,
            )


class Borrowed:
    """One model of a plugin for one call."""

    def __init__(self, part: Part, context: contextvars.Context, arguments: Mapping[str, Any]) -> None:
        self.provider = part.provider
        self._context = context
        self._part = part
        with self.failures():
            self.model = self.run(part.maker, **{**part.given, **arguments})

    @classmethod
    async def open(cls, part: Part, ground: Ground, arguments: Mapping[str, Any]) -> "Borrowed":
        """Makes the model. Raises Upstream."""
        return cls(part, await ground.context(), arguments)

    def run(self, work: Callable[..., T], **arguments: Any) -> T:
        """Calls something of the plugin where it finds its connections; so do the tasks that this starts."""
        return self._context.run(functools.partial(work, **arguments))

    def warm(self) -> None:
        """Lets the plugin connect ahead, where it can."""
        self.run(self.model.prewarm)

    async def aclose(self) -> None:
        """Closes the model, and the client inside that some plugins leave open."""
        with self.failures():
            await self.model.aclose()
            client = getattr(self.model, "_client", None)
            if asyncio.iscoroutinefunction(getattr(client, "close", None)):
                await client.close()  # type: ignore[union-attr]

    @contextmanager
    def failures(self, begun: Callable[[], bool] = bool) -> Iterator[None]:
        """Whatever goes wrong in this block is raised as Upstream. Language models give up trying again by themselves once
        words were given out, which ``begun`` tells: that is for the engine to decide."""
        try:
            yield
        except Upstream:
            raise
        except Exception as error:  # noqa: BLE001  # a plugin may raise anything
            raise self._failure(error, begun=begun()) from None

    def _failure(self, error: Exception, *, begun: bool) -> Upstream:
        status = _status(error)
        retryable = isinstance(error, APIError) and (begun or error.retryable) and not _is_policy(error)
        words = getattr(error, "message", "") or str(error) if status not in (401, 403) else ""
        return Upstream(
            f"{self.provider} failed ({status or type(error).__name__})",
            provider=self.provider,
            retryable=retryable_status(status) if status else retryable,
            status=status,
            vendor_message=self._part.without_secrets(words)[:1000],
            request_id=str(getattr(error, "request_id", None) or "")[:200],
        )


def _is_policy(error: Exception) -> bool:
    """Whether a socket was closed because of who we are: plugins give its code as the status."""
    return getattr(error, "status_code", None) == _POLICY_VIOLATION


def _status(error: BaseException | None) -> int | None:
    """The HTTP status behind a failure, which plugins hide at different depths."""
    seen = 0
    while error is not None and seen < 10:
        for name in ("status_code", "status"):
            value = getattr(error, name, None)
            if isinstance(value, int) and 400 <= value < 600:
                return value
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None
