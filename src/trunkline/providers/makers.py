"""Which class speaks which vendor's protocol: one line each, and its import. Its data is in ``catalogue.json``."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from trunkline.ports.models import Llm, Stt, Tts
from trunkline.ports.realtime import Realtime
from trunkline.providers.vendor import Vendor

STT: Mapping[str, Callable[[Vendor, SecretStr], Stt]] = {}
LLM: Mapping[str, Callable[[Vendor, SecretStr], Llm]] = {}
TTS: Mapping[str, Callable[[Vendor, SecretStr], Tts]] = {}
REALTIME: Mapping[str, Callable[[Vendor, SecretStr], Realtime]] = {}
