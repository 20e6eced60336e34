"""Vendors' messages in which anything stands in place of anything: read, or refused as an Upstream, never a crash."""

import base64
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.llm.anthropic_reply import AnthropicReply, Thoughts
from trunkline.providers.llm.chat_reply import ChatReply
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.google_reply import GoogleReply, Signatures
from trunkline.providers.tts.deepgram import DeepgramUtterance
from trunkline.providers.tts.elevenlabs import ElevenLabsUtterance
from trunkline.providers.tts.google import GeminiSession
from trunkline.providers.tts.inworld import InworldUtterance
from trunkline.providers.tts.xai import XaiUtterance
from trunkline.providers.vendor import Vendor

pytestmark = pytest.mark.unit

VENDOR, KEY = Vendor("acme", "http://vendor.test"), SecretStr("secret")
SOUND = base64.b64encode(bytes(320)).decode()
ODD: Sequence[Any] = (None, 5, -1, 1e300, True, "", "é", [], [1], [None], {}, {"a": 1})
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}
CALLED = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
GEMINI_PARTS = [{"text": "Hi."}, {"functionCall": {"name": "f", "args": {}, "id": "z"}, "thoughtSignature": "s"}]

Feed = Callable[[bytes], object]


def places(message: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a message."""
    inside = message.items() if isinstance(message, dict) else enumerate(message) if isinstance(message, list) else ()
    for name, value in inside:
        yield (*path, name)
        yield from places(value, (*path, name))


def spoiled(message: dict[str, Any]) -> Iterator[bytes]:
    """The message with each of its parts replaced by each oddity, or gone."""
    for path in places(message):
        for odd in (*ODD, ...):
            changed = copy.deepcopy(message)
            holder = changed
            for name in path[:-1]:
                holder = holder[name]
            if odd is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = odd
            yield orjson.dumps(changed)


def survives(make: Callable[[], Feed], *messages: dict[str, Any]) -> None:
    """Each message spoiled in turn, between those before it and after it."""
    whole = [orjson.dumps(message) for message in messages]
    for at, message in enumerate(messages):
        for odd in spoiled(message):
            feed = make()
            try:
                for one in (*whole[:at], odd, *whole[at + 1 :]):
                    feed(one)
            except Upstream:
                continue


def reading(reply: ChatReply | GoogleReply | AnthropicReply) -> Feed:
    """A reply that is asked for its end after each message, as it might be."""

    def feed(message: bytes) -> None:
        reply.take(message)
        if reply.complete:
            reply.finish()

    return feed


def gemini_voice() -> Feed:
    """What reads the sound of a Gemini voice."""
    return GeminiSession(VENDOR, KEY, TtsConfig(provider="google"), "gemini-tts", 8000)._heard


def test_chat_completions() -> None:
    survives(
        lambda: reading(ChatReply()),
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi."}}], "usage": USAGE},
        {"choices": [{"index": 0, "delta": {"tool_calls": [CALLED]}}]},
        {"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "x"}]}, "finish_reason": "stop"}]},
        {"error": {"message": "broken", "code": 5, "param": "z"}},
    )


def test_gemini() -> None:
    survives(
        lambda: reading(GoogleReply(Failing("google"), Signatures(), {}, "", may_be_silent=False)),
        {
            "candidates": [{"content": {"parts": GEMINI_PARTS}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 1},
        },
        {"promptFeedback": {"blockReason": "x"}},
    )


def test_claude() -> None:
    survives(
        lambda: reading(AnthropicReply(Failing("anthropic"), Thoughts(), "", may_be_silent=False)),
        {"type": "message_start", "message": {"usage": {"input_tokens": 1, "cache_read_input_tokens": 2}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi."}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "error", "error": {"type": "api_error", "message": "broken"}},
    )


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: ElevenLabsUtterance(VENDOR, KEY, "Hi.", {}).heard,
            [{"audio": SOUND, "alignment": {"chars": ["a"]}}, {"isFinal": True}, {"error": "x", "message": "m"}],
        ),
        (
            lambda: InworldUtterance(VENDOR, KEY, "Hi.", {}).heard,
            [
                {"result": {"audioChunk": {"audioContent": SOUND, "usage": {"processedCharactersCount": 3}}}},
                {"error": {"code": 3, "message": "m"}},
            ],
        ),
        (
            lambda: DeepgramUtterance(VENDOR, KEY, "Hi.").heard,
            [{"type": "Metadata"}, {"type": "Flushed"}, {"type": "Error", "code": "x", "description": "d"}],
        ),
        (
            lambda: XaiUtterance(VENDOR, KEY, "Hi.").heard,
            [{"type": "audio.delta", "delta": SOUND}, {"type": "error", "code": 3, "message": "d"}],
        ),
        (
            gemini_voice,
            [
                {"candidates": [{"content": {"parts": [{"inlineData": {"data": SOUND}}]}}]},
                {"error": {"code": 3, "message": "m"}},
            ],
        ),
    ],
)
def test_voices(make: Callable[[], Feed], messages: Sequence[dict[str, Any]]) -> None:
    survives(make, *messages)
