"""A scripted realtime model: it hears by loudness, knows beforehand what is said to it and what it replies, or fails."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.realtime import (
    PartyStarted,
    PartyStopped,
    PartyWords,
    Realtime,
    RealtimeEvent,
    ReplyCalls,
    ReplyDone,
    ReplySound,
    ReplyStarted,
    ReplyWords,
)
from trunkline.ports.replies import Spent, ToolCall, Turn
from trunkline.testing.models import ScriptedModels, tone

WINDOW_SECONDS = 0.02
LOUD = 0.01
START_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Talking:
    """``hears`` are the words of the party's turns in order (then none), ``replies`` what it says or calls in order (then
    the last for ever; text and calls may stand together). ``says``: it can be made to speak given words. Words of a turn
    come ``words_seconds`` after it; sound ``speed`` times faster than real time. Its first ``unopened`` sessions cannot be
    opened, its first ``broken`` ones break in the midst of their first reply, ``deaf`` ones never hear. Its first ``failed``
    replies fail; of given words it breaks the first ``dropped`` off after two."""

    hears: tuple[str, ...] = ()
    replies: tuple[str | tuple[str | ToolCall, ...], ...] = ("All right.",)
    says: bool = False
    silence_seconds: float = 0.3
    words_seconds: float = 0.6
    first_sound_seconds: float = 0.2
    seconds_per_character: float = 0.06
    speed: float = 8.0
    unopened: int = 0
    broken: int = 0
    deaf: bool = False
    failed: int = 0
    dropped: int = 0
    retryable: bool = True
    open_seconds: float = 0.05


class ScriptedRealtime:
    """The vendor. ``sessions`` keeps all that were opened; the script goes on from one to the next."""

    def __init__(self, script: Talking = Talking(), provider: str = "openai_realtime") -> None:
        self.script = script
        self.provider = provider
        self.sessions: list[ScriptedRealtimeSession] = []
        self.tries = 0
        self.hears = deque(script.hears)
        self.replies = deque(script.replies)
        self.broken, self.failed, self.dropped = script.broken, script.failed, script.dropped

    @property
    def speaks_given_words(self) -> bool:
        """As the script says."""
        return self.script.says

    @property
    def open_sessions(self) -> int:
        """How many are open now."""
        return sum(not session.closed for session in self.sessions)

    async def open(
        self, config: LlmConfig, instructions: str, tools: Sequence[FunctionSpec], sample_rate_hz: int
    ) -> "ScriptedRealtimeSession":
        self.tries += 1
        await asyncio.sleep(self.script.open_seconds)
        if self.tries <= self.script.unopened:
            raise Upstream("cannot be reached", provider=self.provider, retryable=self.script.retryable)
        session = ScriptedRealtimeSession(self, config, instructions, tools, sample_rate_hz)
        self.sessions.append(session)
        return session


@dataclass(slots=True, eq=False)
class _Order:
    """A reply to be made; with ``text`` it is given."""

    text: str | None = None


class ScriptedRealtimeSession:
    """One call's model. ``told`` keeps all that it was told, in order; ``pushed_bytes`` counts the sound it was given."""

    def __init__(
        self,
        vendor: ScriptedRealtime,
        config: LlmConfig,
        instructions: str,
        tools: Sequence[FunctionSpec],
        sample_rate_hz: int,
    ) -> None:
        self.config, self.instructions, self.tools, self.sample_rate_hz = (
            config,
            instructions,
            tuple(tools),
            sample_rate_hz,
        )
        self.told: list[tuple[str, Any]] = []
        self.pushed_bytes = 0
        self.closed = self._silent = False
        self._vendor = vendor
        self._script = vendor.script
        self._out: asyncio.Queue[RealtimeEvent | Upstream | None] = asyncio.Queue()
        self._waiting: deque[_Order] = deque()
        self._making: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._numbers = self._items = self._loud = self._quiet = 0
        self._hears_party = False

    @property
    def turns(self) -> list[tuple[str, str]]:
        """The turns that were added, by role and content."""
        return [(turn.role, turn.content) for kind, turns in self.told if kind == "add" for turn in turns]

    def of(self, kind: str) -> list[Any]:
        """What it was told of one kind."""
        return [what for one, what in self.told if one == kind]

    # --- the port

    def push(self, pcm: bytes) -> None:
        self.pushed_bytes += len(pcm)
        if self._script.deaf:
            return
        step = int(self.sample_rate_hz * WINDOW_SECONDS) * 2
        for start in range(0, len(pcm), step):
            samples = np.frombuffer(pcm[start : start + step], "<i2").astype(np.float32) / 32768
            self._hear(loud=bool(np.sqrt(np.mean(samples**2)) > LOUD))

    async def events(self) -> AsyncIterator[RealtimeEvent]:
        while (event := await self._out.get()) is not None:
            if isinstance(event, Upstream):
                raise event
            if not self._silent:
                yield event

    def add(self, turns: Sequence[Turn]) -> None:
        self.told.append(("add", tuple(turns)))

    def instruct(self, text: str) -> None:
        self.told.append(("instruct", text))

    def respond(self) -> None:
        self.told.append(("respond", None))
        self._order(_Order())

    def say(self, text: str) -> bool:
        if not self._script.says:
            return False
        self.told.append(("say", text))
        self._order(_Order(text))
        return True

    def cancel(self) -> None:
        self.told.append(("cancel", None))
        self._waiting.clear()
        self._give_up()

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        self.told.append(("truncate", (reply, played_seconds, heard)))

    async def aclose(self) -> None:
        self.closed = True
        self._waiting.clear()
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait([self._making])
        for timer in self._timers:
            timer.cancel()
        self._out.put_nowait(None)

    # --- what it does

    def fall_silent(self) -> None:
        """Nothing more comes of it."""
        self._silent = True

    def break_off(self) -> None:
        """The connection breaks."""
        if self._making is not None:
            self._making.cancel()
        self._out.put_nowait(Upstream("the connection broke", provider=self._vendor.provider, retryable=True))

    def _hear(self, *, loud: bool) -> None:
        self._loud, self._quiet = (self._loud + 1, 0) if loud else (0, self._quiet + 1)
        if not self._hears_party and self._loud >= START_WINDOWS:
            self._hears_party = True
            self._out.put_nowait(PartyStarted())
            self._give_up()
        elif self._hears_party and self._quiet * WINDOW_SECONDS >= self._script.silence_seconds:
            self._hears_party = False
            self._turn_over()

    def _turn_over(self) -> None:
        self._items += 1
        item = f"item-{self._items}"
        text = self._vendor.hears.popleft() if self._vendor.hears else ""
        self._out.put_nowait(PartyStopped())
        for seconds, words in (
            (0.5, PartyWords(item, text[: len(text) // 2], False)),
            (1.0, PartyWords(item, text, True)),
        ):
            delay = seconds * self._script.words_seconds
            self._timers.append(asyncio.get_running_loop().call_later(delay, self._out.put_nowait, words))
        self._order(_Order())

    def _order(self, order: _Order) -> None:
        self._waiting.append(order)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting and not self.closed and (self._making is None or self._making.done()):
            self._making = asyncio.get_running_loop().create_task(self._make(self._waiting.popleft()))

    def _give_up(self) -> None:
        if self._making is not None and not self._making.done():
            self._making.cancel()

    async def _make(self, order: _Order) -> None:
        self._numbers += 1
        reply = f"reply-{self._numbers}"
        begun = False
        outcome: Literal["completed", "cancelled", "failed"] = "cancelled"
        try:
            await asyncio.sleep(self._script.first_sound_seconds)
            begun = True
            self._out.put_nowait(ReplyStarted(reply, forced=order.text is not None))
            if self._vendor.failed > 0 and order.text is None:
                self._vendor.failed -= 1
                outcome = "failed"
                return
            await self._speak(reply, order)
            outcome = "completed"
        finally:
            if begun:
                self._out.put_nowait(ReplyDone(reply, outcome, Spent(20, 10, 4, 12, 8, 3)))
            self._making = None
            self._go_on()

    async def _speak(self, reply: str, order: _Order) -> None:
        parts: Sequence[str | ToolCall]
        if order.text is not None:
            if self._vendor.dropped > 0:
                self._vendor.dropped -= 1
                await self._voice(reply, " ".join(order.text.split(" ")[:2]))
                self._give_up()
                await asyncio.sleep(0)
            parts = [order.text]
        else:
            replies = self._vendor.replies
            wanted = replies.popleft() if len(replies) > 1 else replies[0]
            parts = [wanted] if isinstance(wanted, str) else wanted
        for part in parts:
            if isinstance(part, str):
                await self._voice(reply, part)
        calls = tuple(part for part in parts if isinstance(part, ToolCall))
        if calls:
            self._out.put_nowait(ReplyCalls(reply, calls))

    async def _voice(self, reply: str, text: str) -> None:
        for index, word in enumerate(text.split(" ")):
            piece = word if index == 0 else f" {word}"
            self._out.put_nowait(ReplyWords(reply, piece))
            seconds = len(piece) * self._script.seconds_per_character
            self._out.put_nowait(ReplySound(reply, tone(seconds, self.sample_rate_hz)))
            await asyncio.sleep(seconds / self._script.speed)
            if index == 1 and self._vendor.broken > 0:
                self._vendor.broken -= 1
                self._out.put_nowait(Upstream("the connection broke", provider=self._vendor.provider, retryable=True))
                await asyncio.Event().wait()


@dataclass(slots=True)
class RealtimeModels(ScriptedModels):
    """The catalogue of scripted models with realtime ones, by provider."""

    realtimes: dict[str, ScriptedRealtime] = field(default_factory=dict)

    def realtime(self, provider: str, key: SecretStr | None = None) -> Realtime:
        return self.realtimes[provider]
