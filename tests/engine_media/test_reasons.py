"""Why a provider failed, as the error of a call says it."""

import json

import pytest

from trunkline.base.errors import Upstream
from trunkline.engine.reasons import explained

pytestmark = pytest.mark.unit


def told(vendor_message: str, status: int | None = 400, message: str = "openai failed (invalid_value)") -> str:
    error = Upstream(message, provider="openai", retryable=False, status=status, vendor_message=vendor_message)
    return explained(error, "openai_realtime").message


def test_the_provider_is_named_and_the_vendor_is_heard() -> None:
    error = Upstream("openai failed.", provider="openai", retryable=True, vendor_message="Try again  in\n2s.")
    found = explained(error, "openai_realtime")
    assert (found.provider, found.message, found.retryable) == (
        "openai_realtime",
        "openai failed: Try again in 2s.",
        True,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "No such voice.", "code": "invalid_value"}},
        {"detail": {"status": "voice_not_found", "message": "No such voice."}},
        {"detail": [{"loc": ["body"], "msg": "No such voice."}]},
        {"message": "No such voice."},
        {"err_code": "X", "err_msg": "No such voice."},
        [{"error": {"message": "No such voice."}}],
    ],
)
def test_its_words_are_found_in_an_error_object(body: object) -> None:
    assert told(json.dumps(body)) == "openai failed (invalid_value): No such voice."


@pytest.mark.parametrize("words", ["", "TimeoutError", "<html><body>Bad gateway</body></html>", "{}", "[]", "17"])
def test_what_is_not_for_people_is_left_out(words: str) -> None:
    assert told(words) == "openai failed (invalid_value)"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Incorrect API key provided: sk-abc***wxyz.", None),
        ("Your key abc is not allowed here", 403),
        ("The token eyJhbGciOi is expired", 400),
    ],
)
def test_what_it_says_of_keys_is_left_out(words: str, status: int | None) -> None:
    assert told(words, status) == "openai failed (invalid_value)"


def test_what_looks_like_a_key_is_cut_out() -> None:
    assert told("There is no project sk-proj-123456 or ab****yz.") == (
        "openai failed (invalid_value): There is no project [key] or [key]"
    )


def test_long_words_are_cut() -> None:
    assert told("a " * 150, message="failed") == f"failed: {'a ' * 99}a…"


def test_words_that_are_said_already_are_not_said_twice() -> None:
    assert told("No such voice.", message="No such voice.") == "No such voice."
