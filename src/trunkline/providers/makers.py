"""Which class speaks which vendor's protocol: one line each, and its import. Its data is in ``catalogue.json``."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from trunkline.ports.models import Llm, Stt, Tts
from trunkline.ports.realtime import Realtime
from trunkline.providers.llm.anthropic import AnthropicLlm
from trunkline.providers.llm.google import GoogleLlm
from trunkline.providers.llm.mistral import MistralLlm
from trunkline.providers.llm.openai import OpenAiLlm
from trunkline.providers.llm.xai import XaiLlm
from trunkline.providers.realtime.google import GoogleRealtime
from trunkline.providers.realtime.openai import OpenAiRealtime
from trunkline.providers.realtime.xai import XaiRealtime
from trunkline.providers.stt.deepgram import DeepgramStt
from trunkline.providers.stt.elevenlabs import ElevenLabsStt
from trunkline.providers.stt.gladia import GladiaStt
from trunkline.providers.stt.mistral import MistralStt
from trunkline.providers.stt.openai import OpenAiStt
from trunkline.providers.tts.deepgram import DeepgramTts
from trunkline.providers.tts.elevenlabs import ElevenLabsTts
from trunkline.providers.tts.google import GoogleTts
from trunkline.providers.tts.inworld import InworldTts
from trunkline.providers.tts.openai import OpenAiTts
from trunkline.providers.tts.xai import XaiTts
from trunkline.providers.vendor import Vendor

STT: Mapping[str, Callable[[Vendor, SecretStr], Stt]] = {
    "deepgram": DeepgramStt,
    "elevenlabs": ElevenLabsStt,
    "gladia": GladiaStt,
    "mistral": MistralStt,
    "openai": OpenAiStt,
}
LLM: Mapping[str, Callable[[Vendor, SecretStr], Llm]] = {
    "anthropic": AnthropicLlm,
    "google": GoogleLlm,
    "mistral": MistralLlm,
    "openai": OpenAiLlm,
    "xai": XaiLlm,
}
TTS: Mapping[str, Callable[[Vendor, SecretStr], Tts]] = {
    "elevenlabs": ElevenLabsTts,
    "openai": OpenAiTts,
    "inworld": InworldTts,
    "deepgram": DeepgramTts,
    "xai": XaiTts,
    "google": GoogleTts,
}
REALTIME: Mapping[str, Callable[[Vendor, SecretStr], Realtime]] = {
    "openai_realtime": OpenAiRealtime,
    "xai_realtime": XaiRealtime,
    "google_realtime": GoogleRealtime,
}
