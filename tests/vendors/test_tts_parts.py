"""The parts that voices are made of: sound without headers, texts in parts, and a connection that is kept."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.vendors.conformance_tts import Case, adapter, emulator
from trunkline.audio.g711 import pcm_to_ulaw
from trunkline.audio.resample import resample
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.tts import requests, sockets
from trunkline.providers.tts.deepgram import DeepgramUtterance
from trunkline.providers.tts.elevenlabs import ElevenLabsUtterance
from trunkline.providers.tts.inworld import InworldUtterance
from trunkline.providers.tts.openai import OpenAiTts
from trunkline.providers.tts.sockets import KeptSocket, SocketSession, Utterance
from trunkline.providers.tts.sound import Decoder, sound_begins
from trunkline.providers.tts.wording import parts, sayable, sentences
from trunkline.providers.tts.xai import XaiUtterance
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.sounding import SpeechSocket, encoded

pytestmark = pytest.mark.room
PCM = random.Random(7).randbytes(4000)
KEY = SecretStr("k")


@pytest.mark.parametrize("size", [1, 3, 7, 44, 45, 4096])
@pytest.mark.parametrize("encoding", ["pcm", "mulaw"])
@pytest.mark.parametrize("header", [True, False])
def test_sound_in_pieces_of_any_size_loses_only_its_header(size: int, encoding: str, header: bool) -> None:
    data = encoded(PCM, encoding, 8000, header=header)
    decoder = Decoder("mulaw" if encoding == "mulaw" else "pcm", 8000, 8000)
    got = b"".join(decoder.push(data[at : at + size]) for at in range(0, len(data), size)) + decoder.flush()
    assert (pcm_to_ulaw(got) == pcm_to_ulaw(PCM)) if encoding == "mulaw" else (got == PCM)
    assert sound_begins(data) == (44 if header else 0)


def test_a_header_with_more_than_sound_is_left_out_too() -> None:
    plain = encoded(PCM, "pcm", 8000, header=True)
    data = plain[:36] + b"LIST" + (6).to_bytes(4, "little") + b"a note"[:6] + plain[36:]
    decoder = Decoder("pcm", 8000, 8000)
    assert decoder.push(data[:40]) == b""
    assert decoder.push(data[40:]) + decoder.flush() == PCM


def test_a_sound_that_ends_within_what_looks_like_a_header_is_not_lost() -> None:
    decoder = Decoder("pcm", 8000, 8000)
    assert decoder.push(b"RIFF") == b""
    assert decoder.flush() == b"RIFF"


def test_24_khz_becomes_8_khz_with_little_delay() -> None:
    sound = resample(PCM, 8000, 24000)
    decoder = Decoder("pcm", 24000, 8000)
    first = decoder.push(sound[: 24000 // 10 * 2])
    assert len(first) > 0.05 * 8000 * 2
    assert abs(len(first + decoder.push(sound[24000 // 10 * 2 :]) + decoder.flush()) - len(PCM)) < 40


@pytest.mark.parametrize("text", ["", " ", "…", "🙂👍", "?!", "\n\n", "—"])
def test_what_nobody_can_say(text: str) -> None:
    assert not sayable(text)
    assert parts(text, 100) == sentences(text, 100) == []


def test_texts_are_cut_at_sentences_then_at_spaces_then_anywhere() -> None:
    assert parts("One. Two. Three.", 100) == ["One. Two. Three."]
    assert parts("One. Two. Three.", 10) == ["One. Two.", "Three."]
    assert sentences("One. ... Two! Three?", 100) == ["One.", "Two!", "Three?"]
    assert sentences("aaaa bbbb cccc", 9) == ["aaaa bbbb", "cccc"]
    assert sentences("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    text = " ".join(f"Word{number}" for number in range(500))
    assert " ".join(parts(text, 90)) == text
    assert max(len(part) for part in parts(text, 90)) <= 90


class Echo(Emulator):
    """Says back what it is told; ends each connection after ``lasts`` messages, or when it is told to."""

    vendor = "echo"
    lasts = 1 << 20

    def routes(self, app: web.Application) -> None:
        self.connections = 0
        self.lines: list[SpeechSocket] = []
        app.router.add_get("/", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        line = SpeechSocket(self, request)
        self.lines.append(line)
        left = [self.lasts]

        async def told(said: dict[str, str]) -> None:
            await line.socket.send_bytes(said["text"].encode())
            await line.socket.send_str("end")
            left[0] -= 1
            if not left[0]:
                await line.socket.close(code=1000)

        return await line.run(told)


class Said:
    """providers.tts.sockets.Utterance of Echo."""

    def __init__(self, text: str) -> None:
        self._text = text

    def ask(self) -> Sequence[str]:
        return [f'{{"text":"{self._text}"}}']

    def heard(self, message: str | bytes) -> bytes | None:
        return message if isinstance(message, bytes) else None

    def stop(self) -> Sequence[str] | None:
        return None

    def stopped(self, message: str | bytes) -> bool:
        return True

    def billed(self) -> int | None:
        return 3


async def _session(vendor: Vendor) -> SocketSession:
    kept = KeptSocket(vendor, KEY, vendor.socket_url, {})
    await kept.open()
    return SocketSession(kept, Said, lambda: Decoder("pcm", 8000, 8000))


async def _say(session: SocketSession, text: str) -> bytes:
    return b"".join([piece async for piece in session.speak(text)])


async def test_a_connection_that_the_vendor_ends_is_replaced_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_SHORTEST_LIFE_SECONDS", 0.0)
    async with Echo() as house:
        vendor = Vendor("echo", house.url)
        session = await _session(vendor)
        assert await _say(session, "abcd") == b"abcd"
        await house.lines[0].socket.close()
        await house.until(lambda: house.connections == 2)
        await house.until(lambda: house.open_streams == 1)
        assert await _say(session, "efgh") == b"efgh"
        assert house.connections == 2
        assert session.billed_characters == 6
        await session.aclose()
        await house.until(lambda: house.open_streams == 0)
        await vendor.aclose()


async def test_connections_that_end_at_once_are_not_opened_over_and_over() -> None:
    async with Echo() as house:
        house.lasts = 1
        vendor = Vendor("echo", house.url)
        session = await _session(vendor)
        for number in range(4):
            assert await _say(session, f"ab{number}d") == f"ab{number}d".encode()
            await house.until(lambda: house.open_streams == 0)
        assert house.connections <= 5
        await session.aclose()
        await vendor.aclose()


async def test_two_texts_at_once_have_a_connection_each() -> None:
    async with Echo() as house:
        vendor = Vendor("echo", house.url)
        session = await _session(vendor)
        assert [*await asyncio.gather(_say(session, "abcd"), _say(session, "efgh"))] == [b"abcd", b"efgh"]
        await session.aclose()
        await house.until(lambda: house.open_streams == 0)
        await vendor.aclose()


async def test_a_vendor_that_went_away_is_told_after_one_more_try() -> None:
    async with Echo() as house:
        vendor = Vendor("echo", house.url)
        session = await _session(vendor)
    with pytest.raises(Upstream) as told:
        await _say(session, "abcd")
    assert told.value.retryable
    await session.aclose()
    await vendor.aclose()


class Page(Emulator):
    """Answers requests with sound; closes the connection after an answer when it is told to."""

    vendor = "page"

    def routes(self, app: web.Application) -> None:
        self.connections: set[object] = set()
        app.router.add_route("*", "/v1", self._answer)
        app.router.add_post("/v1/audio/speech", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        self.connections.add(request.transport)
        self.keep(request.method)
        return web.Response(body=b"\x01\x00" * 2400, content_type="audio/pcm")


async def test_connections_are_kept_warm_between_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "REST_SECONDS", 0.05)
    async with Page() as house:
        vendor = Vendor("openai", f"{house.url}/v1")
        session = await OpenAiTts(vendor, KEY).open(TtsConfig(provider="openai"), 8000)
        assert [one.path for one in house.received] == ["HEAD"]
        await house.until(lambda: len(house.received) >= 3)
        assert len(house.connections) == 1
        assert b"".join([piece async for piece in session.speak("Hello.")])
        await session.aclose()
        asked = len(house.received)
        await asyncio.sleep(0.2)
        assert len(house.received) == asked
        await vendor.aclose()


async def test_a_connection_that_was_closed_while_unused_is_replaced() -> None:
    async with Page() as house:
        vendor = Vendor("openai", f"{house.url}/v1")
        session = await OpenAiTts(vendor, KEY).open(TtsConfig(provider="openai"), 8000)
        for transport in house.connections:
            transport.abort()  # type: ignore[attr-defined]
        assert b"".join([piece async for piece in session.speak("Hello.")])
        await session.aclose()
        await vendor.aclose()


VENDOR = Vendor("any", "http://127.0.0.1:9")
UTTERANCES: dict[str, Utterance] = {
    "elevenlabs": ElevenLabsUtterance(VENDOR, KEY, "Hi.", {}),
    "inworld": InworldUtterance(VENDOR, KEY, "Hi.", {}),
    "deepgram": DeepgramUtterance(VENDOR, KEY, "Hi."),
    "xai": XaiUtterance(VENDOR, KEY, "Hi."),
}
IGNORED = [
    ("elevenlabs", "{}"),
    ("elevenlabs", '{"type": "note", "audio": null}'),
    ("elevenlabs", '{"audio": "AAAA", "contextId": "another"}'),
    ("elevenlabs", '{"isFinal": true, "contextId": "another"}'),
    ("inworld", "{}"),
    ("inworld", '{"result": {"status": {"code": 0}, "noteOfTheDay": {}}}'),
    ("inworld", '{"result": {"contextId": "another", "audioChunk": {"audioContent": "AAAA"}}}'),
    ("inworld", '{"result": {"contextId": "another", "contextClosed": {}, "status": {"code": 13}}}'),
    ("deepgram", '{"type": "Metadata", "request_id": "1"}'),
    ("deepgram", '{"type": "Warning", "description": "slow", "code": "W-1"}'),
    ("deepgram", '{"type": "Cleared", "sequence_id": 0}'),
    ("deepgram", "{}"),
    ("xai", '{"type": "session.note"}'),
    ("xai", "{}"),
]


@pytest.mark.parametrize(("vendor", "message"), IGNORED)
def test_messages_that_say_nothing_to_this_text_are_ignored(vendor: str, message: str) -> None:
    assert UTTERANCES[vendor].heard(message) == b""


@pytest.mark.parametrize("vendor", sorted(UTTERANCES))
@pytest.mark.parametrize("message", ["", "{", "[]", "null", '"word"', "7"])
def test_what_cannot_be_read_is_told(vendor: str, message: str) -> None:
    with pytest.raises(Upstream) as told:
        UTTERANCES[vendor].heard(message)
    assert told.value.retryable


REFUSALS = [
    ("elevenlabs", '{"error": "quota_exceeded", "message": "k is out of credits", "code": 1008}', False),
    ("elevenlabs", '{"error": "system_busy", "message": "busy", "code": 1008}', True),
    ("inworld", '{"result": {"status": {"code": 3, "message": "no such voice"}}}', False),
    ("inworld", '{"result": {"status": {"code": 8, "message": "too many"}}}', True),
    ("inworld", '{"error": {"code": 16, "message": "who are you"}}', False),
    ("deepgram", '{"type": "Error", "code": "DATA-0000", "description": "bad"}', False),
    ("deepgram", '{"type": "Error", "code": "NET-0001", "description": "gone"}', True),
    ("xai", '{"type": "error", "message": "it broke"}', True),
    ("xai", '{"type": "error", "message": "bad voice", "code": 400}', False),
]


@pytest.mark.parametrize(("vendor", "message", "retryable"), REFUSALS)
def test_what_a_vendor_refuses_is_told_with_its_words(vendor: str, message: str, retryable: bool) -> None:
    with pytest.raises(Upstream) as told:
        UTTERANCES[vendor].heard(message)
    assert told.value.retryable == retryable
    assert told.value.vendor_message
    assert "k is out" not in told.value.vendor_message


async def test_a_text_that_was_stopped_gives_its_connection_back() -> None:
    house = emulator(Case("deepgram"))
    async with house, adapter(Case("deepgram"), house) as tts:
        session = await tts.open(TtsConfig(provider="deepgram"), 8000)
        for _ in range(4):
            sound = session.speak("One sentence to be stopped. And another one that is longer than the first.")
            await anext(sound)
            await sound.aclose()  # type: ignore[attr-defined]
        await house.until(lambda: len([one for one in house.received if "Clear" in str(one.body)]) == 4)
        await house.until(lambda: house.open_streams == 1)
        assert b"".join([piece async for piece in session.speak("Well?")])
        await session.aclose()
