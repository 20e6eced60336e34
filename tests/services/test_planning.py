"""The rules of planning, without any database: merging, variables, destinations, percentiles."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.base.errors import Invalid
from trunkline.domain.assistant import TransientAssistant
from trunkline.services import destinations
from trunkline.services.latency import aggregate, percentile
from trunkline.services.planning import merged, resolved
from trunkline.services.variables import fill

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("base", "override", "whole"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}),
    ],
)
def test_objects_merge_deeply_arrays_and_scalars_replace_and_null_clears(
    base: dict[str, Any], override: dict[str, Any], whole: dict[str, Any]
) -> None:
    before = str(base)
    assert merged(base, override) == whole
    assert str(base) == before


JSON = st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_an_override_is_found_again_in_what_it_was_merged_into(base: dict[str, Any], override: dict[str, Any]) -> None:
    whole = merged(base, override)
    assert merged(whole, override) == whole
    assert merged(base, {}) == base
    assert set(whole) == set(base) | set(override)


CONFIG: dict[str, Any] = {
    "first_message": "Hello {{ name }}",
    "voicemail_message": "Call back about {{ name }}",
    "llm_config": {
        "messages": [{"role": "system", "content": "{{name}} owes {{amount}}. {not a place} {{}}"}],
        "script": {
            "goal": "For {{name}}",
            "steps": [{"id": "day", "ask": "When, {{name}}?", "slot": "day"}, {"id": "end", "say": "On {{day}}."}],
        },
    },
    "speech_config": {
        "end_call_message": "Bye {{name}}",
        "silence": {"messages": ["{{name}}?"], "final_message": None},
    },
    "business_name": "{{name}} Ltd",
}


def test_variables_fill_everything_that_is_said_or_told() -> None:
    filled = fill(CONFIG, {"name": "{{amount}}", "amount": "5 €"})
    assert filled["first_message"] == "Hello {{amount}}"
    assert filled["voicemail_message"] == "Call back about {{amount}}"
    assert filled["llm_config"]["messages"][0]["content"] == "{{amount}} owes 5 €. {not a place} {{}}"
    assert filled["llm_config"]["script"]["goal"] == "For {{amount}}"
    assert filled["llm_config"]["script"]["steps"][0]["ask"] == "When, {{amount}}?"
    assert filled["speech_config"]["silence"]["messages"] == ["{{amount}}?"]
    assert filled["speech_config"]["end_call_message"] == "Bye {{amount}}"
    assert filled["business_name"] == "{{name}} Ltd"
    assert CONFIG["first_message"] == "Hello {{ name }}"


def test_a_slot_of_the_script_is_no_variable() -> None:
    filled = fill(CONFIG, {"name": "Zoë", "amount": "5"})
    assert filled["llm_config"]["script"]["steps"][1]["say"] == "On {{day}}."


def test_variables_fill_in_no_more_than_a_mebibyte() -> None:
    config = {**CONFIG, "first_message": "{{name}}" * 100}
    assert len(fill(config, {"name": "x" * 9_000, "amount": "5"})["first_message"]) == 900_000
    with pytest.raises(Invalid) as refused:
        fill(config, {"name": "x" * 11_000, "amount": "5"})
    assert refused.value.details == ("variables: would put more than 1 MiB of text into the assistant",)


def test_every_variable_that_is_missing_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        fill(CONFIG, {})
    assert refused.value.code == "missing_variables"
    assert refused.value.details == (
        "variables.name: first_message needs it",
        "variables.amount: llm_config.messages needs it",
    )


@pytest.mark.parametrize("good", ["+31612345678", "+12025550123", "+4930123456"])
def test_a_number_in_e164_is_taken(good: str) -> None:
    assert destinations.check(good, sip_uri_allowed=False) == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "31612345678",
        "+31 6 12345678",
        "+0612345678",
        "+3161",
        "+9990000000000",
        "+316123456789012345",
        "+31612345678\n",
    ],
)
def test_anything_else_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        destinations.check(bad)


@pytest.mark.parametrize(
    "good", ["sip:desk@example.com", "sips:a.b+c@10.0.0.1:5061;transport=tls", "sip:x@[2001:db8::1]"]
)
def test_a_sip_uri_is_taken_where_it_is_allowed(good: str) -> None:
    assert destinations.check(good) == good
    with pytest.raises(Invalid, match="allow_sip_uri"):
        destinations.check(good, sip_uri_allowed=False)


@pytest.mark.parametrize(
    "bad",
    ["sip:@example.com", "sip:a@", "sip:a@b c", "sip:a@b>\r\nVia: x", "sip:a@b?Subject=x", "http://a@b", "sip:a\n@b"],
)
def test_a_sip_uri_that_could_break_the_message_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        destinations.check(bad)


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert percentile([], 50) is None
    assert percentile([7.0], 95) == 7.0
    assert percentile([float(n) for n in range(1, 101)], 95) == 95.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.0


def test_latency_counts_only_what_was_measured() -> None:
    assert aggregate([]) is None
    whole = aggregate([{"turn": 1, "heard": 900.0, "stt": None}, {"turn": 2, "heard": 700.0}])
    assert whole is not None
    assert (whole["p50"]["heard"], whole["p95"]["heard"], whole["p50"]["stt"]) == (700.0, 900.0, None)
    assert [turn["turn"] for turn in whole["turns"]] == [1, 2]


def test_with_a_realtime_model_recogniser_and_voice_are_left_out() -> None:
    llm = {"provider": "openai_realtime", "messages": [{"content": "Be kind to {{name}}."}]}
    given = {"llm_config": llm, "stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
    base = TransientAssistant.model_validate(given)
    found = resolved(base, None, None, {"name": "Bob"})
    assert (found.stt_config, found.tts_config) == (None, None)
    assert found.llm_config.messages[0].content == "Be kind to Bob."
    changed = resolved(base, {"llm_config": {"provider": "local"}}, None, {"name": "Bob"})
    assert changed.stt_config is not None
    assert changed.tts_config is not None
