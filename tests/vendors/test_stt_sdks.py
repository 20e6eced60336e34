"""The emulators of recognisers as the vendors' own clients see them: nothing of ours is on the calling side."""

import asyncio
import base64
from typing import Any

import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types.listen_v1metadata import ListenV1Metadata
from deepgram.listen.v1.types.listen_v1results import ListenV1Results
from elevenlabs.realtime.connection import RealtimeEvents
from elevenlabs.realtime.scribe import AudioFormat as ScribeFormat
from elevenlabs.realtime.scribe import CommitStrategy, ScribeRealtime
from elevenlabs.types.committed_transcript_with_timestamps_payload import CommittedTranscriptWithTimestampsPayload
from elevenlabs.types.session_started_payload import SessionStartedPayload
from gladiaio_sdk import GladiaClient
from gladiaio_sdk.v2.live.generated_types import LiveV2InitRequest, LiveV2MessagesConfig, LiveV2TranscriptMessage
from mistralai.client import Mistral
from mistralai.client.models import (
    AudioFormat,
    RealtimeTranscriptionSessionUpdated,
    TranscriptionStreamDone,
    TranscriptionStreamTextDelta,
)
from mistralai.extra.exceptions import RealtimeTranscriptionException
from openai import AsyncOpenAI
from openai.types.realtime import (
    ConversationItemInputAudioTranscriptionCompletedEvent,
    ConversationItemInputAudioTranscriptionDeltaEvent,
)

from tests.vendors.conformance_stt import BOOKING, House, has_words
from trunkline.audio.frame import silence
from trunkline.testing.emulators.house import KEY
from trunkline.testing.emulators.speaking import mulaw, pieces, speech

pytestmark = [
    pytest.mark.room,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

WORDS = ["good morning", "table", "two people"]
SECONDS = 20.0


async def sound(rate_hz: int) -> bytes:
    return silence(0.3, rate_hz) + await speech(BOOKING, rate_hz) + silence(0.6, rate_hz)


async def test_deepgrams_sdk_hears_words_and_the_summary_of_the_stream() -> None:
    async with House("deepgram") as house:
        here = f"127.0.0.1:{house.port}"
        where = DeepgramClientEnvironment(
            base=f"http://{here}", production=f"ws://{here}", agent=f"ws://{here}", agent_rest=f"http://{here}"
        )
        client = AsyncDeepgramClient(api_key=KEY, environment=where)
        heard: list[ListenV1Results] = []
        summary: ListenV1Metadata | None = None
        wanted: dict[str, Any] = {"encoding": "mulaw", "sample_rate": 8000, "interim_results": True, "punctuate": True}
        async with asyncio.timeout(SECONDS), client.listen.v1.connect(model="nova-3", **wanted) as socket:
            for piece in pieces(mulaw(await sound(8_000)), 480):
                await socket.send_media(piece)
            await socket.send_finalize()
            while not (heard and heard[-1].from_finalize):
                message = await socket.recv()
                assert isinstance(message, ListenV1Results), message
                heard.append(message)
            await socket.send_keep_alive()
            await socket.send_close_stream()
            async for message in socket:
                if isinstance(message, ListenV1Metadata):
                    summary = message
        finals = [result for result in heard if result.is_final]
        assert has_words(" ".join(final.channel.alternatives[0].transcript for final in finals), WORDS)
        assert all(word.end >= word.start for final in finals for word in final.channel.alternatives[0].words)
        assert summary is not None
        assert summary.duration == pytest.approx(sum(final.duration for final in finals), abs=0.2)


async def test_elevenlabs_sdk_hears_words_with_their_times() -> None:
    async with House("elevenlabs") as house, asyncio.timeout(SECONDS):
        told: list[tuple[str, Any]] = []
        done = asyncio.Event()
        realtime = ScribeRealtime(api_key=KEY, base_url=f"ws://127.0.0.1:{house.port}")
        connection = await realtime.connect(
            {
                "model_id": "scribe_v2_realtime",
                "audio_format": ScribeFormat.PCM_8000,
                "sample_rate": 8000,
                "commit_strategy": CommitStrategy.MANUAL,
                "include_timestamps": True,
                "language_code": "en",
                "keyterms": ["Trunkline"],
            }
        )
        for event in RealtimeEvents:
            connection.on(event, lambda *given, event=event: told.append((event.value, given)))
        connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS, lambda _: done.set())
        for piece in pieces(await sound(8_000), 960):
            await connection.send({"audio_base_64": base64.b64encode(piece).decode()})
        await connection.commit()
        await done.wait()
        await connection.close()
        given = {kind: facts[0] for kind, facts in told if facts}
        SessionStartedPayload.model_validate(given["session_started"], strict=True)
        assert has_words(given["committed_transcript"]["text"], WORDS)
        dated = CommittedTranscriptWithTimestampsPayload.model_validate(given["committed_transcript_with_timestamps"])
        assert dated.words
        assert has_words(" ".join(str(word.text) for word in dated.words), WORDS)
        assert "error" not in given


async def test_elevenlabs_sdk_is_told_of_a_wrong_key() -> None:
    async with House("elevenlabs") as house, asyncio.timeout(SECONDS):
        refused: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        realtime = ScribeRealtime(api_key="wrong", base_url=f"ws://127.0.0.1:{house.port}")
        connection = await realtime.connect(
            {"model_id": "scribe_v2_realtime", "audio_format": ScribeFormat.PCM_16000, "sample_rate": 16000}
        )
        connection.on(RealtimeEvents.AUTH_ERROR, refused.set_result)
        assert "authenticated" in (await refused)["error"]
        await connection.close()


async def test_openais_sdk_hears_words_of_a_commit() -> None:
    async with House("openai") as house, asyncio.timeout(SECONDS):
        client = AsyncOpenAI(api_key=KEY, base_url=house.url)
        transcript, deltas = "", ""
        async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
            await connection.session.update(
                session={
                    "type": "transcription",
                    "audio": {
                        "input": {
                            "format": {"type": "audio/pcm", "rate": 24000},
                            "transcription": {"model": "gpt-4o-transcribe", "language": "en"},
                            "turn_detection": None,
                        }
                    },
                }
            )
            for piece in pieces(await sound(24_000), 4_800):
                await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())
            await connection.input_audio_buffer.commit()
            async for event in connection:
                assert event.type != "error", event
                if isinstance(event, ConversationItemInputAudioTranscriptionDeltaEvent):
                    deltas += event.delta or ""
                if isinstance(event, ConversationItemInputAudioTranscriptionCompletedEvent):
                    transcript = event.transcript
                    assert event.usage.type == "tokens"
                    break
        await client.close()
        assert has_words(transcript, WORDS)
        assert deltas == transcript


async def test_openais_sdk_hears_turns_that_the_vendor_finds() -> None:
    async with House("openai") as house, asyncio.timeout(SECONDS):
        client = AsyncOpenAI(api_key=KEY, base_url=house.url)
        kinds: list[str] = []
        turns: Any = {"type": "server_vad", "silence_duration_ms": 400}
        async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
            heard: Any = {"transcription": {"model": "whisper-1"}, "turn_detection": turns}
            await connection.session.update(session={"type": "transcription", "audio": {"input": heard}})
            for piece in pieces(await sound(24_000), 4_800):
                await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())
            async for event in connection:
                kinds.append(event.type)
                if isinstance(event, ConversationItemInputAudioTranscriptionCompletedEvent):
                    assert event.usage.type == "duration"
                    break
        await client.close()
        for kind in ("speech_started", "speech_stopped", "committed"):
            assert f"input_audio_buffer.{kind}" in kinds


async def test_gladias_sdk_hears_words_and_the_end_of_the_session() -> None:
    async with House("gladia") as house, asyncio.timeout(SECONDS):
        client = GladiaClient(api_key=KEY, api_url=f"http://127.0.0.1:{house.port}")
        texts: list[str] = []
        kinds: list[str] = []
        connected, ended = asyncio.Event(), asyncio.Event()
        wanted = LiveV2InitRequest(
            encoding="wav/pcm",
            bit_depth=16,
            sample_rate=8000,
            channels=1,
            messages_config=LiveV2MessagesConfig(
                receive_partial_transcripts=True, receive_lifecycle_events=True, receive_acknowledgments=True
            ),
        )
        live = client.live_v2_async()
        session = live.start_session(wanted)

        def heard(message: Any) -> None:
            kinds.append(message.type)
            if isinstance(message, LiveV2TranscriptMessage) and message.data.is_final:
                texts.append(message.data.utterance.text)

        session.on("message", heard)
        session.once("connected", lambda _: connected.set())
        session.once("ended", lambda _: ended.set())
        session.once("error", lambda error: pytest.fail(str(error)))
        await connected.wait()
        for piece in pieces(await sound(8_000), 1_600):
            session.send_audio(piece)
        session.stop_recording()
        await ended.wait()
        await live._http_client.close()
        assert has_words(" ".join(texts), WORDS)
        assert {"audio_chunk", "speech_start", "speech_end", "transcript", "stop_recording", "end_session"} <= set(
            kinds
        )


async def test_mistrals_sdk_hears_words_as_they_come_and_whole() -> None:
    async with House("mistral") as house, asyncio.timeout(SECONDS):
        client = Mistral(api_key=KEY, server_url=f"http://127.0.0.1:{house.port}")

        async def line() -> Any:
            for piece in pieces(await sound(16_000), 3_200):
                yield piece

        text, deltas, updated = "", "", False
        async for event in client.audio.realtime.transcribe_stream(
            line(),
            model="voxtral-mini-transcribe-realtime-latest",
            audio_format=AudioFormat(encoding="pcm_s16le", sample_rate=16_000),
            language="en",
            context_bias=["Trunkline"],
        ):
            updated = updated or isinstance(event, RealtimeTranscriptionSessionUpdated)
            if isinstance(event, TranscriptionStreamTextDelta):
                deltas += event.text
            if isinstance(event, TranscriptionStreamDone):
                text = event.text
                assert event.usage.prompt_audio_seconds
        assert updated
        assert has_words(text, WORDS)
        assert deltas.strip() == text


async def test_mistrals_sdk_is_told_of_a_model_that_has_no_realtime_form() -> None:
    async with House("mistral") as house, asyncio.timeout(SECONDS):
        client = Mistral(api_key=KEY, server_url=f"http://127.0.0.1:{house.port}")
        with pytest.raises(RealtimeTranscriptionException, match="no realtime"):
            await client.audio.realtime.connect(model="voxtral-mini-latest")
