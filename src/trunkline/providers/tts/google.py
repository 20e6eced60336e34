"""Google: Chirp voices by Cloud Text-to-Speech, sentence by sentence, and Gemini voices by the Gemini API, streamed.

https://cloud.google.com/text-to-speech/docs/reference/rest/v1/text/synthesize and
https://ai.google.dev/gemini-api/docs/speech-generation. Cloud Text-to-Speech streams over gRPC only. Its Gemini voices
need the rights of a service account; the Gemini API takes the key that the other Google models take.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.base.sse import SseParser, SseTooLong
from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.offers import model_of
from trunkline.providers.tts.requests import RequestSession, answered, streamed, unreadable
from trunkline.providers.tts.sound import Decoder, sound_begins
from trunkline.providers.tts.wording import parts, sentences
from trunkline.providers.vendor import Vendor, retryable_status
from trunkline.providers.voices import default_voice, locale_of

GEMINI_RATE_HZ = 24_000
_GEMINI = "gemini"
_STYLED = ("gemini-3.8",)
"""These take the manner of speaking beside the words; earlier ones in front of them."""
_CHIRP, _CHIRP_VOICE = "chirp-3-hd", "Chirp3-HD"
_LONGEST = 1200
"""Below the vendor's 5,000 bytes in any script."""


class GoogleTts:
    """ports.models.Tts. ``vendor`` is Cloud Text-to-Speech; the Gemini API is ``beside`` it."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        model = model_of("tts", "google", config.model) or _CHIRP
        session: ChirpSession | GeminiSession
        if model.startswith(_GEMINI):
            vendor = self._vendor.beside or self._vendor
            session = GeminiSession(vendor, self._key, config, model, sample_rate_hz)
        else:
            session = ChirpSession(self._vendor, self._key, config, model, sample_rate_hz)
        await session.open()
        return session


class ChirpSession(RequestSession):
    """One request for each sentence; the next sentence is asked for while one is spoken."""

    def __init__(self, vendor: Vendor, key: SecretStr, config: TtsConfig, model: str, sample_rate_hz: int) -> None:
        super().__init__(vendor, key, lambda: Decoder("pcm", sample_rate_hz, sample_rate_hz))
        if config.instructions and model == _CHIRP:
            raise Invalid(f"tts_config.instructions: {_CHIRP} takes none; choose a Gemini model")
        self._voice = chirp_voice(config, model)
        self._prompt = {"prompt": config.instructions} if config.instructions else {}
        self._sound: dict[str, Any] = {"audioEncoding": "LINEAR16", "sampleRateHertz": sample_rate_hz}
        if (rate := _rate(config)) != 1:
            self._sound["speakingRate"] = rate

    async def spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        asked: list[asyncio.Task[bytes]] = []
        try:
            for sentence in sentences(text, _LONGEST):
                asked.append(asyncio.get_running_loop().create_task(self._sentence(sentence), name="tts:sentence"))
                if len(asked) > 1:
                    yield await asked[0]
                    del asked[0]
            for task in asked:
                yield await task
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _sentence(self, sentence: str) -> bytes:
        body = {"input": {"text": sentence, **self._prompt}, "voice": self._voice, "audioConfig": self._sound}
        answer = await answered(self.vendor, self.key, f"{self.vendor.url}/text:synthesize", body, _headers(self.key))
        try:
            sound = base64.b64decode(answer["audioContent"])
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(self.vendor, error) from None
        return sound[sound_begins(sound) or 0 :]


class GeminiSession(RequestSession):
    """One streamed request for each part of a text. The vendor tells tokens, not characters."""

    def __init__(self, vendor: Vendor, key: SecretStr, config: TtsConfig, model: str, sample_rate_hz: int) -> None:
        super().__init__(vendor, key, lambda: Decoder("pcm", GEMINI_RATE_HZ, sample_rate_hz))
        self._url = f"{vendor.url}/models/{quote(model, safe='')}:streamGenerateContent?alt=sse"
        self._styled = model.startswith(_STYLED)
        self._manner = manner(config)
        voice = (config.voice_id or default_voice("google", None)).rsplit("-", 1)[-1]
        speech: dict[str, Any] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
        if config.language:
            speech["languageCode"] = locale_of(config.language)
        self._generation: dict[str, Any] = {"responseModalities": ["AUDIO"], "speechConfig": speech}
        if self._styled:
            self._generation["responseFormat"] = {"audio": {"mimeType": "AUDIO_L16"}}

    async def spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        for part in parts(text, _LONGEST):
            body = {"contents": [{"role": "user", "parts": [self._part(part)]}], "generationConfig": self._generation}
            events = streamed(self.vendor, self.key, self._url, body, _headers(self.key), self.told)
            parser = SseParser()
            async with aclosing(events):
                async for data in events:
                    for sound in self._events(parser, data):
                        yield sound

    def _events(self, parser: SseParser, data: bytes) -> list[bytes]:
        try:
            return [self._heard(event.data) for event in parser.feed(data)]
        except SseTooLong as error:
            raise unreadable(self.vendor, error) from None

    def _part(self, text: str) -> dict[str, Any]:
        if not self._manner:
            return {"text": text}
        if self._styled:
            return {"text": text, "speechMetadata": {"style": self._manner}}
        return {"text": f'{self._manner}:\n"{text}"'}

    def _heard(self, event: bytes) -> bytes:
        try:
            said = orjson.loads(event)
            if error := said.get("error"):
                raise self._refused(error)
            candidates = said.get("candidates") or [{}]
            found = (candidates[0].get("content") or {}).get("parts") or ()
            sound = b"".join(base64.b64decode((part.get("inlineData") or {}).get("data") or "") for part in found)
        except (ValueError, AttributeError, TypeError, LookupError) as error:
            raise unreadable(self.vendor, error) from None
        return sound[sound_begins(sound) or 0 :]

    def _refused(self, error: Mapping[str, Any]) -> Exception:
        status = int(error.get("code") or 0)
        return self.vendor.failure(
            f"google refused to speak ({status})",
            retryable=retryable_status(status),
            key=self.key,
            status=status,
            vendor_message=str(error.get("message") or ""),
        )


def chirp_voice(config: TtsConfig, model: str) -> dict[str, str]:
    """The voice as Cloud Text-to-Speech names it: ``en-US-Chirp3-HD-Kore``; ``Kore`` does too."""
    name = config.voice_id or default_voice("google", None)
    if name.count("-") >= 2:
        return {"languageCode": "-".join(name.split("-")[:2]), "name": name}
    locale = locale_of(config.language or "en")
    if model == _CHIRP:
        return {"languageCode": locale, "name": f"{locale}-{_CHIRP_VOICE}-{name}"}
    return {"languageCode": locale, "name": name, "modelName": model}


def manner(config: TtsConfig) -> str:
    """How it is to be spoken, in words: Gemini takes the pace so too."""
    rate = _rate(config)
    pace = f"Speak at {rate:g} times the natural pace." if rate != 1 else ""
    return " ".join(part for part in (config.instructions, pace) if part)


def _rate(config: TtsConfig) -> float:
    return config.speed if config.speaking_rate is None else config.speaking_rate


def _headers(key: SecretStr) -> dict[str, str]:
    return {"X-Goog-Api-Key": key.get_secret_value()}
