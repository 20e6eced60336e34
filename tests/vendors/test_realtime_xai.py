"""xAI's realtime models: the shared checks, and the emulator as an independent client sees it."""

import pytest
from aiohttp import web

from tests.vendors.conformance_realtime import Conformance, Faults, live_key
from tests.vendors.test_realtime_openai import sent
from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.xai_realtime import add_xai_realtime


class XaiEmulator(Emulator):
    """xAI's realtime protocol alone."""

    vendor, base = "xai", "/v1"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_xai_realtime(app, self)


@pytest.mark.room
class TestXai(Faults):
    """Against the emulator."""

    provider = "xai_realtime"
    emulator = XaiEmulator
    says = True

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        assert len(sent(house, "conversation.item.delete")) == 1
        heard = [
            one["item"] for one in sent(house, "conversation.item.create") if one["item"].get("role") == "assistant"
        ]
        assert [one["content"][0]["text"] for one in heard] == ["I understood: Say one two"]


if live_key("xai"):

    @pytest.mark.live
    class TestXaiLive(Conformance):
        """Against xAI."""

        provider = "xai_realtime"
        says = True
