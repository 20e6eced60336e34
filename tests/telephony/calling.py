"""What the telephony tests say over and over: a trunk to a peer, a call over it, and the next event of a line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar

from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import Dial
from trunkline.ports.line import Closed, LineEvent
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.line import SipLine

NUMBER = "+31612345678"
CALLER_ID = "+31201234567"

E = TypeVar("E", bound=LineEvent)


def trunk(port: int | None, **changes: Any) -> TrunkPlan:
    """A trunk to a peer on this machine."""
    plan = TrunkPlan(id="trunk", revision=1, name="peer", host="127.0.0.1", port=port)
    return replace(plan, **changes)


class Phone:
    """A line and its events, one after the other."""

    def __init__(self, line: SipLine) -> None:
        self.line = line
        self.seen: list[LineEvent] = []
        self._events: AsyncIterator[LineEvent] = line.events()

    async def next(self, seconds: float = 8.0) -> LineEvent:
        """The next event of the line."""
        event = await asyncio.wait_for(anext(self._events), seconds)
        self.seen.append(event)
        return event

    async def until(self, kind: type[E], seconds: float = 8.0) -> E:
        """The next event of that kind; others before it stay in ``seen``."""
        while not isinstance(event := await self.next(seconds), kind):
            assert not isinstance(event, Closed), f"closed before {kind.__name__}: {event} after {self.seen}"
        return event

    async def talk(self, seconds: float, pcm: bytes = b"") -> bytes:
        """Plays ``pcm`` and listens for that long, as the media pass does: every 20 ms."""
        heard, frame = bytearray(), self.line.sample_rate_hz // 25
        for tick in range(round(seconds * 50)):
            self.line.write(pcm[tick * frame : (tick + 1) * frame])
            heard += self.line.read()
            await asyncio.sleep(0.02)
        return bytes(heard)


async def call(carrier: SipCarrier, plan: TrunkPlan, destination: str = NUMBER, **options: Any) -> Phone:
    """Dials."""
    return Phone(await carrier.dial(Dial(plan, destination, options.pop("caller_id", CALLER_ID), **options)))
