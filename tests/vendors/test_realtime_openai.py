"""OpenAI's realtime models: the shared checks, and the emulator as OpenAI's own SDK sees it."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from tests.vendors.conformance_realtime import Conformance, Faults, live_key
from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.openai_realtime import add_openai_realtime


class OpenAiEmulator(Emulator):
    """OpenAI's realtime protocol alone."""

    vendor, base = "openai", "/v1"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_openai_realtime(app, self)


def sent(house: Emulator, kind: str) -> list[Mapping[str, Any]]:
    """The events of a type that a client sent."""
    return [one.body for one in house.received if one.body is not None and one.body["type"] == kind]


@pytest.mark.room
class TestOpenAi(Faults):
    """Against the emulator."""

    provider = "openai_realtime"
    emulator = OpenAiEmulator

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        cut = sent(house, "conversation.item.truncate")
        assert len(cut) == 1
        assert abs(cut[0]["audio_end_ms"] - played_seconds * 1000) <= 1


if live_key("openai"):

    @pytest.mark.live
    class TestOpenAiLive(Conformance):
        """Against OpenAI."""

        provider = "openai_realtime"
