"""The words that the far end says, spoken by the local voice at 8 kHz."""

import wave
from pathlib import Path

from trunkline.domain.assistant import TtsConfig
from trunkline.providers.local.pico import PicoTts

TEXT = "Could you please tell me a little more about that?"


async def utterance(path: Path, text: str = TEXT) -> None:
    """Writes ``text`` as an 8 kHz mono WAV file."""
    voice = await PicoTts().open(TtsConfig(provider="local", voice_id="en-GB"), 8000)
    pcm = b"".join([chunk async for chunk in voice.speak(text)])
    await voice.aclose()
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(pcm)
