"""Refusing a call that rings with a status and headers of our own choice, which the binding cannot.

The binding knows only 486. The library inside it, whose functions the binding's file exports, knows all, but they may be
called on the stack's own thread alone (its lock is out of reach: another thread that tries to take it gets none, and
leaks). The binding calls Python on that thread for each event that it has to tell; so we order its ``ping``, and when the
answer passes, between two pieces of its work, we end the call by the function that its own ``reject()`` ends it by.

This uses a private part of the binding (``_events``), whose version is pinned; a test watches over 500 refusals.
"""

import ctypes
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from baresip import BaresipError, Runtime, _events, _native
from baresip._native import lib

from trunkline.base.logs import logger

REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    503: "Service Unavailable",
    603: "Decline",
}
_INCOMING = 1
"""What ``call_state`` gives for a call that rings at our side."""

_log = logger("telephony")

Sink = Callable[[int, int, bytes | None], None]
_set_sink: Callable[[Sink | None], Sink | None] = _events.set_sink


@dataclass(slots=True)
class _Order:
    call_id: str
    status: int
    headers: str
    done: bool = False


class Refuser:
    """Refuses calls, between ``open`` (once the stack runs) and ``close`` (before it stops)."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._orders: deque[_Order] = deque()
        self._sink: Sink | None = None

    def open(self) -> None:
        """Puts itself between the stack and the binding; where that build of the stack hides its functions, every call is
        refused with 486, and no caller can be challenged."""
        try:
            _stack()
        except (AttributeError, OSError) as error:
            _log.warning("calls can be refused with 486 alone, and callers not be challenged", error=str(error))
            return
        self._sink = _events._sink  # before it is replaced: no event may fall in between
        _set_sink(self._pass_on)

    def close(self) -> None:
        """Steps out of the way again."""
        if self._sink is None:
            return
        _set_sink(self._sink)

    async def refuse(self, call_id: str, status: int, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Answers the call with that Call-ID with one of ``REASONS``. False where none rings, or the stack is gone."""
        if self._sink is None:
            return False
        order = _Order(call_id, status, "".join(f"{name}: {value}\r\n" for name, value in headers))
        self._orders.append(order)
        try:
            await self._runtime.cmd(lib.BP_CMD_PING)
        except BaresipError:
            return False
        return order.done

    def _pass_on(self, event: int, handle: int, payload: bytes | None) -> None:
        """Called on the stack's thread, for each event."""
        while event == lib.BP_EV_PONG and self._orders:
            _refuse(self._orders.popleft())
        if self._sink is not None:
            self._sink(event, handle, payload)


def _refuse(order: _Order) -> None:
    """Only on the stack's thread. ``ua_hangupf`` takes a format and its arguments; headers end with their own length."""
    stack = _stack()
    call = stack.uag_call_find(order.call_id.encode())
    if not call or stack.call_state(call) != _INCOMING:
        return
    headers = f"{order.headers}Content-Length: 0\r\n\r\n"
    agent = stack.call_get_ua(call)
    stack.ua_hangupf(agent, call, order.status, REASONS[order.status].encode(), b"%s", headers.encode())
    order.done = True


@cache
def _stack() -> ctypes.CDLL:
    library = ctypes.CDLL(_native.__file__)
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for function, gives, takes in (
        (library.uag_call_find, pointer, (text,)),
        (library.call_state, ctypes.c_int, (pointer,)),
        (library.call_get_ua, pointer, (pointer,)),
        (library.ua_hangupf, None, (pointer, pointer, ctypes.c_uint16, text, text, text)),
    ):
        function.restype, function.argtypes = gives, takes
    return library
