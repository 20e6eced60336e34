"""OpenAI's realtime models (speech to speech over a websocket). https://platform.openai.com/docs/guides/realtime"""

from pydantic import SecretStr

from trunkline.providers.realtime.dialect import Dialect
from trunkline.providers.realtime.session import EventRealtime
from trunkline.providers.vendor import Vendor

ERRORS = {
    "session_expired": True,
    "server_error": True,
    "rate_limit_exceeded": True,
    "rate_limit_error": True,
    "insufficient_quota": False,
    "credit_balance_exhausted": False,
    "billing_hard_limit_reached": False,
    "invalid_api_key": False,
    "authentication_error": False,
    "permission_error": False,
    "account_deactivated": False,
    "model_not_found": False,
}
"""Errors after which a session is of no use, and whether another may succeed. A session lasts 60 minutes at most."""

DIALECT = Dialect(
    provider="openai_realtime",
    voice="marin",
    transcription={"model": "gpt-4o-transcribe"},
    pcm_rates_hz=(24_000,),
    speed=(0.25, 1.5),
    efforts={"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high"},
    thinks=r"gpt-realtime-2(?!\d)",
    errors=ERRORS,
)


class OpenAiRealtime(EventRealtime):
    """ports.realtime.Realtime by OpenAI."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        super().__init__(DIALECT, vendor, key)
