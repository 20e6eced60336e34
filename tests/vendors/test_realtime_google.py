"""Google's Gemini Live models: the shared checks, and the emulator as Google's own SDK sees it."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from tests.vendors.conformance_realtime import Conformance, Faults, live_key
from trunkline.testing.emulators.gemini_live import add_gemini_live
from trunkline.testing.emulators.house import Emulator


class GoogleEmulator(Emulator):
    """Google's Live protocol alone."""

    vendor, base = "google", "/v1beta"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_gemini_live(app, self)


def sent(house: Emulator, kind: str) -> list[Mapping[str, Any]]:
    """The messages of a kind that a client sent."""
    return [one.body[kind] for one in house.received if one.body is not None and kind in one.body]


@pytest.mark.room
class TestGoogle(Faults):
    """Against the emulator."""

    provider = "google_realtime"
    emulator = GoogleEmulator

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        notes = [turn["parts"][0]["text"] for one in sent(house, "clientContent") for turn in one["turns"]]
        assert any("only this was heard of your last words: I understood: Say one two" in one for one in notes)


if live_key("google"):

    @pytest.mark.live
    class TestGoogleLive(Conformance):
        """Against Google."""

        provider = "google_realtime"
