"""What the chat emulators share: requests that go wrong, streams that break, who answers, and how tokens are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.brain import Answer, Tool, answer
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut, odd_pieces

_TOKEN_CHARACTERS = 4
_CACHED_FROM = 1024
_CACHED_BY = 128
STATUS_FAULTS = (Fault.UNAUTHORISED, Fault.RATE_LIMITED, Fault.OVERLOADED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a vendor answers it."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The answer."""
        return web.Response(
            status=self.status, body=orjson.dumps(self.body), content_type="application/json", headers=self.headers
        )


def json_answer(value: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer that is JSON."""
    return web.Response(body=orjson.dumps(value), content_type="application/json", headers=headers)


def tokens(text: str) -> int:
    """About as many tokens as a model would count."""
    return (len(text) + _TOKEN_CHARACTERS - 1) // _TOKEN_CHARACTERS


class PromptCache:
    """Which beginnings of prompts were read before; only long ones are kept."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def cached_tokens(self, prompt: str) -> int:
        """How many tokens of a prompt are in the cache; it is kept from now on."""
        longest = max((tokens(seen) for seen in self._seen if prompt.startswith(seen)), default=0)
        if tokens(prompt) >= _CACHED_FROM:
            self._seen.append(prompt)
        return longest // _CACHED_BY * _CACHED_BY


def answered(house: Emulator, turns: Sequence[tuple[str, str]], tools: Sequence[Tool]) -> Answer:
    """What the model says: what a test scripted, else what makes sense."""
    return house.scripted.popleft() if house.scripted else answer(turns, tools)


def words(text: str) -> list[str]:
    """A text in the pieces in which a model writes it."""
    return [word + " " for word in text.split(" ")[:-1]] + [text.split(" ")[-1]] if text else []


class ChatStream:
    """Server-sent events, with what is to go wrong in them. ``error`` writes the vendor's own error."""

    def __init__(self, house: Emulator, request: web.Request, plan: "RequestPlan", error: Callable[[], bytes]) -> None:
        self._house = house
        self._request = request
        self._odd = plan.odd
        self._first = plan.first
        self._error = error
        self._results = 0
        self.answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **plan.headers})

    async def event(self, data: Any, event: str = "") -> None:
        """Writes one event; bytes as they are, anything else as JSON. Odd streams have comments between their events."""
        if self._odd:
            await self.raw(b": keep-alive\n\n")
        head = f"event: {event}\n".encode() if event else b""
        text = data if isinstance(data, bytes) else orjson.dumps(data)
        await self.raw(head + b"data: " + text + b"\n\n")

    async def raw(self, data: bytes) -> None:
        """Writes bytes."""
        for piece in odd_pieces(data) if self._odd else [data]:
            await self.answer.write(piece)
            if self._odd:
                await asyncio.sleep(0)

    async def result(self, data: Any, event: str = "") -> None:
        """Writes an event that is a part of the reply: before the first and after it things may go wrong. Raises
        StreamOver where nothing is to follow."""
        trouble = self._first if self._results == 0 else None
        if self._results == 1:
            trouble = self._house.trouble(Moment.MIDDLE)
        self._results += 1
        if trouble is not None:
            await self._suffer(trouble)
        await self.event(data, event)

    async def _suffer(self, trouble: Trouble) -> None:
        match trouble.fault:
            case Fault.DROP:
                cut(self._request)
            case Fault.SILENCE | Fault.HALF_OPEN:
                await self._house.hang()
            case Fault.SLOW:
                await asyncio.sleep(trouble.seconds)
                return
            case Fault.ODD_CHUNKS:
                self._odd = True
                return
            case Fault.GARBAGE:
                await self.event(b'{"choices": [, "candidates": [')
            case _:
                await self.raw(self._error())
        raise StreamOver


class StreamOver(Exception):
    """Nothing more is to be written."""


@dataclass(slots=True)
class RequestPlan:
    """What is to go wrong with a request whose headers are still to be sent."""

    first: Trouble | None = None
    odd: bool = False
    headers: dict[str, str] = field(default_factory=dict)


async def planned(
    house: Emulator, request: web.Request, fault_answer: Callable[[Fault], Refusal]
) -> RequestPlan | web.Response:
    """What is to go wrong in the stream; or the answer, where it goes wrong at once."""
    trouble, plan = house.trouble(Moment.CONNECT), RequestPlan(house.trouble(Moment.FIRST))
    told = [one.fault for one in (trouble, plan.first) if one is not None and one.fault in STATUS_FAULTS]
    if told:
        return fault_answer(told[0]).response()
    match trouble.fault if trouble is not None else None:
        case Fault.DROP:
            cut(request)
            return web.Response()
        case Fault.SILENCE | Fault.HALF_OPEN:
            await house.hang()
        case Fault.ERROR:
            return fault_answer(Fault.ERROR).response()
        case Fault.GARBAGE:
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        case Fault.SLOW:
            await asyncio.sleep(trouble.seconds if trouble is not None else 0.0)
    plan.odd = trouble is not None and trouble.fault is Fault.ODD_CHUNKS
    return plan


@asynccontextmanager
async def streaming(stream: ChatStream, house: Emulator, request: web.Request) -> AsyncIterator[None]:
    """While a reply is streamed, it is counted."""
    house.open_streams += 1
    house.changed()
    try:
        await stream.answer.prepare(request)
        yield
        await stream.answer.write_eof()
    except (StreamOver, ConnectionResetError):
        pass
    finally:
        house.open_streams -= 1
        house.changed()
