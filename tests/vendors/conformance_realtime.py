"""What every realtime vendor has to do alike: checked against its emulator, and against the vendor where a key is set."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import pytest
from pydantic import SecretStr

from trunkline.audio.frame import frame_bytes, seconds_of, silence
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig, TurnDetection
from trunkline.ports.realtime import (
    Billed,
    PartyStarted,
    PartyStopped,
    PartyWords,
    Realtime,
    RealtimeEvent,
    RealtimeSession,
    ReplyCalls,
    ReplyDone,
    ReplySound,
    ReplyStarted,
    ReplyWords,
)
from trunkline.ports.replies import Turn
from trunkline.providers.makers import REALTIME
from trunkline.providers.offers import address_of, read_catalogue, vendor_of
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.hearing import Hearing
from trunkline.testing.emulators.house import KEY, Emulator, Fault, Moment, Trouble
from trunkline.testing.emulators.speaking import speech

E = TypeVar("E")

WEATHER = FunctionSpec(
    name="weather",
    description="Tells the weather forecast of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
INSTRUCTIONS = "You are the assistant of a garage. Speak English, in short sentences."
_WORD = re.compile(r"[\w']+")
_TURNS = TurnDetection(silence_duration_ms=500)


@dataclass
class Talk:
    """One session, and all that it told."""

    session: RealtimeSession
    rate_hz: int
    seen: list[RealtimeEvent] = field(default_factory=list)
    problem: Upstream | None = None
    ended: bool = False
    pace: float = 20.0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Reads to the end."""
        try:
            async for event in self.session.events():
                self.seen.append(event)
                self._changed.set()
        except Upstream as problem:
            self.problem = problem
        self.ended = True
        self._changed.set()

    def all(self, kind: type[E]) -> list[E]:
        """Every event of a kind, in order."""
        return [event for event in self.seen if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Waits until it holds. Fails with the problem, should there be one."""
        async with asyncio.timeout(seconds):
            while not condition():
                assert not self.ended, f"ended: {self.problem} {self.problem and self.problem.vendor_message}"
                self._changed.clear()
                await self._changed.wait()

    async def gone(self, seconds: float = 15.0) -> Upstream:
        """Waits until the session has failed."""
        async with asyncio.timeout(seconds):
            while not self.ended:
                self._changed.clear()
                await self._changed.wait()
        assert self.problem is not None
        return self.problem

    async def speak(self, text: str, quiet_seconds: float = 1.2) -> None:
        """The party says this, in frames of 20 ms."""
        sound = silence(0.3, self.rate_hz) + await speech(text, self.rate_hz) + silence(quiet_seconds, self.rate_hz)
        size = frame_bytes(self.rate_hz)
        for at in range(0, len(sound), size):
            self.session.push(sound[at : at + size])
            await asyncio.sleep(0.02 / self.pace)

    async def done(self, number: int = 1) -> ReplyDone:
        """The end of the so-manieth reply."""
        await self.until(lambda: len(self.all(ReplyDone)) >= number)
        return self.all(ReplyDone)[number - 1]

    def said(self, reply: str) -> str:
        """The words of a reply."""
        return "".join(event.text for event in self.all(ReplyWords) if event.reply == reply)

    def sound(self, reply: str) -> bytes:
        """The sound of a reply."""
        return b"".join(event.pcm for event in self.all(ReplySound) if event.reply == reply)

    async def heard(self, reply: str) -> str:
        """The words that a recogniser hears in the sound of a reply."""
        async with Hearing() as hearing:
            stream = await hearing.open(self.rate_hz, quiet_seconds=None)
            stream.push(self.sound(reply) + silence(0.5, self.rate_hz))
            stream.flush()
            async for heard in stream:
                if heard.flushed:
                    return heard.text.lower()
        return ""


async def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Looks again and again until it holds; for what tells nobody when it changes."""
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    assert condition()


class Conformance:
    """Checks that hold for emulator and vendor. ``provider`` is whose; ``emulator`` makes the emulator (None: the vendor
    itself)."""

    provider: ClassVar[str]
    emulator: ClassVar[type[Emulator] | None] = None
    says: ClassVar[bool] = False
    silence_seconds: ClassVar[float] = 5.0

    @asynccontextmanager
    async def house(self) -> AsyncIterator[Emulator | None]:
        """The emulator, where there is one."""
        if self.emulator is None:
            yield None
            return
        async with self.emulator() as house:
            yield house

    @asynccontextmanager
    async def adapter(
        self, house: Emulator | None, *, key: str | None = None, silence_seconds: float | None = None
    ) -> AsyncIterator[Realtime]:
        """The adapter, reaching the emulator or the vendor."""
        name = vendor_of(self.provider)
        about = read_catalogue()["vendors"][address_of("llm", self.provider)]
        url = house.url if house is not None else os.environ.get(f"TRUNKLINE_{name.upper()}_URL") or about["url"]
        own = key or (KEY if house is not None else os.environ[f"TRUNKLINE_{name.upper()}_KEY"])
        vendor = Vendor(name, url, silence_seconds=silence_seconds or self.silence_seconds)
        try:
            yield REALTIME[self.provider](vendor, SecretStr(own))
        finally:
            await vendor.aclose()

    @asynccontextmanager
    async def talk(
        self,
        house: Emulator | None,
        *tools: FunctionSpec,
        rate_hz: int = 8_000,
        silence_seconds: float | None = None,
        instructions: str = INSTRUCTIONS,
        **config: object,
    ) -> AsyncIterator[Talk]:
        """An open session with its reader."""
        wanted = LlmConfig.model_validate({"provider": self.provider, "turn_detection": _TURNS, **config})
        async with self.adapter(house, silence_seconds=silence_seconds) as adapter:
            session = await adapter.open(wanted, instructions, tools, rate_hz)
            talk = Talk(session, rate_hz, pace=20.0 if house is not None else 1.0)
            reader = asyncio.create_task(talk.read())
            try:
                yield talk
            finally:
                await session.aclose()
                await asyncio.wait_for(reader, 5.0)

    async def test_real_words_go_both_ways(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            await talk.speak("My car needs new brakes.")
            done = await talk.done()
            assert done.outcome == "completed"
            await talk.until(lambda: any(words.final for words in talk.all(PartyWords)))
            words = [words for words in talk.all(PartyWords) if words.final]
            assert "brakes" in words[0].text.lower()
            kinds = [type(event) for event in talk.seen]
            assert kinds.index(PartyStarted) < kinds.index(PartyStopped) < kinds.index(ReplyStarted)
            started = talk.all(ReplyStarted)
            assert [one.reply for one in started] == [done.reply]
            assert not started[0].forced
            assert kinds.index(ReplyStarted) < kinds.index(ReplySound) < kinds.index(ReplyDone)
            assert len(talk.said(done.reply).split()) >= 2
            self.check_heard(talk.said(done.reply), await talk.heard(done.reply))

    async def test_at_16_khz_the_words_are_the_same(self) -> None:
        async with self.house() as house, self.talk(house, rate_hz=16_000) as talk:
            await talk.speak("My car needs new brakes.")
            done = await talk.done()
            self.check_heard(talk.said(done.reply), await talk.heard(done.reply))
            assert 0.5 < seconds_of(len(talk.sound(done.reply)), 16_000) < 20.0

    @staticmethod
    def check_heard(said: str, heard: str) -> None:
        """Most words that were written are heard too."""
        words = set(_WORD.findall(said.lower()))
        assert words
        assert len(words & set(_WORD.findall(heard.lower()))) >= len(words) / 2, (said, heard)

    async def test_the_vendors_own_figures_are_given(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            for number, text in enumerate(("My car needs new brakes.", "And the window is broken."), 1):
                await talk.speak(text)
                await talk.done(number)
            await self.billed(talk)
            spent = [one.spent for one in bills(talk)]
            totals = {name: sum(getattr(one, name) for one in spent) for name in spent[0].__slots__}
            assert totals["prompt_tokens"] >= totals["audio_prompt_tokens"] > 0
            assert totals["completion_tokens"] >= totals["audio_completion_tokens"] > 0
            assert totals["cached_audio_tokens"] <= totals["cached_tokens"] <= totals["prompt_tokens"]

    async def billed(self, talk: Talk) -> None:
        """Waits for figures that come late."""
        await talk.until(lambda: any(one.spent.prompt_tokens for one in bills(talk)))

    async def test_a_barge_in_ends_the_reply_and_is_answered(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            await talk.speak(
                "Please tell me about the garage, the opening hours, the prices and the people who work there."
            )
            await talk.until(lambda: talk.all(ReplySound))
            first = talk.all(ReplyStarted)[0].reply
            await talk.speak("Stop, my car is broken.")
            done = await talk.done(2)
            given_up = talk.all(ReplyDone)[0]
            assert given_up.reply == first
            second_start = [at for at, event in enumerate(talk.seen) if isinstance(event, PartyStarted)][1]
            late = [
                event for event in talk.seen[second_start:] if isinstance(event, ReplySound) and event.reply == first
            ]
            assert not late
            if given_up.outcome != "cancelled":  # it was all sent before the party spoke
                assert house is None
            assert done.outcome == "completed"
            assert talk.said(done.reply)

    async def test_a_tool_goes_round(self) -> None:
        async with self.house() as house, self.talk(house, WEATHER) as talk:
            await talk.speak("What is the weather in London?")
            await talk.until(lambda: talk.all(ReplyCalls))
            calls = talk.all(ReplyCalls)[0].calls
            assert [call.name for call in calls] == ["weather"]
            assert not calls[0].problem
            await talk.until(lambda: talk.all(ReplyDone))
            number = len(talk.all(ReplyDone))
            assert talk.all(ReplyDone)[0].outcome == "completed"
            talk.session.add([Turn("tool", '{"forecast": "heavy thunder"}', tool_call_id=calls[0].id)])
            talk.session.respond()
            done = await talk.done(number + 1)
            assert "thunder" in talk.said(done.reply).lower()

    async def test_it_speaks_when_asked_to_and_knows_what_was_added(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            talk.session.add([Turn("user", "The code word is elephant. Repeat it.")])
            talk.session.respond()
            done = await talk.done()
            assert "elephant" in talk.said(done.reply).lower()

    async def test_new_instructions_and_turns_of_all_roles_are_taken(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            talk.session.instruct("You are the assistant of a bakery now.")
            talk.session.add(
                [Turn("system", "It is raining."), Turn("assistant", "Good morning."), Turn("user", "Say banana.")]
            )
            talk.session.respond()
            done = await talk.done()
            assert done.outcome == "completed"
            assert "banana" in talk.said(done.reply).lower()

    async def test_two_wishes_are_made_one_after_the_other(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            talk.session.add([Turn("user", "Say banana.")])
            talk.session.respond()
            await talk.until(lambda: talk.all(ReplyStarted))
            talk.session.add([Turn("user", "Say elephant.")])
            talk.session.respond()
            last = await talk.done(2)
            assert [one.outcome for one in talk.all(ReplyDone)] == ["completed", "completed"]
            assert not talk.all(PartyStarted)
            assert "elephant" in talk.said(last.reply).lower()

    async def test_a_cancelled_reply_ends(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            talk.session.add([Turn("user", "Say banana and tell me a long story about all the cars of the city.")])
            talk.session.respond()
            await talk.until(lambda: talk.all(ReplySound))
            talk.session.cancel()
            count = len(talk.all(ReplySound))
            assert (await talk.done()).outcome == "cancelled"
            assert len(talk.all(ReplySound)) <= count + 1
            talk.session.cancel()
            talk.session.add([Turn("user", "Say elephant.")])
            talk.session.respond()
            done = await talk.done(2)
            assert "elephant" in talk.said(done.reply).lower()

    async def test_what_was_not_heard_is_forgotten(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            talk.session.add([Turn("user", "Say one two three four five six seven eight nine ten.")])
            talk.session.respond()
            reply = (await talk.done()).reply
            whole = seconds_of(len(talk.sound(reply)), talk.rate_hz)
            talk.session.truncate(reply, whole / 2, "I understood: Say one two")
            talk.session.truncate("resp_unknown", 1.0, "")
            talk.session.add([Turn("user", "Say elephant.")])
            talk.session.respond()
            done = await talk.done(2)
            assert done.outcome == "completed"
            if house is not None:
                self.check_truncated(house, whole / 2)

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        """What went over the wire for that."""
        raise NotImplementedError

    async def test_given_words_are_spoken_where_the_vendor_can(self) -> None:
        async with self.house() as house, self.talk(house) as talk:
            assert talk.session.say("Please hold the line for a moment.") is self.says
            if not self.says:
                return
            done = await talk.done()
            assert [one.forced for one in talk.all(ReplyStarted)] == [True]
            assert "hold the line" in talk.said(done.reply).lower()
            assert "hold the line" in await talk.heard(done.reply)

    async def test_closing_leaves_nothing_behind(self) -> None:
        async with self.house() as house:
            before = len(asyncio.all_tasks())
            async with self.talk(house) as talk:
                talk.session.add([Turn("user", "Tell me a long story about the cars of this city.")])
                talk.session.respond()
                await talk.until(lambda: talk.all(ReplySound))
            assert talk.ended
            assert talk.problem is None
            talk.session.push(bytes(320))
            talk.session.respond()
            if house is not None:
                await house.until(lambda: house.open_streams == 0)
                await eventually(lambda: len(asyncio.all_tasks()) <= before)

    async def test_a_wrong_key_is_refused_for_good(self) -> None:
        async with self.house() as house, self.adapter(house, key="wrong-key-1234567890") as adapter:
            with pytest.raises(Upstream) as refused:
                await adapter.open(LlmConfig(provider=self.provider), INSTRUCTIONS, (), 8_000)
            assert not refused.value.retryable
            told = f"{refused.value} {refused.value.vendor_message} {refused.value!r} {refused.value.__context__!r}"
            assert "wrong-key-1234567890" not in told


FAULTS = [
    *[(fault, Moment.CONNECT) for fault in (Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.ERROR)],
    *[(fault, Moment.CONNECT) for fault in (Fault.DROP, Fault.SILENCE, Fault.HALF_OPEN, Fault.GARBAGE)],
    *[
        (fault, moment)
        for moment in (Moment.FIRST, Moment.MIDDLE)
        for fault in Fault
        if fault is not Fault.UNAUTHORISED
    ],
]


class Faults(Conformance):
    """What an emulator does wrong, and what becomes of it."""

    @pytest.mark.parametrize(("fault", "moment"), FAULTS, ids=lambda one: one.value)
    async def test_every_fault_has_an_end(self, fault: Fault, moment: Moment) -> None:
        async with self.house() as house:
            assert house is not None
            house.misbehave(Trouble(fault, moment, times=1, seconds=0.3))
            if moment is Moment.CONNECT:
                with pytest.raises(Upstream) as failed:
                    async with self.talk(house, silence_seconds=0.8):
                        pass
                assert failed.value.retryable
                assert failed.value.provider == vendor_of(self.provider)
            else:
                await self._in_a_reply(house, fault)
            await house.until(lambda: house.open_streams == 0)

    async def _in_a_reply(self, house: Emulator, fault: Fault) -> None:
        async with self.talk(house, silence_seconds=0.8) as talk:
            talk.session.add([Turn("user", "Say banana and elephant.")])
            talk.session.respond()
            if fault in (Fault.SLOW, Fault.ODD_CHUNKS):
                done = await talk.done()
                assert done.outcome == "completed"
                self.check_heard(talk.said(done.reply), await talk.heard(done.reply))
                return
            await self._fails(talk)

    async def _fails(self, talk: Talk) -> None:
        await eventually(lambda: talk.ended or talk.all(ReplyDone), 12.0)
        problem = talk.problem if talk.ended else talk.all(ReplyDone)[0].problem
        assert problem is not None
        assert problem.retryable
        assert problem.provider == vendor_of(self.provider)

    async def test_a_key_that_is_refused_in_the_middle_is_refused_for_good(self) -> None:
        async with self.house() as house:
            assert house is not None
            house.misbehave(Trouble(Fault.UNAUTHORISED, Moment.FIRST))
            async with self.talk(house) as talk:
                talk.session.respond()
                assert not (await talk.gone()).retryable


def bills(talk: Talk) -> list[ReplyDone | Billed]:
    """All that told of costs."""
    return [*talk.all(ReplyDone), *talk.all(Billed)]


def live_key(vendor: str) -> bool:
    """Whether the real vendor can be asked."""
    return bool(os.environ.get(f"TRUNKLINE_{vendor.upper()}_KEY"))
