"""The senses of one call: recogniser and voice of each leg, and its model, opened while the phone rings."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trunkline.audio.frame import to_float
from trunkline.audio.resample import resample
from trunkline.base.errors import Invalid
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import FunctionSpec, TtsConfig, tts_choices
from trunkline.domain.events import Usage
from trunkline.domain.plan import CallPlan
from trunkline.engine import effects
from trunkline.engine.candidates import llm_candidates, stt_candidates, tts_candidates
from trunkline.engine.events import Event
from trunkline.engine.gear import Gear
from trunkline.engine.hearing import Ears
from trunkline.engine.listener import FINAL_SECONDS, KEPT_SECONDS, Listener
from trunkline.engine.opening import Opening
from trunkline.engine.prompt import function_specs, language
from trunkline.engine.shelf import CallShelf
from trunkline.engine.speaker import Speaker
from trunkline.engine.studio import FIRST_AUDIO_SECONDS
from trunkline.engine.thinker import FIRST_TOKEN_SECONDS, Thinker
from trunkline.engine.usage import usage_of
from trunkline.engine.utterance import Lexicon
from trunkline.ports.models import LlmSession, SttStream, TtsSession
from trunkline.ports.realtime import RealtimeSession
from trunkline.ports.vad import WINDOW_RATE_HZ

NARROW_HZ, WIDE_HZ = 8000, 16_000
OWN_VOICE = "local"
_WIDE_CODECS = frozenset({"g722", "opus"})


class LegSenses:
    """The recogniser and the voice of one leg. The rate is guessed from the trunk's first codec; where the answer brings
    another one, both are opened anew and what was prepared is prepared again. Where the leg is not ``talked`` on nothing
    is opened."""

    def __init__(
        self, plan: CallPlan, gear: Gear, tell: Callable[[Event], None], crew: Crew, *, talked: bool = True
    ) -> None:
        self._plan = plan
        self._gear = gear
        self._tell = tell
        self._crew = crew
        self._talked = talked
        self._prepared: list[str] = []
        self._ears_opening: Opening[SttStream] | None = None
        self._voice_opening: Opening[TtsSession] | None = None
        self._openings: list[
            Opening[SttStream] | Opening[TtsSession] | Opening[LlmSession] | Opening[RealtimeSession]
        ] = []
        self.sample_rate_hz = _likely_rate(plan)
        self.listener, self.speaker = self._ears(), self._voice()

    def settle_rate(self, sample_rate_hz: int) -> None:
        """The answer says which rate the line really has."""
        if sample_rate_hz == self.sample_rate_hz:
            return
        self.sample_rate_hz = sample_rate_hz
        on = self.listener.on
        self.listener.close()
        self.speaker.close()
        self.listener, self.speaker = self._ears(), self._voice()
        self.listener.listen(on)
        for text in self._prepared:
            self.speaker.prepare(text)

    def prepare(self, text: str) -> None:
        """Has words ready before they are wanted."""
        if self.speaker.line is None:
            self._prepared.append(text)
        self.speaker.prepare(text)

    def last_speech(self, seconds: float) -> NDArray[np.float32]:
        """The newest sound of the party as the end-of-turn model takes it."""
        pcm = self.listener.last(min(seconds, KEPT_SECONDS))
        return to_float(resample(pcm, self.sample_rate_hz, WINDOW_RATE_HZ))

    def usage(self) -> Usage:
        """What was used so far, of which providers."""
        if isinstance(self.listener, Listener):
            self.listener.book()
        return usage_of(part for opening in self._openings for part in opening.usage())

    async def aclose(self) -> None:
        """Closes every stream."""
        self.listener.close()
        self.speaker.close()
        for opening in self._openings:
            await opening.aclose()

    def _ears(self) -> Ears:
        plan, gear, rate, config = self._plan, self._gear, self.sample_rate_hz, self._plan.assistant.stt_config
        if config is None:
            raise Invalid("the plan has no ears", details=["stt_config: is missing"])
        candidates = stt_candidates(plan, gear.models, config, rate)
        opening = Opening(candidates, self._crew, gear.breakers, FINAL_SECONDS)
        if self._ears_opening is not None:
            opening.inherit(self._ears_opening)
        self._ears_opening = opening
        self._openings.append(opening)
        listener = Listener(opening, rate, self._tell, self._crew)
        if self._talked:
            listener.begin()
        return listener

    def _voice(self) -> Speaker:
        plan, gear, rate, config = self._plan, self._gear, self.sample_rate_hz, self._plan.assistant.tts_config
        if config is None:
            raise Invalid("the plan has no voice", details=["tts_config: is missing"])
        candidates = tts_candidates(plan, gear.models, config, rate)
        opening = Opening(candidates, self._crew, gear.breakers, FIRST_AUDIO_SECONDS)
        if self._voice_opening is not None:
            opening.inherit(self._voice_opening)
        self._voice_opening = opening
        self._openings.append(opening)
        if self._talked:
            opening.begin()
        lexicon = Lexicon(plan.assistant.speech_config.pronunciation)
        shelf = CallShelf(gear.shelf, plan, rate)
        return Speaker(opening, lexicon, rate, self._tell, self._crew, gear.clock, shelf, self._reserve(config))

    def _reserve(self, config: TtsConfig) -> Opening[TtsSession] | None:
        """A voice of our own for the apology, where no voice that is configured works and none of them is ours."""
        if any(choice.provider == OWN_VOICE for choice in tts_choices(config)):
            return None
        own = TtsConfig(provider=OWN_VOICE, language=language(self._plan))
        candidates = tts_candidates(self._plan, self._gear.models, own, self.sample_rate_hz)
        opening = Opening(candidates, self._crew, self._gear.breakers, FIRST_AUDIO_SECONDS)
        self._openings.append(opening)
        return opening


class PartySenses(LegSenses, ABC):
    """The senses of the first leg, with what is heard behind the assistant, and whoever thinks."""

    def __init__(self, plan: CallPlan, gear: Gear, tell: Callable[[Event], None], crew: Crew) -> None:
        super().__init__(plan, gear, tell, crew)
        self._loops: dict[int, bytes] = {}
        self._holding = False
        if plan.assistant.speech_config.background_audio.enabled:
            crew.start(self._load_loop(), "background")

    @abstractmethod
    def expect_functions(self) -> None:
        """More functions will be offered: nothing is thought before."""

    @abstractmethod
    def offer(self, functions: Sequence[FunctionSpec]) -> None:
        """These functions are there too."""

    @abstractmethod
    def wants(self, reply: int) -> bool:
        """Whether the events of this reply are still to be told: it was not stopped."""

    @abstractmethod
    def performers(self) -> dict[type, Callable[[Any], None]]:
        """Who does what is wanted of ears, mind and voice, by the kind of effect."""

    def _spoken(self) -> dict[type, Callable[[Any], None]]:
        return {
            effects.SpeakEnd: lambda effect: self.speaker.end(effect.utterance),
            effects.StopSpeaking: lambda effect: self.speaker.stop(effect.utterance),
            effects.Listen: lambda effect: self.listener.listen(effect.on),
            effects.HoldSound: lambda effect: self.hold(effect.on),
        }

    def ambience(self) -> None:
        """What is to be heard behind the assistant is heard from now on, in place of any other background."""
        wanted = self._plan.assistant.speech_config.background_audio
        loop = self._loops.get(self.sample_rate_hz)
        if loop is not None or not wanted.enabled:
            self.speaker.background(loop, wanted.volume)
        else:
            self._crew.start(self._load_loop(play=True), "background")

    def hold(self, on: bool) -> None:
        """Hold music is heard, but for our words, or again what is heard behind the assistant."""
        self._holding = on
        if on:
            self._crew.start(self._play_music(), "hold music")
        else:
            self.ambience()

    async def _play_music(self) -> None:
        music = await self._gear.loops.hold_music(self.sample_rate_hz)
        if self._holding:
            self.speaker.background(music, behind_words=False)

    async def _load_loop(self, *, play: bool = False) -> None:
        """Has the loop made, once for all calls, while others go on."""
        rate, wanted = self.sample_rate_hz, self._plan.assistant.speech_config.background_audio
        self._loops[rate] = await self._gear.loops.clip(wanted.clip, rate)
        if play and not self._holding:
            self.speaker.background(self._loops[rate], wanted.volume)


class Senses(PartySenses):
    """Opens the three models of a call at once: those of its first leg, and the language model."""

    def __init__(self, plan: CallPlan, gear: Gear, tell: Callable[[Event], None], crew: Crew) -> None:
        super().__init__(plan, gear, tell, crew)
        llm = plan.assistant.llm_config
        opening = Opening(llm_candidates(plan, gear.models, llm), crew, gear.breakers, FIRST_TOKEN_SECONDS)
        self._openings.append(opening)
        opening.begin()
        self._thinker = Thinker(opening, function_specs(llm), tell, crew, gear.clock)

    def expect_functions(self) -> None:
        self._thinker.expect_functions()

    def offer(self, functions: Sequence[FunctionSpec]) -> None:
        self._thinker.offer(functions)

    def wants(self, reply: int) -> bool:
        return self._thinker.wants(reply)

    def performers(self) -> dict[type, Callable[[Any], None]]:
        thinker = self._thinker
        return {
            **self._spoken(),
            effects.Think: lambda effect: thinker.think(effect.reply, effect.history, with_tools=effect.with_tools),
            effects.StopThinking: lambda effect: thinker.stop(effect.reply),
            effects.Speak: lambda effect: self.speaker.speak(effect.utterance, effect.text),
            effects.Prepare: lambda effect: self.prepare(effect.text),
        }


def _likely_rate(plan: CallPlan) -> int:
    first = plan.trunk.codecs[0].lower() if plan.trunk is not None and plan.trunk.codecs else ""
    return WIDE_HZ if first in _WIDE_CODECS else NARROW_HZ
