"""OpenAI's realtime protocol, emulated: ``/realtime`` as a websocket."""

from typing import Any

from aiohttp import web

from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.realtime_rules import OPENAI_SESSION
from trunkline.testing.emulators.realtime_settings import Accent
from trunkline.testing.emulators.realtime_talk import RealtimeTalk
from trunkline.testing.emulators.talk_socket import add_ears


def _defaults(model: str) -> dict[str, Any]:
    """A session that was not configured yet."""
    pcm = {"type": "audio/pcm", "rate": 24_000}
    detection = {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": "sess_emulated",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "You are a helpful assistant.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "prompt": None,
        "expires_at": 1_800_000_000,
        "audio": {
            "input": {"format": pcm, "transcription": None, "noise_reduction": None, "turn_detection": detection},
            "output": {"format": pcm, "voice": "alloy", "speed": 1.0},
        },
        "include": None,
    }


ACCENT = Accent(session=OPENAI_SESSION, defaults=_defaults, pcm_rates_hz=frozenset({24_000}))


def add_openai_realtime(app: web.Application, house: Emulator) -> None:
    """Adds ``GET /v1/realtime``."""
    ears = add_ears(app)

    async def realtime(request: web.Request) -> web.StreamResponse:
        return await RealtimeTalk(house, request, ACCENT, ears).run()

    app.router.add_get(f"{house.base}/realtime", realtime)
