"""The functions that models are offered, and the words that stand ready."""

from typing import Any

import pytest

from tests.engine_talk.world import plan
from trunkline.domain.assistant import LlmConfig
from trunkline.domain.call import Direction
from trunkline.engine.prompt import ToolKind, apology, first_message, function_specs, tool_kinds

pytestmark = pytest.mark.unit


def _config(*tools: dict[str, Any]) -> LlmConfig:
    return LlmConfig.model_validate({"provider": "local", "tools": tools})


def test_every_tool_becomes_a_function_once() -> None:
    config = _config(
        {"name": "look_up", "description": "Finds.", "url": "https://example.org"},
        {"type": "function", "function": {"name": "book"}, "server": {"url": "https://example.org"}},
        {"type": "endCall"},
        {"type": "transfer_call", "destinations": [{"number": "+31201", "description": "sales"}]},
        {"type": "transfer_call", "destinations": [{"number": "+31202"}]},
        {"type": "send_dtmf"},
    )
    specs = {spec.name: spec for spec in function_specs(config)}
    assert list(specs) == ["look_up", "book", "end_call", "transfer_call", "send_dtmf"]
    assert specs["transfer_call"].parameters["properties"]["destination"]["enum"] == ["+31201", "+31202"]
    assert "+31201: sales" in specs["transfer_call"].description


def test_no_tools_are_no_functions() -> None:
    assert function_specs(_config()) == ()


def test_a_webhook_tool_cannot_take_a_name_of_ours() -> None:
    config = _config({"name": "end_call", "url": "https://example.org"}, {"type": "end_call"})
    assert [spec.name for spec in function_specs(config)] == ["end_call"]
    assert tool_kinds(config) == {"end_call": ToolKind.END_CALL}


@pytest.mark.parametrize(
    ("direction", "settings", "expected"),
    [
        (Direction.OUTBOUND, {"first_message": "Hello."}, "Hello."),
        (Direction.OUTBOUND, {"first_message": "Hello.", "speech_config": {"first_message_outbound": "Hi."}}, "Hi."),
        (Direction.INBOUND, {"first_message": "Hello.", "speech_config": {"first_message_outbound": "Hi."}}, "Hello."),
        (Direction.OUTBOUND, {}, None),
        (Direction.OUTBOUND, {"first_message": "  "}, None),
    ],
)
def test_the_first_message(direction: Direction, settings: dict[str, Any], expected: str | None) -> None:
    assert first_message(plan(direction, **settings)) == expected


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, "I'm sorry"),
        ({"tts_config": {"provider": "local", "language": "nl-NL"}}, "Het spijt me"),
        ({"stt_config": {"provider": "local", "language": "de"}}, "Es tut mir leid"),
        ({"stt_config": {"provider": "local", "language": "ja"}}, "I'm sorry"),
    ],
)
def test_the_apology_speaks_the_language_of_the_voice(settings: dict[str, Any], start: str) -> None:
    assert apology(plan(**settings)).startswith(start)
