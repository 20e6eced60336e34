"""The bodies of webhooks, field by field."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.webhooks.test_asking import call, nested, plan
from trunkline.domain.call import Direction
from trunkline.webhooks.envelope import REPORT_FIELDS, CallFacts, end_of_call_report, status_update, tool_calls

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
CALL = CallFacts(
    "call-1",
    Direction.OUTBOUND,
    "in-progress",
    "n1",
    "+31850835037",
    "Main line",
    "+31612345678",
    {"name": "Anna"},
    {"a": 1},
)


def message(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    assert list(found) == ["message"]
    inner: dict[str, Any] = found["message"]
    return inner


def test_a_status_update_is_as_the_contract_shows_it() -> None:
    assert message(status_update(CALL, AT)) == {
        "type": "status-update",
        "timestamp": "2026-11-22T10:00:00.000Z",
        "call": {"id": "call-1", "type": "outbound_phone_call", "status": "in-progress"},
        "phone_number": {"id": "n1", "number": "+31850835037", "name": "Main line"},
        "customer": {"number": "+31612345678"},
        "assistant": {"name": "Anna"},
        "metadata": {"a": 1},
    }


def test_the_end_and_what_broke_are_told() -> None:
    told = message(status_update(CALL, AT, "provider_error", "the voice failed"))
    assert (told["end_reason"], told["error"]) == ("provider_error", "the voice failed")


@pytest.mark.parametrize(
    ("direction", "kind"),
    [
        (Direction.INBOUND, "inbound_phone_call"),
        (Direction.OUTBOUND, "outbound_phone_call"),
        (Direction.WEB, "web_call"),
    ],
)
def test_the_type_says_who_called(direction: Direction, kind: str) -> None:
    assert message(status_update(CallFacts("c", direction, "ringing"), AT))["call"]["type"] == kind


def test_a_report_has_every_field_even_where_there_is_nothing() -> None:
    told = message(end_of_call_report(CALL, AT, {"summary": "Fine.", "not_told": 1}))
    assert told["summary"] == "Fine."
    assert "not_told" not in told
    assert [told[name] for name in REPORT_FIELDS if name != "summary"] == [None] * (len(REPORT_FIELDS) - 1)


def test_no_secret_leaves_with_the_configuration() -> None:
    body = tool_calls(plan(nested("a", "https://x.example/", "the tool's own secret")), AT, [call("a")])
    assert b"the tool's own secret" not in body
    assert b"assistant's own" not in body
    told = message(body)["assistant"]
    assert told["webhook_secret"] is None
    assert told["llm_config"]["tools"][0]["server"] == {"url": "https://x.example/", "secret": None}


def test_words_that_are_no_valid_unicode_do_not_stop_a_message() -> None:
    told = message(tool_calls(plan(nested("a", "https://x.example/")), AT, [call("a", text="\ud83d", big=2**80)]))
    assert told["tool_call_list"][0]["function"]["arguments"] == {"text": "\ud83d", "big": 2**80}
