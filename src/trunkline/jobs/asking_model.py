"""The questions that a finished call puts to a language model, and how its answers are read."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

import orjson

from trunkline.base.errors import Invalid
from trunkline.domain.analysis import EXTRACT, PLACEHOLDERS, TRANSCRIPT
from trunkline.domain.assistant import AnalysisPlan, LlmConfig, PromptMessage
from trunkline.domain.transcript import Message
from trunkline.ports.models import Delta, LlmSession, Spent, Turn

SUMMARY = (
    "You summarise phone calls. Write two to four plain sentences: who wanted what, what was said and agreed, and what "
    "is to be done next. Say only what is in the transcript. The call ended with: {{ended_reason}}."
)
JUDGE = (
    "You judge whether a phone call reached its aim. Answer with nothing but a JSON object "
    '{"passed": true or false, "reason": "one sentence"}.\n\nThe rubric: {{rubric}}\n\n'
    "The call ended with: {{ended_reason}}."
)
DEFAULT_RUBRIC = "The assistant did what its instructions ask for, and the other party got what it needed."
STARTS = 50
MOST_CHARACTERS = 4_000_000
"""What no model reads: a prompt that comes to more is not put together."""
_PLACE = re.compile(r"\{\{([^{}]+)\}\}|\{(" + "|".join(PLACEHOLDERS) + r")\}")
REPAIR = "That does not fit: {problems}. Answer again with nothing but JSON that fits."


def transcript_of(messages: Sequence[Message]) -> str:
    """The conversation as text, a line for each turn."""
    return "\n".join(f"{message.role.value}: {message.content}" for message in messages)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every ``{{name}}`` of ``values`` replaced, and ``{transcript}``, ``{summary}``, ``{duration}`` and
    ``{caller_number}``; ``{{endedReason}}`` is the old spelling of ``{{ended_reason}}``. What is put in stays as it is.
    Raises Invalid where it comes to more than 4 million characters."""
    put = 0

    def one(place: re.Match[str]) -> str:
        nonlocal put
        name = (place.group(1) or place.group(2)).strip()
        value = values.get({"endedReason": "ended_reason"}.get(name, name), place.group(0))
        put += len(value)
        _check_length(put)
        return value

    return _PLACE.sub(one, text)


def summary_turns(values: Mapping[str, str]) -> list[Turn]:
    """Asks for the summary."""
    return _turns((PromptMessage(content=SUMMARY), PromptMessage(role="user", content=TRANSCRIPT)), values)


def extraction_turns(plan: AnalysisPlan, values: Mapping[str, str]) -> list[Turn]:
    """Asks for the structured data: in the plan's own words where it has some."""
    own = plan.structured_data_plan.messages
    return _turns(own or (PromptMessage(content=EXTRACT), PromptMessage(role="user", content=TRANSCRIPT)), values)


def judging_turns(plan: AnalysisPlan, values: Mapping[str, str]) -> list[Turn]:
    """Asks whether the call was a success."""
    rubric = plan.success_evaluation.rubric or DEFAULT_RUBRIC
    asked = (PromptMessage(content=JUDGE), PromptMessage(role="user", content=TRANSCRIPT))
    return _turns(asked, {**values, "rubric": rubric})


def repair_turns(asked: Sequence[Turn], answer: str, problems: Sequence[str]) -> list[Turn]:
    """Asks once more, saying what was wrong."""
    return [*asked, Turn("assistant", answer), Turn("user", REPAIR.format(problems="; ".join(problems)))]


def for_analysis(config: LlmConfig) -> LlmConfig:
    """The assistant's own model without its tools and instructions, and as sober as can be."""
    return config.model_copy(update={"tools": (), "messages": (), "temperature": 0.0, "max_completion_tokens": None})


class Model:
    """A language model that is asked about one call; ``spent`` adds up what its replies cost, by the vendor's figures."""

    def __init__(self, session: LlmSession) -> None:
        self._session = session
        self.spent = Spent()

    async def answer(self, turns: Sequence[Turn]) -> str:
        """The whole reply as text. Raises Upstream."""
        words = []
        async for part in self._session.reply(turns, ()):
            if isinstance(part, Delta):
                words.append(part.text)
            elif isinstance(part, Spent):
                self.spent = Spent(
                    **{one.name: getattr(self.spent, one.name) + getattr(part, one.name) for one in fields(Spent)}
                )
        return "".join(words).strip().encode(errors="replace").decode()


def json_in(answer: str) -> Any:
    """The JSON value in an answer, also where a fence or words stand around it. Raises ValueError when there is none,
    or one that cannot be kept: no number (``NaN``), one beyond 64 bits, half of a character."""
    value = _found_in(answer)
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise ValueError("the answer holds a number or a sign that cannot be kept") from None
    return value


def _found_in(answer: str) -> Any:
    decoder = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
    answer = answer.strip()
    starts = (at for at, sign in enumerate(answer) if sign in "{[")
    for at in (0, *islice(starts, STARTS)):
        try:
            value, end = decoder.raw_decode(answer, at)
        except RecursionError:
            break
        except ValueError:
            continue
        if answer[at] in "{[" or end == len(answer):
            return value
    raise ValueError("the answer is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


def _turns(messages: Sequence[PromptMessage], values: Mapping[str, str]) -> list[Turn]:
    turns: list[Turn] = []
    length = 0
    for message in messages:
        turns.append(Turn(message.role, filled(message.content, values)))
        length += len(turns[-1].content)
        _check_length(length)
    return turns


def _check_length(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise Invalid(f"with the call put in, the prompt of the analysis is longer than {MOST_CHARACTERS} characters")
