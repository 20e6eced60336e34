"""A realtime model on the line: the shell that opens it, gives it the party's sound, and tells what it hears and says."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine import events
from trunkline.engine.duplex_replies import Given, Replies, Reply
from trunkline.engine.heard import Memory
from trunkline.engine.opening import Opened, Opening, Trial
from trunkline.engine.utterance import Take
from trunkline.engine.watching import reading
from trunkline.ports import realtime
from trunkline.ports.realtime import RealtimeSession
from trunkline.ports.replies import Spent, ToolCall, Turn

KEPT_SECONDS = 10.0
"""So much of the party's sound waits for a model that is not open, or is not to be disturbed."""
STRAY_SECONDS = 1.5
"""So long after words were taken back the model may still begin to speak them."""
CLOSING_SILENCE_SECONDS = 1.0
"""Whoever is cut off in mid-word has finished, to a model that hears nothing more."""
DEAF_SECONDS = 5.0
TELLING_SPEECH_SECONDS = 1.5
"""Speech so long must have been heard by a model that hears."""


class Duplex:
    """One call's realtime model, and its ears. It is opened while the phone rings, once ``complete`` is set; a session that
    breaks is followed by another, which is told all that was said. ``voiceless`` takes words that the model was given and
    has not spoken."""

    def __init__(
        self,
        opening: Opening[RealtimeSession],
        sample_rate_hz: int,
        tell: Callable[[events.Event], None],
        sound_came: Callable[[], None],
        voiceless: Callable[[Given, str], None],
        crew: Crew,
        clock: Clock,
        complete: asyncio.Event,
    ) -> None:
        self.on = False
        self.pauses = 0
        self._opening = opening
        self._bytes_per_second = sample_rate_hz * 2
        self._tell = tell
        self._sound_came = sound_came
        self._voiceless = voiceless
        self._crew = crew
        self._clock = clock
        self._complete = complete
        self._opened: Opened[RealtimeSession] | None = None
        self._trial: Trial[RealtimeSession] | None = None
        self._ready = self._was_open = False
        self._memory = Memory(self._bytes_per_second)
        self._kept = bytearray()
        self._given: deque[Given] = deque()
        self._replies = Replies(self._bytes_per_second)
        self._failed_replies = 0
        self._pushed_bytes = self._sounded_bytes = 0
        self._limit: asyncio.Timeout | None = None
        self._heard_party = self._party_speaks = False
        self._taken_back_at = float("-inf")
        self._speaking_since: float | None = None
        self._reader: asyncio.Task[None] | None = None
        self._takers = self._taken()

    # --- its life

    def begin(self) -> None:
        """Opens the model and reads what it tells."""
        self._reader = self._crew.start(self._run(), "realtime model")

    def close(self) -> None:
        """Hears and tells no more."""
        self.on = False
        if self._reader is not None:
            self._reader.cancel()

    async def _run(self) -> None:
        await self._complete.wait()
        trial = self._trial = self._opening.trial()
        while True:
            try:
                await self._follow(await trial.open())
            except Upstream as error:
                if not trial.goes_on(error, 0.0):
                    self._tell(events.ModelFailed(trial.verdict(error)))
                    return

    async def _follow(self, opened: Opened[RealtimeSession]) -> None:
        """Reads until the session breaks. Raises Upstream, always."""
        provider = opened.candidate.provider
        try:
            async with reading(opened.session.events()) as told, asyncio.timeout(None) as self._limit:
                self._opened, self._heard_party, self._party_speaks = opened, False, False
                self._tell(events.ModelReady(again=self._was_open))
                self._was_open = True
                async for event in told:
                    self._take(event)
        except TimeoutError:
            raise Upstream(f"{provider} does not hear the party", provider=provider, retryable=True) from None
        finally:
            self._limit = None
            self.book()
            self._lose()
        raise Upstream(f"{provider} closed the connection", provider=provider, retryable=True)

    def _lose(self) -> None:
        """The session is gone: what it was making stays as it is, words that it was given are said by us."""
        self._opened, self._ready = None, False
        lost = self._replies.lose()
        unsaid = [reply.given for reply in lost if reply.given is not None and not reply.take.pcm]
        for given in [*unsaid, *self._given]:
            if not given.dropped:
                self._voiceless(given, given.text)
            given.take.done = True
        self._given.clear()
        for reply in lost:
            self._replies.end(reply, short=bool(reply.take.pcm))
        self._tell(events.ModelLost())

    # --- ears

    def listen(self, on: bool) -> None:
        """Gives it the sound, or keeps the sound from it; somebody who was speaking has finished then."""
        if self.on and not on:
            if self._speaking_since is not None:
                self._push(bytes(int(CLOSING_SILENCE_SECONDS * self._bytes_per_second) // 2 * 2))
            self._speaking_since = None
            self._memory.clear()
        self.on = on

    def hear(self, pcm: bytes) -> None:
        """The party's next sound."""
        if self.on:
            self._memory.keep(pcm)
            self._push(pcm)

    def speech(self, event: events.SpeechStarted | events.SpeechEnded) -> None:
        """What our own voice activity detection found."""
        if not self.on:
            return
        self.pauses += 1
        if isinstance(event, events.SpeechStarted):
            self._speaking_since = event.at
        elif self._speaking_since is not None:
            self._doubt(event.at - self._speaking_since)
            self._speaking_since = None
        self._tell(event)

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return self._memory.last(seconds)

    def _push(self, pcm: bytes) -> None:
        if self._opened is not None and self._ready and not self._disturbed and not self._kept:
            self._opened.session.push(pcm)
            self._pushed_bytes += len(pcm)
            return
        self._kept += pcm
        if (surplus := len(self._kept) - int(KEPT_SECONDS * self._bytes_per_second)) > 0:
            del self._kept[: surplus + surplus % 2]
        self._release()

    def _release(self) -> None:
        """What was kept is given, if nothing speaks against that any more."""
        if self._opened is None or not self._ready or self._disturbed or not self._kept:
            return
        kept, self._kept = bytes(self._kept), bytearray()
        self._opened.session.push(kept)
        self._pushed_bytes += len(kept)

    @property
    def _disturbed(self) -> bool:
        """Whether what the party says now would make the model give up words that they cannot stop."""
        return any(given.firm and not given.take.done and not given.dropped for given in self._given_now)

    @property
    def _given_now(self) -> list[Given]:
        made = self._replies.in_the_making
        return [*self._given, *(reply.given for reply in made if reply.given is not None)]

    def _doubt(self, spoken_seconds: float) -> None:
        """A model that has never heard anybody, though they spoke, is deaf if that does not change soon."""
        if self._heard_party or not self._ready or self._disturbed or spoken_seconds < TELLING_SPEECH_SECONDS:
            return
        if self._limit is not None and self._limit.when() is None:
            self._limit.reschedule(asyncio.get_running_loop().time() + DEAF_SECONDS)

    # --- what it is told

    def remember(self, turns: Sequence[Turn]) -> None:
        """Puts turns into its conversation; the first after it was opened are all that was said, and then it hears."""
        if self._opened is None:
            return
        if turns:
            self._opened.session.add(turns)
        self._ready = True
        self._release()

    def instruct(self, text: str) -> None:
        """Replaces its instructions."""
        if self._opened is not None:
            self._opened.session.instruct(text)

    def respond(self) -> None:
        """Asks for a reply."""
        if self._opened is not None:
            self._opened.session.respond()

    def say(self, number: int, spoken: str, text: str, *, firm: bool) -> Take | None:
        """Has it speak ``spoken`` (written as ``text``) as utterance ``number``; None where it cannot, or not now: it says
        nothing while it hears the party, and of words that were taken back it may still begin to speak."""
        if self._opened is None or not self._ready or (firm and self._party_speaks) or self._is_astray():
            return None
        if not self._opened.session.say(spoken):
            return None
        take = Take(text, begun=True)
        self._given.append(Given(number, text, firm, take))
        return take

    def unsay(self, number: int) -> None:
        """Nothing more of this utterance is played: words that it has not begun to speak are taken back."""
        for given in self._given:
            if given.utterance == number and not given.dropped:
                self._take_back(given)
        self._release()

    def _take_back(self, given: Given) -> None:
        given.dropped = True
        self._taken_back_at = self._clock.monotonic()
        if self._opened is not None:
            self._opened.session.cancel()

    def _is_astray(self) -> bool:
        if self._clock.monotonic() < self._taken_back_at + STRAY_SECONDS:
            return any(given.dropped for given in self._given)
        self._given = deque(given for given in self._given if not given.dropped)
        return False

    def stop(self, number: int) -> None:
        """Gives up a reply, or (0) whatever it was asked for."""
        reply = self._replies.numbered(number)
        if reply is not None:
            reply.wanted = False
        made = reply is not None and self._replies.is_made(reply)
        if self._opened is not None and (made or number == 0):
            self._opened.session.cancel()
        if reply is not None and made and not reply.take.done:
            reply.take.done = reply.take.short = True
        self._release()

    def wants(self, number: int) -> bool:
        """Whether the events of a reply are still to be told."""
        reply = self._replies.numbered(number)
        return reply is not None and reply.wanted

    def playing(self, number: int) -> Take | None:
        """The sound of a reply."""
        reply = self._replies.numbered(number)
        return reply.take if reply is not None else None

    def truncate(self, number: int, played_seconds: float, heard: str) -> None:
        """Tells it how much of a reply was heard."""
        reply = self._replies.numbered(number)
        if self._opened is not None and reply is not None:
            self._opened.session.truncate(reply.id, played_seconds, heard)

    # --- what it tells

    def _take(self, event: realtime.RealtimeEvent) -> None:
        self._takers[type(event)](event)

    def _taken(self) -> dict[type, Callable[[Any], None]]:
        return {
            realtime.ReplySound: lambda event: self._sound(event.reply, event.pcm),
            realtime.ReplyWords: lambda event: self._words(event.reply, event.text),
            realtime.PartyWords: lambda event: self._tell(events.PartySaid(event.item, event.text, event.final)),
            realtime.PartyStarted: lambda _: self._hears_party(),
            realtime.PartyStopped: lambda _: self._party_pauses(),
            realtime.ReplyStarted: lambda event: self._begin(event.reply, forced=event.forced),
            realtime.ReplyCalls: lambda event: self._calls(event.reply, event.calls),
            realtime.ReplyDone: self._end,
            realtime.Billed: lambda event: self._spend(event.spent),
        }

    def _calls(self, id: str, calls: Sequence[ToolCall]) -> None:
        reply = self._replies.made(id)
        if reply is not None and reply.wanted:
            self._tell(events.ReplyTools(reply.number, calls))

    def _hears_party(self) -> None:
        self._heard_party = self._party_speaks = True
        for given in self._given:
            if given.firm and not given.dropped:
                self._take_back(given)
                self._voiceless(given, given.text)
                given.take.done = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(None)
        self._tell(events.PartyBegan(self._clock.monotonic()))

    def _party_pauses(self) -> None:
        self._party_speaks = False
        self._tell(events.PartyPaused(self._clock.monotonic()))

    def _begin(self, id: str, *, forced: bool) -> None:
        given = self._given.popleft() if forced and self._given else None
        reply = self._replies.begin(id, given)
        if given is not None and given.dropped:
            self.stop(reply.number)
            self.truncate(reply.number, 0.0, "")
            return
        self._tell(events.ReplyBegan(reply.number, given.utterance if given is not None else None))

    def _sound(self, id: str, pcm: bytes) -> None:
        reply = self._replies.made(id)
        self._sounded_bytes += len(pcm)
        if reply is None or reply.take.done:
            return
        reply.take.pcm += pcm
        if reply.take.first_at is None:
            reply.take.first_at = self._clock.monotonic()
            if self._trial is not None:
                self._trial.worked()
        self._sound_came()

    def _words(self, id: str, text: str) -> None:
        reply = self._replies.made(id)
        if reply is None or not reply.wanted or reply.given is not None:
            return
        if words := reply.words(text):
            self._tell(events.ReplyText(reply.number, words))

    def _end(self, event: realtime.ReplyDone) -> None:
        self._spend(event.spent)
        reply = self._replies.made(event.reply)
        if reply is not None:
            self._close(reply, complete=event.outcome == "completed")
        if event.outcome == "failed":
            self._try_again(event.problem, reply)
        elif event.outcome == "completed":
            self._failed_replies = 0
            if self._trial is not None:
                self._trial.begin_anew()
        self._release()

    def _close(self, reply: Reply, *, complete: bool) -> None:
        if reply.given is not None and not complete and reply.wanted:
            self._make_up(reply, reply.given)
        if reply.wanted and reply.given is None and (words := reply.rest()):
            self._tell(events.ReplyText(reply.number, words))
        self._replies.end(reply, short=not complete and bool(reply.take.pcm))
        self._sound_came()
        if reply.wanted:
            self._tell(events.ReplyFinished(reply.number, cut=not complete))

    def _make_up(self, reply: Reply, given: Given) -> None:
        """The model did not speak all that it was given: we say what the party cannot stop, and what it has not begun."""
        if not given.firm and reply.take.pcm:
            return
        rest = self._replies.unspoken(reply)
        reply.take.text = given.text[: len(given.text) - len(rest)]
        if rest.strip():
            self._voiceless(given, rest)
        reply.take.done = True

    def _try_again(self, problem: Upstream | None, reply: Reply | None) -> None:
        """A reply failed: another one is asked for once; then the session counts as broken."""
        provider = self._opened.candidate.provider if self._opened is not None else ""
        error = problem or Upstream(f"{provider} could not reply", provider=provider, retryable=True)
        self._failed_replies += 1
        if self._failed_replies > 1 or not error.retryable:
            self._failed_replies = 0
            raise error
        if reply is not None and reply.wanted and reply.given is None:
            self.respond()

    # --- what it costs

    def book(self) -> None:
        """Books the sound that went both ways since the last time."""
        if self._opened is not None:
            seconds = (self._pushed_bytes + self._sounded_bytes) / self._bytes_per_second
            self._opening.used(self._opened.candidate, seconds=seconds)
            self._pushed_bytes = self._sounded_bytes = 0

    def _spend(self, spent: Spent) -> None:
        if self._opened is not None:
            self._opening.used(
                self._opened.candidate,
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
                cached_tokens=spent.cached_tokens,
                audio_prompt_tokens=spent.audio_prompt_tokens,
                audio_completion_tokens=spent.audio_completion_tokens,
            )
