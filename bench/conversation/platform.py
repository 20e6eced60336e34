"""The platform as it takes turns: all that hears and speaks is real and local, only the language model is scripted.

It answers at once with the replies of its assistant's style (``replies.py``), one after the other. It leaves when
standard input closes.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import uvicorn
import uvloop
from pydantic import SecretStr

from bench.conversation.replies import STYLES
from trunkline.app.compose import Minds, platform
from trunkline.app.process import be_punctual
from trunkline.app.settings import Settings, load
from trunkline.base import logs
from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Delta, Llm, ReplyPart, Spent, Stt, Tts, Turn
from trunkline.ports.offers import VoiceFacts
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.testing.models import NoVendors

PIECE_WORDS = 4
PIECE_SECONDS = 0.02


class Brain:
    """Says its style's replies in their order: the next one for every turn of the assistant's in the history."""

    def __init__(self, style: str = "short") -> None:
        self._replies = STYLES[style]

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> "Brain":
        """One for a call; the style is its prompt."""
        return Brain(config.messages[0].content)

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """The reply, its first words at once."""
        said = sum(turn.role == "assistant" for turn in history)
        words = self._replies[(said - 1) % len(self._replies)].split()
        for start in range(0, len(words), PIECE_WORDS):
            yield Delta(("" if start == 0 else " ") + " ".join(words[start : start + PIECE_WORDS]))
            await asyncio.sleep(PIECE_SECONDS)
        yield Spent(prompt_tokens=10, completion_tokens=len(words))

    async def aclose(self) -> None:
        """Nothing is open."""


class HearingModels(NoVendors):
    """The local ears and voice of the catalogue, and a brain that is scripted."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        """The real ears."""
        return self._catalogue.stt(provider)

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        """The brain."""
        return Brain()

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        """The real voice."""
        return self._catalogue.tts(provider)

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        """Everything is well."""

    def voices(self) -> list[VoiceFacts]:
        """The local ones."""
        return self._catalogue.voices()


async def serve(settings: Settings) -> None:
    """Runs until standard input closes."""
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    host, _, port = settings.http_listen.rpartition(":")
    async with Catalogue(ProviderSettings()) as catalogue:
        await catalogue.warm()
        minds = Minds(HearingModels(catalogue), await catalogue.vad(), await catalogue.turn(), catalogue.analyst())
        async with platform(settings, minds) as house:
            server = uvicorn.Server(
                uvicorn.Config(house.api, host=host, port=int(port), log_config=None, access_log=False, lifespan="off")
            )
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            loop.add_reader(sys.stdin, _told, closed)
            be_punctual()
            print(json.dumps({"ready": True}), flush=True)
            await closed.wait()
            loop.remove_reader(sys.stdin)
            house.api.state.closing.set()
            server.should_exit = True
            await serving


def _told(closed: asyncio.Event) -> None:
    if not sys.stdin.readline():
        closed.set()


if __name__ == "__main__":
    chosen = load()
    logs.configure(json=False, level=chosen.log_level)
    uvloop.run(serve(chosen))
    sys.stdout.flush()
    os._exit(0)
