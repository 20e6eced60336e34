"""What every vendor of language models has to do the same: shared by the emulated and the live tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Calls, Delta, Llm, LlmSession, ReplyPart, Spent, ToolCall, Turn
from trunkline.providers import makers
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.anthropic_chat import add_anthropic_chat
from trunkline.testing.emulators.gemini_chat import add_gemini_chat
from trunkline.testing.emulators.house import KEY, Emulator
from trunkline.testing.emulators.openai_chat import add_openai_chat

SILENCE_SECONDS = 5.0
WEATHER = FunctionSpec(
    name="get_weather",
    description="Tells the weather forecast of a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
    },
)
END_CALL = FunctionSpec(name="end_call", description="End the call. Say goodbye first.")
TOOLS = (WEATHER, END_CALL)
ASKED = (Turn("system", "You are a kind assistant on the phone."), Turn("user", "My order is late."))


class OpenAiHouse(Emulator):
    """OpenAI's chat alone."""

    vendor, base = "openai", "/v1"

    def routes(self, app: web.Application) -> None:
        add_openai_chat(app, self)


class MistralHouse(OpenAiHouse):
    """Mistral's chat alone."""

    vendor = "mistral"


class XaiHouse(OpenAiHouse):
    """xAI's chat alone."""

    vendor = "xai"


class GoogleHouse(Emulator):
    """Gemini alone."""

    vendor, base = "google", "/v1beta"

    def routes(self, app: web.Application) -> None:
        add_gemini_chat(app, self)


class AnthropicHouse(Emulator):
    """Claude alone."""

    vendor, base = "anthropic", "/v1"

    def routes(self, app: web.Application) -> None:
        add_anthropic_chat(app, self)


HOUSES: dict[str, Callable[[], Emulator]] = {
    "openai": OpenAiHouse,
    "mistral": MistralHouse,
    "xai": XaiHouse,
    "google": GoogleHouse,
    "anthropic": AnthropicHouse,
}


@dataclass(frozen=True, slots=True)
class Emulated:
    """A vendor that is emulated, and our adapter for it."""

    house: Emulator
    vendor: Vendor
    llm: Llm

    def config(self, **more: object) -> LlmConfig:
        """A configuration of this provider."""
        return LlmConfig.model_validate({"provider": self.house.vendor, **more})

    def chats(self) -> list[dict[str, object]]:
        """The bodies of the requests for replies."""
        return [one.body for one in self.house.received if one.body is not None]


@asynccontextmanager
async def emulated(name: str, key: str = KEY, silence_seconds: float = SILENCE_SECONDS) -> AsyncIterator[Emulated]:
    """An emulated vendor for one test."""
    async with HOUSES[name]() as house:
        vendor = Vendor(name, house.url, silence_seconds=silence_seconds)
        try:
            yield Emulated(house, vendor, makers.LLM[name](vendor, SecretStr(key)))
        finally:
            await vendor.aclose()


@asynccontextmanager
async def session_of(llm: Llm, config: LlmConfig) -> AsyncIterator[LlmSession]:
    """A session that is closed."""
    session = await llm.open(config, {})
    try:
        yield session
    finally:
        await session.aclose()


async def parts_of(
    llm: Llm, config: LlmConfig, history: Sequence[Turn] = ASKED, tools: Sequence[FunctionSpec] = ()
) -> list[ReplyPart]:
    """One whole reply."""
    async with session_of(llm, config) as session:
        return [part async for part in session.reply(history, tools)]


def text_of(parts: Sequence[ReplyPart]) -> str:
    """The words of a reply."""
    return "".join(part.text for part in parts if isinstance(part, Delta))


def calls_of(parts: Sequence[ReplyPart]) -> tuple[ToolCall, ...]:
    """The tool calls of a reply."""
    return next((part.calls for part in parts if isinstance(part, Calls)), ())


async def it_talks(llm: Llm, config: LlmConfig) -> Spent:
    """A reply comes in pieces, and ends with what it cost."""
    parts = await parts_of(llm, config)
    assert sum(isinstance(part, Delta) for part in parts) > 1
    assert len(text_of(parts)) > 10
    spent = parts[-1]
    assert isinstance(spent, Spent)
    assert spent.prompt_tokens > 5
    assert spent.completion_tokens > 3
    assert spent.cached_tokens <= spent.prompt_tokens
    return spent


async def it_uses_a_tool(llm: Llm, config: LlmConfig) -> str:
    """A tool is called with arguments that fit; the result comes back in words. Two tools that run at once are told
    together, and what is said after them is heard."""
    asked = (ASKED[0], Turn("user", "Use get_weather: what is the weather in Paris, in celsius?"))
    async with session_of(llm, config) as session:
        parts = [part async for part in session.reply(asked, TOOLS)]
        (call,) = calls_of(parts)
        assert call.name == "get_weather"
        assert call.arguments["city"] == "Paris"
        assert call.arguments["unit"] == "celsius"
        assert not call.problem
        result = Turn("tool", '{"forecast": "sunny", "degrees": 21}', (), call.id)
        later = (*asked, Turn("assistant", text_of(parts), (call,)), result)
        said = text_of([part async for part in session.reply(later, TOOLS)])
        after = (*later, Turn("assistant", said), Turn("user", "Thank you. And is that warm?"))
        assert text_of([part async for part in session.reply(after, TOOLS)])
    return said


def _called(*ids: str) -> Turn:
    return Turn(
        "assistant", "", tuple(ToolCall(one, "get_weather", {"city": "Rome", "unit": "celsius"}) for one in ids)
    )


def _brought(one: str) -> Turn:
    return Turn("tool", '{"forecast": "rain"}', (), one)


SYSTEM, HELLO, HEARD = Turn("system", "Be kind."), Turn("assistant", "Hello, this is Ann."), Turn("user", "Hi.")
NOTICE = Turn("system", "The other party said nothing for 8 seconds.")
HISTORIES: dict[str, Sequence[Turn]] = {
    "the assistant begins": (SYSTEM, HELLO, HEARD),
    "nobody has spoken": (SYSTEM,),
    "no prompt": (HELLO, HEARD),
    "two prompts": (SYSTEM, Turn("system", "Speak English."), HEARD),
    "a notice last": (SYSTEM, HELLO, HEARD, HELLO, NOTICE),
    "a notice in the middle": (SYSTEM, HEARD, HELLO, NOTICE, HEARD),
    "two users in a row": (SYSTEM, HEARD, HEARD),
    "the assistant was last": (SYSTEM, HEARD, HELLO),
    "a prompt with examples": (SYSTEM, HEARD, HELLO, NOTICE, HELLO, HEARD),
    "a tool before anything was said": (SYSTEM, _called("a"), _brought("a")),
    "two results": (SYSTEM, HEARD, _called("a", "b"), _brought("a"), _brought("b")),
    "results out of order": (SYSTEM, HEARD, _called("a", "b"), _brought("b"), _brought("a")),
    "the user speaks after a result": (SYSTEM, HEARD, _called("a"), _brought("a"), HEARD),
    "a notice after a result": (SYSTEM, HEARD, _called("a"), _brought("a"), NOTICE),
    "tools one after the other": (SYSTEM, HEARD, _called("a"), _brought("a"), _called("b"), _brought("b")),
    "the same id twice": (SYSTEM, HEARD, _called("a"), _brought("a"), HEARD, _called("a"), _brought("a")),
    "an id of another vendor": (SYSTEM, HEARD, _called("call/1:x"), _brought("call/1:x")),
    "words and a call": (
        SYSTEM,
        HEARD,
        Turn("assistant", "One moment.", _called("a").tool_calls),
        _brought("a"),
        HELLO,
        HEARD,
    ),
    "a result that is no object": (SYSTEM, HEARD, _called("a"), Turn("tool", '"rain"', (), "a")),
    "an empty result": (SYSTEM, HEARD, _called("a"), Turn("tool", "", (), "a")),
}
"""Histories that our engine makes, or might."""


async def it_can_be_cut_off(llm: Llm, config: LlmConfig) -> None:
    """After a reply was closed in its middle nothing of it is left."""
    before = asyncio.all_tasks()
    async with session_of(llm, config) as session:
        reply = session.reply(ASKED, ())
        async with aclosing(reply) as parts:  # type: ignore[type-var]
            async for part in parts:
                assert isinstance(part, Delta)
                break
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() - before if "warm" in task.get_name()} == set()
