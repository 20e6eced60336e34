"""The emulators of voices, checked by the vendors' own clients, or by another's where there is none that can be aimed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.speak.v1.types import SpeakV1Text
from elevenlabs import VoiceSettings
from elevenlabs.client import AsyncElevenLabs, ElevenLabs
from elevenlabs.core.api_error import ApiError
from google import genai
from google.api_core.exceptions import BadRequest
from google.auth.credentials import AnonymousCredentials
from google.cloud import texttospeech_v1
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechRestTransport
from google.genai import types
from livekit.agents import APIConnectOptions, APIError, tokenize
from livekit.plugins import elevenlabs as livekit_elevenlabs
from livekit.plugins import inworld, xai
from livekit.plugins.xai import tts as xai_tts
from openai import AsyncOpenAI, AuthenticationError

from tests.vendors.conformance_tts import SENTENCE, Case, emulator, heard, word_errors
from trunkline.audio import wav
from trunkline.audio.g711 import ulaw_to_pcm
from trunkline.testing.emulators.house import KEY, Emulator

pytestmark = [
    pytest.mark.room,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
MOST_ERRORS = 0.3
VOICE = "EXAVITQu4vr4xnSDxMaL"


async def _understood(pcm: bytes, rate: int) -> None:
    words = await heard(pcm, rate)
    assert word_errors(SENTENCE, words) <= MOST_ERRORS, words


def _root(house: Emulator) -> str:
    return house.url.removesuffix("/")


# --- ElevenLabs


async def test_elevenlabs_over_http() -> None:
    async with emulator(Case("elevenlabs")) as house, httpx.AsyncClient() as http:
        client = AsyncElevenLabs(api_key=KEY, base_url=_root(house), httpx_client=http)
        sound = client.text_to_speech.stream(
            VOICE,
            text=SENTENCE,
            model_id="eleven_v3",
            output_format="ulaw_8000",
            voice_settings=VoiceSettings(stability=0.5, speed=1.0),
        )
        ulaw = b"".join([piece async for piece in sound])
        page = await client.voices.search(page_size=2)
        assert (len(page.voices), page.has_more) == (2, True)
        rest = await client.voices.search(page_size=2, next_page_token=page.next_page_token)
        assert not rest.has_more
        with pytest.raises(ApiError) as refused:
            [
                piece
                async for piece in AsyncElevenLabs(
                    api_key="x", base_url=_root(house), httpx_client=http
                ).text_to_speech.stream("x", text="x")
            ]
        assert refused.value.status_code == 401
    await _understood(ulaw_to_pcm(ulaw), 8000)


async def test_elevenlabs_over_its_websocket() -> None:
    async with emulator(Case("elevenlabs")) as house:

        def speak(key: str) -> bytes:
            voice: Any = ElevenLabs(api_key=key, base_url=_root(house)).text_to_speech
            voice._ws_base_url = _root(house).replace("http", "ws")

            def words() -> Iterator[str]:
                yield from SENTENCE.split(" ")

            return b"".join(
                voice.convert_realtime(VOICE, text=words(), model_id="eleven_flash_v2_5", output_format="pcm_16000")
            )

        pcm = await asyncio.to_thread(speak, KEY)
        with pytest.raises(ApiError):
            await asyncio.to_thread(speak, "wrong")
    await _understood(pcm, 16000)


async def test_elevenlabs_over_its_websocket_of_contexts() -> None:
    async with emulator(Case("elevenlabs")) as house, aiohttp.ClientSession() as http:
        voice = livekit_elevenlabs.TTS(
            api_key=KEY, base_url=f"{house.url}/v1", http_session=http, encoding="pcm_16000", voice_id=VOICE
        )
        pcm = await _livekit(voice)
        await voice.aclose()
    await _understood(pcm, 16000)


# --- OpenAI


async def test_openai() -> None:
    async with emulator(Case("openai")) as house:
        client = AsyncOpenAI(api_key=KEY, base_url=f"{house.url}/v1", max_retries=0)
        asked: dict[str, Any] = {"model": "gpt-4o-mini-tts", "voice": "coral", "input": SENTENCE}
        async with client.audio.speech.with_streaming_response.create(**asked, response_format="pcm") as answer:
            pieces = [piece async for piece in answer.iter_bytes()]
        assert len(pieces) > 5
        whole = await client.audio.speech.create(**asked, response_format="wav")
        assert wav.decode(whole.content).sample_rate_hz == 24000
        events: list[dict[str, Any]] = []
        async with client.audio.speech.with_streaming_response.create(
            **asked, response_format="pcm", stream_format="sse"
        ) as answer:
            async for line in answer.iter_lines():
                if line.startswith("data: "):
                    events.append(json.loads(line.removeprefix("data: ")))
        assert events[-1]["usage"]["total_tokens"] > 0
        with pytest.raises(AuthenticationError):
            await client.with_options(api_key="x").audio.speech.create(**asked)
        await client.close()
    await _understood(b"".join(pieces), 24000)


# --- Deepgram


async def test_deepgram() -> None:
    async with emulator(Case("deepgram")) as house, httpx.AsyncClient() as http:
        ws = _root(house).replace("http", "ws")
        place = DeepgramClientEnvironment(base=_root(house), production=ws, agent=ws, agent_rest=_root(house))
        client = AsyncDeepgramClient(api_key=KEY, environment=place, httpx_client=http)
        whole = client.speak.v1.audio.generate(text=SENTENCE, model="aura-2-thalia-en", encoding="linear16")
        file = wav.decode(b"".join([piece async for piece in whole]))
        async with client.speak.v1.connect(model="aura-2-thalia-en", encoding="mulaw", sample_rate="8000") as socket:
            await socket.send_text(SpeakV1Text(type="Speak", text=SENTENCE))
            await socket.send_flush()
            sound, kinds = b"", []
            async for message in socket:
                if isinstance(message, bytes):
                    sound += message
                    continue
                kinds.append(message.type)
                if message.type == "Flushed":
                    await socket.send_text(SpeakV1Text(type="Speak", text=SENTENCE))
                    await socket.send_clear()
                elif message.type == "Cleared":
                    await socket.send_close()
        assert kinds == ["Metadata", "Flushed", "Cleared"]
    await _understood(ulaw_to_pcm(sound), 8000)
    await _understood(file.pcm, file.sample_rate_hz)


# --- Inworld and xAI, which have no client that can be aimed: LiveKit's


async def test_inworld() -> None:
    async with emulator(Case("inworld")) as house, aiohttp.ClientSession() as http:
        base = f"{_root(house)}/"
        voice = inworld.TTS(
            api_key=KEY,
            base_url=base,
            ws_url=base.replace("http", "ws"),
            http_session=http,
            model="inworld-tts-2",
            sample_rate=16000,
        )
        streamed = await _livekit(voice)
        whole = b"".join([bytes(one.frame.data) async for one in voice.synthesize(SENTENCE)])
        voices = await voice.list_voices("en")
        assert {one["voiceId"] for one in voices} == {"Ashley", "Dennis"}
        await voice.aclose()
    await _understood(streamed, 16000)
    await _understood(whole, 16000)


async def test_xai(monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulator(Case("xai")) as house, aiohttp.ClientSession() as http:
        monkeypatch.setattr(xai_tts, "XAI_WEBSOCKET_URL", f"{_root(house).replace('http', 'ws')}/v1/tts")
        words = tokenize.basic.WordTokenizer(ignore_punctuation=False, retain_format=True)
        voice = xai.TTS(api_key=KEY, voice="ara", language="en", http_session=http, tokenizer=words)
        pcm = await _livekit(voice)
        await voice.aclose()
        wrong = xai.TTS(api_key="wrong", http_session=http)
        with pytest.raises(APIError):
            await _livekit(wrong)
        await wrong.aclose()
    await _understood(pcm, 24000)


async def _livekit(voice: Any) -> bytes:
    async with voice.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        stream.push_text(SENTENCE)
        stream.end_input()
        return b"".join([bytes(one.frame.data) async for one in stream])


# --- Google


async def test_cloud_text_to_speech() -> None:
    async with emulator(Case("google")) as house:
        credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]

        def client(key: str) -> texttospeech_v1.TextToSpeechClient:
            transport = TextToSpeechRestTransport(
                host=_root(house).removeprefix("http://"), credentials=credentials, url_scheme="http"
            )
            transport._session.headers["X-Goog-Api-Key"] = key
            return texttospeech_v1.TextToSpeechClient(transport=transport)

        def speak(key: str) -> tuple[bytes, list[str]]:
            asked = texttospeech_v1.SynthesizeSpeechRequest(
                input=texttospeech_v1.SynthesisInput(text=SENTENCE),
                voice=texttospeech_v1.VoiceSelectionParams(language_code="en-US", name="en-US-Chirp3-HD-Kore"),
                audio_config=texttospeech_v1.AudioConfig(
                    audio_encoding=texttospeech_v1.AudioEncoding.LINEAR16, sample_rate_hertz=8000, speaking_rate=1.0
                ),
            )
            with client(key) as one:
                return one.synthesize_speech(asked).audio_content, [voice.name for voice in one.list_voices().voices]

        sound, voices = await asyncio.to_thread(speak, KEY)
        with pytest.raises(BadRequest):
            await asyncio.to_thread(speak, "wrong")
    assert "nl-NL-Chirp3-HD-Kore" in voices
    file = wav.decode(sound)
    assert np.abs(np.frombuffer(file.pcm[:200], "<i2")).max() < 3000
    await _understood(file.pcm, file.sample_rate_hz)


async def test_gemini() -> None:
    async with emulator(Case("google")) as house:
        client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=_root(house)))
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(
                voice_config=types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
            ),
        )
        pieces = [
            part.inline_data.data or b""
            async for part in _parts(client, "gemini-3.8-flash-tts", SENTENCE, config)
            if part.inline_data
        ]
        assert len(pieces) > 5
        whole = await client.aio.models.generate_content(model="gemini-3.8-flash-tts", contents=SENTENCE, config=config)
        assert whole.usage_metadata is not None
        await client.aio.aclose()
        client.close()
    await _understood(b"".join(pieces), 24000)


async def _parts(client: genai.Client, model: str, text: str, config: Any) -> AsyncIterator[types.Part]:
    async for chunk in await client.aio.models.generate_content_stream(model=model, contents=text, config=config):
        content = chunk.candidates[0].content if chunk.candidates else None
        for part in (content.parts or ()) if content else ():
            yield part
