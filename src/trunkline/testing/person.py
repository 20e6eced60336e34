"""A person in a process of their own who takes calls on a phone of their own, and what they tell of each call."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from trunkline.testing.ports import free_port
from trunkline.testing.recogniser import word_error_rate

START_SECONDS = 60.0
LAST_SECONDS = 15.0
HIGHEST_ERROR_RATE = 0.45
"""What small recognisers make of synthetic voices on a phone line; a sentence that was lost is far above it."""


@dataclass(frozen=True, slots=True, repr=False)
class Talk:
    """One call as both sides tell it: the platform's call object, and the person's events."""

    call: dict[str, Any]
    events: list[dict[str, Any]]

    def __repr__(self) -> str:
        lines = [f"{one['role']}: {one['content']}" for one in self.call["messages"]]
        ended = f"{self.call['status']} {self.call['end_reason']} {self.call['cost']}"
        return "\n".join([*lines, f"said: {self.said}", f"heard: {self.heard}", ended])

    @property
    def said(self) -> str:
        """What the person said."""
        return self._told("said")

    @property
    def heard(self) -> str:
        """What the person's recogniser heard."""
        return self._told("heard")

    def of(self, role: str) -> str:
        """What the transcript has of one side."""
        return " ".join(one["content"] for one in self.call["messages"] if one["role"] == role)

    def error_rates(self) -> dict[str, float]:
        """The word error rates: of the person in the transcript, and of the assistant in the person's ears."""
        return {
            "customer": word_error_rate(self.said, self.of("user")),
            "assistant": word_error_rate(self.of("assistant"), self.heard),
        }

    def _told(self, event: str) -> str:
        return " ".join(one["text"] for one in self.events if one["event"] == event)


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers every number at ``port`` of 127.0.0.1."""

    port: int
    _events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def told(self) -> int:
        """How much was told so far."""
        return len(self._events)

    async def account(self, number: str, since: int = 0) -> list[dict[str, Any]]:
        """What was told of the call to ``number``, ``since`` so much had been told, as soon as it is all. Raises
        TimeoutError."""
        async with asyncio.timeout(LAST_SECONDS):  # the last words are told a moment after they were heard
            while not any(one["event"] == "closed" for one in self._of(number, since)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return self._of(number, since)

    def _of(self, number: str, since: int) -> list[dict[str, Any]]:
        return [one for one in self._events[since:] if one.get("called") == number]


@asynccontextmanager
async def person(persona: str) -> AsyncIterator[Person]:
    """Starts the process of a person, and ends it."""
    events: list[dict[str, Any]] = []
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trunkline.testing.callee", "--listen", f"127.0.0.1:{port}", "--persona", persona),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        ready = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not ready:
            raise RuntimeError("the person's process ended before they could take calls")
        events.append(json.loads(ready))
        listening = asyncio.create_task(_listen(process.stdout, events))
        yield Person(port, events)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    await listening


async def _listen(lines: asyncio.StreamReader, events: list[dict[str, Any]]) -> None:
    async for line in lines:
        events.append(json.loads(line))
