"""True and false are no numbers, and numbers are neither."""

import pytest

from trunkline.base.errors import Invalid
from trunkline.domain.assistant import AssistantSettings
from trunkline.services.validation import checked

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"max_duration_seconds": True}, None),
        ({"is_active": 0}, "is_active: must be true or false"),
        ({"llm_config": {"provider": "openai", "model": "m", "temperature": False}}, "llm_config.temperature"),
        (
            {"llm_config": {"provider": "openai", "model": "m", "turn_detection": {"idle_timeout_ms": False}}},
            "llm_config.turn_detection.idle_timeout_ms: must be a number",
        ),
    ],
)
def test_booleans_and_numbers_are_told_apart(body: dict[str, object], detail: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        checked(AssistantSettings, {"name": "A", **body})
    assert detail is None or str(refused.value.details[0]).startswith(detail)


def test_what_is_right_stays_right() -> None:
    body = {"name": "A", "is_active": False, "llm_config": {"provider": "openai", "model": "m", "temperature": 1}}
    made = checked(AssistantSettings, body)
    assert made.is_active is False
    assert made.llm_config is not None
    assert made.llm_config.temperature == 1.0
