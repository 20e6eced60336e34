"""What a call of the run must have been: understood on both sides, ended rightly, counted, priced, and over everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.combinations.cells import Combination
from trunkline.providers import offers
from trunkline.testing.person import HIGHEST_ERROR_RATE, Talk

FIRST = "Hello, this is Bright Smile Dental. When would you like to come in?"
REPEATED = "I understood"
ENDED = ("ended", "assistant_ended")
LEAST: dict[str, dict[str, float]] = {
    "stt": {"seconds": 2},
    "llm": {"prompt_tokens": 1, "completion_tokens": 1},
    "tts": {"characters": len(FIRST)},
}
LEAST_REALTIME: dict[str, float] = {"seconds": 5, "prompt_tokens": 1, "completion_tokens": 1}
"""What a stage of a whole talk has used at least."""
LOCAL = "local"
"""Speaks the given words of a realtime model that cannot be made to, and costs nothing."""
_CENT_PART = 1e-5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one combination. ``problems`` is empty where all was well; ``misheard`` says that they are only in what
    recognisers made of the words; ``tries`` counts the calls that were made; ``story`` is both sides' account."""

    combination: Combination
    problems: tuple[str, ...] = ()
    misheard: bool = False
    tries: int = 1
    seconds: float = 0.0
    error_rates: tuple[float, ...] = ()
    story: str = ""

    @property
    def passed(self) -> bool:
        """Whether the last try was as it must be."""
        return not self.problems


def judged(combination: Combination, talk: Talk) -> Verdict:
    """The verdict on one talk; the vendors' open streams are not in it."""
    broken = [*_end(talk), *_usage(combination, talk.call), *_cost(combination, talk.call)]
    rates = talk.error_rates()
    misheard = [
        f"the {side}'s words have an error rate of {rate:.2f}"
        for side, rate in rates.items()
        if rate >= HIGHEST_ERROR_RATE
    ]
    seconds = float(talk.call["duration_seconds"] or 0)
    only = bool(misheard) and not broken
    return Verdict(
        combination, (*broken, *misheard), only, seconds=seconds, error_rates=tuple(rates.values()), story=repr(talk)
    )


def _end(talk: Talk) -> Iterator[str]:
    call = talk.call
    if (call["status"], call["end_reason"]) != ENDED:
        yield f"{call['status']} as {call['end_reason']}: {call.get('error') or 'no error'}"
    if not call["messages"] or call["messages"][0]["content"] != FIRST:
        yield "the first message is not the first of the transcript"
    elif REPEATED not in talk.of("assistant"):
        yield "the model did not repeat what it had understood"


def _usage(combination: Combination, call: dict[str, Any]) -> Iterator[str]:
    used = {one["stage"]: one for one in call["cost"]["stages"]}
    for stage, provider in combination.providers.items():
        least = LEAST_REALTIME if combination.is_realtime else LEAST[stage]
        if stage not in used or used[stage]["provider"] != provider:
            yield f"no usage of {stage} {provider}"
            continue
        for name, amount in least.items():
            if (used[stage]["usage"].get(name) or 0) < amount:
                yield f"{stage} {provider} used {used[stage]['usage'].get(name)} {name}"


def _cost(combination: Combination, call: dict[str, Any]) -> Iterator[str]:
    cost = call["cost"]
    if more := set(cost["unpriced"]) - _without_price():
        yield f"no price of {', '.join(sorted(more))}"
    priced = [one for one in cost["stages"] if one["usd"] is not None]
    if free := [one["stage"] for one in priced if one["provider"] != LOCAL and not one["usd"] > 0]:
        yield f"{', '.join(free)} cost nothing"
    if sum(one["provider"] != LOCAL for one in priced) + len(cost["unpriced"]) < len(combination.providers):
        yield "a stage has neither a cost nor a name among the unpriced"
    if abs(sum(one["usd"] for one in priced) - (cost["total"] - cost["platform_fee"])) > _CENT_PART:
        yield "the total is not the sum of the stages"


@cache
def _without_price() -> frozenset[str]:
    """The models that the catalogue has no price of, as the API names them."""
    return frozenset(
        f"{'llm' if fact.category == 'realtime' else fact.category} {fact.id}/{model.id}"
        for fact in offers.facts()
        for model in fact.models
        if model.price is None
    )
