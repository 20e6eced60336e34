"""The SIP messages themselves, read from the stack's trace: what its events do not tell.

It hands them to the line that they are of, and keeps those of each dialog for a while, for the ladder of its call.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from trunkline.base.logs import logger
from trunkline.telephony.sip.exchange import Exchange
from trunkline.telephony.sip.message import SipMessage, parse, without_secrets

TRACE_LOGGER = "baresip.native.sip"
_KEPT_DIALOGS = 512
_KEPT_MESSAGES = 12
_KEPT_EXCHANGES = 1024

_log = logger("telephony")

Watcher = Callable[[SipMessage], None]


class Ladder(logging.Handler):
    """Hands the messages of each dialog to who watches it, on the event loop; keeps some for who comes late."""

    def __init__(self, *, trace: bool) -> None:
        super().__init__(logging.DEBUG)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._trace = trace
        self._watchers: dict[str, Watcher] = {}
        self._unwatched: OrderedDict[str, list[SipMessage]] = OrderedDict()
        self._exchanges: OrderedDict[str, Exchange] = OrderedDict()
        self._invites: OrderedDict[tuple[str, str], SipMessage | None] = OrderedDict()
        self._awaited: dict[tuple[str, str], asyncio.Future[SipMessage | None]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Takes over the stack's trace and native log, which hold phone numbers and belong in no other log."""
        self._loop = loop
        for name in (TRACE_LOGGER, "baresip.native"):
            source = logging.getLogger(name)
            source.propagate = False
            source.addHandler(self)
        logging.getLogger(TRACE_LOGGER).setLevel(logging.DEBUG)

    def detach(self) -> None:
        """Lets go of the stack's logs; they stay silent."""
        for name in (TRACE_LOGGER, "baresip.native"):
            logging.getLogger(name).removeHandler(self)
        logging.getLogger(TRACE_LOGGER).setLevel(logging.CRITICAL)

    def emit(self, record: logging.LogRecord) -> None:
        """Called on the stack's log thread, for each line."""
        text = record.getMessage()
        if self._trace:
            _log.info("sip", line=without_secrets(text))
        if record.name != TRACE_LOGGER or (message := parse(text, record.created)) is None:
            return
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with suppress(RuntimeError):  # the loop closed since we looked
                loop.call_soon_threadsafe(self._deliver, message)

    def watch(self, call_id: str, watcher: Watcher) -> None:
        """Gives ``watcher`` the messages of a dialog: those kept, then those to come."""
        self._watchers[call_id] = watcher
        self._exchanges.setdefault(call_id, Exchange()).watched = True
        for message in self._unwatched.pop(call_id, []):
            watcher(message)

    def unwatch(self, call_id: str) -> None:
        """Ends a watch."""
        self._watchers.pop(call_id, None)

    def exchange(self, call_id: str) -> Exchange | None:
        """The messages of a dialog so far, as long as it is watched and for a while after."""
        return self._exchanges.get(call_id)

    async def arrival(self, call_id: str, key: str, patience_seconds: float) -> SipMessage | None:
        """The INVITE that came in with this Call-ID and ``key_of`` its Via and CSeq; None where no record of it turns up
        in time, or where two addresses sent one like it."""
        name = (call_id, key)
        if name in self._invites:
            return self._invites[name]
        awaited = self._awaited.setdefault(name, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(awaited, patience_seconds)
        except TimeoutError:
            return None
        finally:
            self._awaited.pop(name, None)

    def _deliver(self, message: SipMessage) -> None:
        if message.received and message.method == "INVITE" and not message.status:
            self._invited(message)
        self._keep(message)
        watcher = self._watchers.get(message.call_id)
        if watcher is not None:
            watcher(message)
            return
        kept = self._unwatched.setdefault(message.call_id, [])
        if len(kept) < _KEPT_MESSAGES:
            kept.append(message)
        while len(self._unwatched) > _KEPT_DIALOGS:
            self._unwatched.popitem(last=False)

    def _keep(self, message: SipMessage) -> None:
        exchange = self._exchanges.setdefault(message.call_id, Exchange())
        self._exchanges.move_to_end(message.call_id)
        if exchange.watched or len(exchange) < _KEPT_MESSAGES:
            exchange.add(message)
        while len(self._exchanges) > _KEPT_EXCHANGES + len(self._watchers):
            oldest = next(iter(self._exchanges))
            if oldest in self._watchers:
                self._exchanges.move_to_end(oldest)
            else:
                del self._exchanges[oldest]

    def _invited(self, message: SipMessage) -> None:
        name = (message.call_id, message.key)
        known = self._invites.setdefault(name, message)
        if known is None or known.peer != message.peer:
            self._invites[name] = None
        while len(self._invites) > _KEPT_DIALOGS:
            self._invites.popitem(last=False)
        awaited = self._awaited.get(name)
        if awaited is not None and not awaited.done():
            awaited.set_result(self._invites[name])
