"""The senses of a call with a realtime model: the model in place of recogniser and language model, and our own voice."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import FunctionSpec, LlmConfig, llm_choices
from trunkline.domain.events import Usage
from trunkline.domain.plan import CallPlan
from trunkline.engine import effects
from trunkline.engine.candidates import Candidate, candidate
from trunkline.engine.duplex import Duplex
from trunkline.engine.duplex_replies import Given
from trunkline.engine.events import Event
from trunkline.engine.gear import Gear
from trunkline.engine.hearing import Ears
from trunkline.engine.opening import Opening
from trunkline.engine.prompt import function_specs, instructions
from trunkline.engine.senses import PartySenses
from trunkline.engine.utterance import Lexicon
from trunkline.ports.realtime import RealtimeSession, SpeaksGivenWords


class DuplexSenses(PartySenses):
    """Opens the model and our own voice at once. What is prepared waits for nobody: our own voice is quick, and what the
    model says it says itself. Where the answer brings another rate, all is opened anew."""

    def __init__(self, plan: CallPlan, gear: Gear, tell: Callable[[Event], None], crew: Crew) -> None:
        self._functions = function_specs(plan.assistant.llm_config)
        self._instructions = instructions(plan)
        self._lexicon = Lexicon(plan.assistant.speech_config.pronunciation)
        self._complete = asyncio.Event()
        self._complete.set()
        super().__init__(plan, gear, tell, crew)

    def expect_functions(self) -> None:
        self._complete.clear()

    def offer(self, functions: Sequence[FunctionSpec]) -> None:
        self._functions += tuple(functions)
        self._complete.set()

    def wants(self, reply: int) -> bool:
        return self._model.wants(reply)

    def usage(self) -> Usage:
        self._model.book()
        return super().usage()

    def performers(self) -> dict[type, Callable[[Any], None]]:
        return {
            **self._spoken(),
            effects.Say: self._say,
            effects.Play: self._play,
            effects.StopSpeaking: self._stop_speaking,
            effects.StopThinking: lambda effect: self._model.stop(effect.reply),
            effects.Respond: lambda effect: self._model.respond(),
            effects.Remember: lambda effect: self._model.remember(effect.turns),
            effects.Instruct: self._instruct,
            effects.Truncate: lambda effect: self._model.truncate(effect.reply, effect.played_seconds, effect.heard),
            effects.Prepare: lambda effect: None,
        }

    # --- what is said

    def _say(self, effect: effects.Say) -> None:
        number, text = effect.utterance, effect.text
        take = None if effect.own else self._model.say(number, self._lexicon.spoken(text), text, firm=effect.firm)
        if take is None:
            self.speaker.speak(number, text)
        else:
            self.speaker.voice(number, take)
        self.speaker.end(number)

    def _play(self, effect: effects.Play) -> None:
        take = self._model.playing(effect.reply)
        if take is not None:
            self.speaker.voice(effect.utterance, take)

    def _stop_speaking(self, effect: effects.StopSpeaking) -> None:
        self.speaker.stop(effect.utterance)
        self._model.unsay(effect.utterance)

    def _voiceless(self, given: Given, text: str) -> None:
        """The model did not speak all that it was given: we say ``text``."""
        if text == given.text:
            given.take.text = ""
        if self.speaker.knows(given.utterance):
            self.speaker.speak(given.utterance, text)

    def _instruct(self, effect: effects.Instruct) -> None:
        self._instructions = effect.text
        self._model.instruct(effect.text)

    # --- who hears and thinks

    def _ears(self) -> Ears:
        plan, gear = self._plan, self._gear
        candidates = self._candidates(plan, gear, self.sample_rate_hz)
        opening: Opening[RealtimeSession] = Opening(candidates, self._crew, gear.breakers)
        self._openings.append(opening)
        self._model = Duplex(
            opening,
            self.sample_rate_hz,
            self._tell,
            lambda: self.speaker.sound_came(),
            self._voiceless,
            self._crew,
            gear.clock,
            self._complete,
            speaks=self._speaks(plan, gear),
        )
        self._model.begin()
        return self._model.ears

    def _speaks(self, plan: CallPlan, gear: Gear) -> bool:
        """Whether the model says of itself that it speaks given words. One that cannot be had shows when it is opened."""
        provider = plan.assistant.llm_config.provider
        key = plan.keys.get(gear.models.vendor(provider))
        try:
            model = gear.models.realtime(provider, SecretStr(key) if key is not None else None)
        except Invalid:
            return False
        return isinstance(model, SpeaksGivenWords) and model.speaks_given_words

    def _candidates(self, plan: CallPlan, gear: Gear, rate: int) -> tuple[Candidate[RealtimeSession], ...]:
        """Those who hear and speak, in the order in which they are tried. The voices of one vendor are not another's."""
        first = plan.assistant.llm_config

        def one(choice: LlmConfig) -> Candidate[RealtimeSession]:
            config = choice if choice.provider == first.provider else choice.model_copy(update={"voice": None})
            models = gear.models
            return candidate(
                plan,
                models,
                "llm",
                config,
                lambda key: models.realtime(config.provider, key).open(
                    config, self._instructions, self._functions, rate
                ),
            )

        return tuple(one(choice) for choice in llm_choices(first))
