"""xAI's realtime protocol for Grok voice models, emulated: ``/realtime`` as a websocket."""

from typing import Any

from aiohttp import web

from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.realtime_rules import XAI_SESSION
from trunkline.testing.emulators.realtime_settings import Accent
from trunkline.testing.emulators.realtime_talk import RealtimeTalk
from trunkline.testing.emulators.talk_socket import add_ears

_PCM_RATES_HZ = frozenset({8_000, 16_000, 21_050, 22_050, 24_000, 32_000, 44_100, 48_000})


def _defaults(model: str) -> dict[str, Any]:
    """A session that was not configured yet."""
    pcm = {"type": "audio/pcm", "rate": 24_000}
    return {
        "object": "realtime.session",
        "id": "sess_emulated",
        "model": model,
        "instructions": "",
        "voice": "eve",
        "tools": [],
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.85,
            "prefix_padding_ms": 333,
            "silence_duration_ms": 500,
        },
        "audio": {"input": {"format": pcm}, "output": {"format": pcm}},
    }


ACCENT = Accent(
    session=XAI_SESSION,
    defaults=_defaults,
    pcm_rates_hz=_PCM_RATES_HZ,
    needs_type=False,
    conversation_first=True,
    always_transcribes=True,
    forces=True,
    abandons=True,
    refuses_at_the_door=True,
)


def add_xai_realtime(app: web.Application, house: Emulator) -> None:
    """Adds ``GET /v1/realtime``."""
    ears = add_ears(app)

    async def realtime(request: web.Request) -> web.StreamResponse:
        return await RealtimeTalk(house, request, ACCENT, ears).run()

    app.router.add_get(f"{house.base}/realtime", realtime)
