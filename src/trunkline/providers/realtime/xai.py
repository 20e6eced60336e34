"""xAI's Grok voice models (speech to speech over a websocket). https://docs.x.ai/docs/guides/voice/agent"""

from pydantic import SecretStr

from trunkline.providers.realtime.dialect import Dialect
from trunkline.providers.realtime.openai import ERRORS
from trunkline.providers.realtime.session import EventRealtime
from trunkline.providers.vendor import Vendor

DIALECT = Dialect(
    provider="xai_realtime",
    voice="ara",
    transcription={"model": "grok-transcribe"},
    pcm_rates_hz=(8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    speed=(0.7, 1.5),
    efforts={"none": "none", "minimal": "none", "low": "none", "medium": "high", "high": "high"},
    threshold=(0.1, 0.9),
    turn_detection_within_audio=False,
    typed=False,
    forces=True,
    gives_up=False,
    truncates=False,
    settles_late=True,
    errors=ERRORS,
)


class XaiRealtime(EventRealtime):
    """ports.realtime.Realtime by xAI."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        super().__init__(DIALECT, vendor, key)
