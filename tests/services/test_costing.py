"""What a call costs: by stage, by unit, on whose key; and what nobody has a price for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.domain.events import StageUsage, Usage
from trunkline.ports.offers import ModelFacts, ProviderFacts
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.services.costing import Prices, Tariff, cost_of, price_problems, tariff, with_stages

pytestmark = pytest.mark.unit

TOKENS = {"input": 2.0, "cached_input": 0.5, "output": 8.0, "audio_input": 40.0, "audio_output": 80.0}


def facts(id: str, category: str, **prices: dict[str, float] | None) -> ProviderFacts:
    models = tuple(
        ModelFacts(name, name, default=place == 0, price=price) for place, (name, price) in enumerate(prices.items())
    )
    return ProviderFacts(id, id, id, category, "", models)


CATALOGUE = (
    facts("ear", "stt", quick={"minute": 0.006}, new=None),
    facts("mind", "llm", big=TOKENS, small={"input": 1.0, "output": 4.0}),
    facts("mouth", "tts", warm={"thousand_characters": 0.05}),
    facts("both_realtime", "realtime", talks=TOKENS, timed={"minute": 0.05}),
    facts("local", "llm", scripted={"call": 0}),
)
KNOWN = tariff(CATALOGUE, {})


def cost(*stages: StageUsage, seconds: int = 0, known: Tariff = KNOWN) -> dict[str, Any]:
    return cost_of(Usage(stages=stages), seconds, known)


def test_each_stage_is_reckoned_in_its_own_unit() -> None:
    made = cost(
        StageUsage("stt", "ear", "quick", seconds=90),
        StageUsage("llm", "mind", "big", prompt_tokens=100_000, completion_tokens=10_000, cached_tokens=40_000),
        StageUsage("tts", "mouth", "warm", characters=1500),
    )
    assert [stage["usd"] for stage in made["stages"]] == [0.009, 0.22, 0.075]
    assert made["total"] == pytest.approx(0.009 + 0.22 + 0.075)
    assert made["unpriced"] == []
    assert made["currency"] == "USD"
    assert made["stages"][0] == {
        "stage": "stt",
        "provider": "ear",
        "model": "quick",
        "own_key": False,
        "usage": {"seconds": 90},
        "usd": 0.009,
    }
    used = {"prompt_tokens": 100_000, "completion_tokens": 10_000, "cached_tokens": 40_000}
    assert made["stages"][1]["usage"] == used


def test_sound_has_its_own_price_and_is_not_paid_twice() -> None:
    spoken = StageUsage(
        "realtime",
        "both_realtime",
        "talks",
        prompt_tokens=3000,
        completion_tokens=2000,
        cached_tokens=1000,
        audio_prompt_tokens=1500,
        audio_completion_tokens=1900,
    )
    text = (500 * 2.0 + 1000 * 0.5 + 100 * 8.0) / 1e6
    sound = (1500 * 40.0 + 1900 * 80.0) / 1e6
    assert cost(spoken)["total"] == pytest.approx(text + sound)


@pytest.mark.parametrize("told", [700, 0])
def test_sound_that_was_cached_costs_what_is_cached(told: int) -> None:
    spoken = StageUsage(
        "realtime",
        "both_realtime",
        "talks",
        prompt_tokens=1800,
        cached_tokens=1000,
        cached_audio_tokens=told,
        audio_prompt_tokens=1500,
    )
    made = cost(spoken)
    assert made["total"] == pytest.approx((1000 * 0.5 + 800 * 40.0) / 1e6)
    assert made["stages"][0]["usage"].get("cached_audio_tokens", 0) == told


def test_sound_that_was_cached_costs_what_sound_does_where_the_vendor_has_no_price_for_it() -> None:
    known = tariff(CATALOGUE, {"llm": {"both_realtime": {"talks": {"input": 2, "audio_input": 40}}}})
    spoken = StageUsage(
        "realtime",
        "both_realtime",
        "talks",
        prompt_tokens=1800,
        cached_tokens=1000,
        cached_audio_tokens=700,
        audio_prompt_tokens=1500,
    )
    assert cost(spoken, known=known)["total"] == pytest.approx((300 * 2 + 1500 * 40.0) / 1e6)


def test_what_ran_on_the_customers_key_is_shown_and_not_in_the_total() -> None:
    made = cost(
        StageUsage("stt", "ear", "quick", own_key=True, seconds=60), StageUsage("tts", "mouth", characters=1000)
    )
    assert [(stage["own_key"], stage["usd"]) for stage in made["stages"]] == [(True, 0.006), (False, 0.05)]
    assert made["total"] == 0.05


def test_the_platforms_fee_goes_by_the_second() -> None:
    known = tariff(CATALOGUE, {}, fee_per_minute=0.12)
    made = cost(StageUsage("stt", "ear", "quick", seconds=60), seconds=90, known=known)
    assert (made["platform_fee"], made["total"]) == (0.18, 0.186)
    assert cost(known=known) == {"currency": "USD", "total": 0, "platform_fee": 0, "stages": [], "unpriced": []}


@pytest.mark.parametrize(
    ("used", "named"),
    [
        (StageUsage("stt", "ear", "new", seconds=60), "stt ear/new"),
        (StageUsage("stt", "ear", "unheard-of", seconds=60), "stt ear/unheard-of"),
        (StageUsage("stt", "nobody", None, seconds=60), "stt nobody"),
        (StageUsage("llm", "mind", "small", prompt_tokens=10, audio_prompt_tokens=5), "llm mind/small"),
        (StageUsage("realtime", "both_realtime", "timed", prompt_tokens=10), "realtime both_realtime/timed"),
    ],
)
def test_what_has_no_price_is_named_and_not_guessed(used: StageUsage, named: str) -> None:
    made = cost(used, StageUsage("tts", "mouth", "warm", characters=1000))
    assert made["stages"][0]["usd"] is None
    assert made["unpriced"] == [named]
    assert made["total"] == 0.05


def test_a_model_that_was_opened_and_not_used_costs_nothing() -> None:
    assert cost(StageUsage("stt", "ear", "new"), StageUsage("llm", "nobody"))["unpriced"] == []
    assert cost(StageUsage("llm", "mind", "big"))["stages"][0]["usd"] == 0


def test_a_model_that_is_not_named_is_the_default_one() -> None:
    made = cost(StageUsage("stt", "ear", None, seconds=60))
    assert (made["stages"][0]["model"], made["total"]) == ("quick", 0.006)


def test_cached_tokens_without_a_price_of_their_own_cost_what_others_do() -> None:
    assert cost(StageUsage("llm", "mind", "small", prompt_tokens=1000, cached_tokens=600))["total"] == 0.001


def test_small_sums_are_rounded_once() -> None:
    known = tariff(CATALOGUE, {"tts": {"mouth": {"warm": {"thousand_characters": 0.0004}}}})
    stages = tuple(StageUsage("tts", "mouth", "warm", characters=1) for _ in range(10))
    assert cost(*stages, known=known)["total"] == pytest.approx(4e-6, abs=1e-6)


def test_the_operators_prices_stand_in_for_the_catalogues() -> None:
    own: Prices = {
        "stt": {"ear": {"new": {"minute": 0.01}}},
        "llm": {"mind": {"*": {"input": 0.0, "output": 0.0}}, "openai_compatible": {"*": {"call": 0.02}}},
        "tts": {"mouth": {"warm": None}},
    }
    known = tariff(CATALOGUE, own)
    assert known.price("stt", "ear", "quick") == {"minute": 0.006}
    assert known.price("stt", "ear", "new") == {"minute": 0.01}
    assert known.price("llm", "mind", "big") == {"input": 0.0, "output": 0.0}
    assert known.price("llm", "openai_compatible", "llama") == {"call": 0.02}
    assert known.price("tts", "mouth", "warm") is None
    assert cost(StageUsage("llm", "openai_compatible", "llama", prompt_tokens=9), known=known)["total"] == 0.02


@pytest.mark.parametrize(
    ("prices", "problem"),
    [
        ([], "must be an object"),
        ({"ears": {}}, "ears: there is no such stage"),
        ({"stt": []}, "stt: must be an object of providers"),
        ({"stt": {"ear": 5}}, "stt.ear: must be an object of models"),
        ({"stt": {"ear": {"new": 5}}}, "stt.ear.new: must be an object of units"),
        ({"stt": {"ear": {"new": {"hour": 5}}}}, "stt.ear.new.hour: there is no such unit"),
        ({"stt": {"ear": {"new": {"minute": -1}}}}, "stt.ear.new.minute: must be a number"),
        ({"stt": {"ear": {"new": {"minute": "1"}}}}, "stt.ear.new.minute: must be a number"),
        ({"stt": {"ear": {"new": {"minute": True}}}}, "stt.ear.new.minute: must be a number"),
        ({"stt": {"ear": {"new": {"minute": float("nan")}}}}, "stt.ear.new.minute: must be a number"),
    ],
)
def test_wrong_prices_are_told_by_their_place(prices: object, problem: str) -> None:
    [told] = price_problems(prices)
    assert told.startswith(problem)
    assert price_problems({"stt": {"ear": {"new": None, "*": {"minute": 0}}}}) == []


def test_who_tells_totals_alone_is_reckoned_by_the_assistant() -> None:
    usage = Usage(stt_seconds=60, llm_prompt_tokens=10, llm_completion_tokens=5, tts_characters=1000)
    assistant = {
        "llm_config": {"provider": "local", "model": "scripted", "fallbacks": []},
        "stt_config": {"provider": "ear", "model": None},
        "tts_config": {"provider": "mouth", "model": "warm", "fallbacks": [{"provider": "local"}]},
    }
    made = cost_of(with_stages(usage, assistant), 0, KNOWN)
    assert [stage["usd"] for stage in made["stages"]] == [0.006, 0, None]
    assert made["unpriced"] == ["tts unknown"]
    known = Usage(stages=(StageUsage("tts", "mouth"),))
    assert with_stages(known, assistant) is known


def test_every_price_of_the_catalogue_is_one_that_can_be_reckoned_with() -> None:
    providers = Catalogue(ProviderSettings()).providers()
    for one in providers:
        stage = "llm" if one.category == "realtime" else one.category
        assert price_problems({stage: {one.id: {model.id: model.price for model in one.models}}}) == []
    known = tariff(providers, {})
    everything = {
        "stt": StageUsage("stt", "", seconds=60),
        "llm": StageUsage("llm", "", prompt_tokens=10, completion_tokens=5, cached_tokens=2),
        "tts": StageUsage("tts", "", characters=100, seconds=6),
        "realtime": StageUsage(
            "realtime",
            "",
            seconds=60,
            prompt_tokens=10,
            completion_tokens=5,
            audio_prompt_tokens=5,
            audio_completion_tokens=5,
        ),
    }
    priced = {
        (one.category, one.id, model.id): known.price(one.category, one.id, model.id)
        for one in providers
        for model in one.models
    }
    assert sum(price is not None for price in priced.values()) > 45
    assert priced["llm", "openai", "gpt-5.4"] == {"input": 2.5, "cached_input": 0.25, "output": 15}
    for (category, provider, model), price in priced.items():
        used = everything[category]
        reckoned = cost(replace(used, provider=provider, model=model), known=known)["stages"][0]["usd"]
        assert (reckoned is None) == (price is None), (category, provider, model)


def test_the_manual_tells_where_every_price_comes_from() -> None:
    page = (Path(__file__).parents[2] / "docs" / "costs.md").read_text()
    for one in Catalogue(ProviderSettings()).providers():
        for model in one.models:
            if model.price is None and one.id != "local":
                assert f"`{model.id}`" in page.partition("Without a price for now")[2], model.id
        if any(model.price for model in one.models):
            assert f"| `{one.id}` |" in page or one.id == "local", one.id
