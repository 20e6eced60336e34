"""Voices by LiveKit's plugins."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from trunkline.audio.resample import Resampler
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.livekit.ground import ONCE, Borrowed, Ground
from trunkline.providers.livekit.options import arguments
from trunkline.providers.livekit.plugins import Part

_TELEPHONE_RATES = (8_000, 16_000)


def _format(plugin: str, rate_hz: int) -> Mapping[str, Any]:
    """How sound is asked for, of the plugins that give the line's own rate or would send MP3."""
    known: Mapping[str, Mapping[str, Any]] = {
        "deepgram": {"sample_rate": rate_hz},
        "elevenlabs": {"encoding": f"pcm_{rate_hz}"},
        "openai": {"response_format": "pcm"},
    }
    return known.get(plugin, {}) if rate_hz in _TELEPHONE_RATES else {}


class LiveKitTts:
    """ports.models.Tts."""

    def __init__(self, part: Part, ground: Ground) -> None:
        self._part = part
        self._ground = ground

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> "LiveKitTtsSession":
        chosen = arguments("tts", config, self._part.takes)
        form = {key: value for key, value in _format(self._part.plugin, sample_rate_hz).items()}
        borrowed = await Borrowed.open(self._part, self._ground, {**form, **self._part.given, **chosen})
        borrowed.warm()
        return LiveKitTtsSession(borrowed, sample_rate_hz)


class LiveKitTtsSession:
    """ports.models.TtsSession."""

    def __init__(self, borrowed: Borrowed, sample_rate_hz: int) -> None:
        self._borrowed = borrowed
        self._rate_hz = sample_rate_hz

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        with self._borrowed.failures():
            stream = self._stream(text)
            resampler: Resampler | None = None
            try:
                async for spoken in stream:
                    frame = spoken.frame
                    resampler = resampler or Resampler(frame.sample_rate, self._rate_hz)
                    if pcm := resampler.push(bytes(frame.data.cast("B"))):
                        yield pcm
            finally:
                await stream.aclose()
            if resampler is not None and (pcm := resampler.flush()):
                yield pcm

    def _stream(self, text: str) -> Any:
        """The plugin's stream of a sentence: over its socket where it has one, else a request."""
        model = self._borrowed.model
        if not model.capabilities.streaming:
            return self._borrowed.run(model.synthesize, text=text, conn_options=ONCE)
        stream = self._borrowed.run(model.stream, conn_options=ONCE)
        self._borrowed.run(stream.push_text, token=text)
        self._borrowed.run(stream.end_input)
        return stream

    async def aclose(self) -> None:
        await self._borrowed.aclose()
