"""A realtime model on the line: the shell that opens it, gives it the party's sound, and tells what it hears and says."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine import events
from trunkline.engine.duplex_ears import DuplexEars
from trunkline.engine.duplex_replies import Given, Replies, Reply
from trunkline.engine.duplex_waiting import Deafness, Waiting
from trunkline.engine.opening import Opened, Opening, Trial
from trunkline.engine.utterance import Take
from trunkline.engine.watching import reading
from trunkline.ports import realtime
from trunkline.ports.realtime import RealtimeSession
from trunkline.ports.replies import Spent, ToolCall, Turn

STRAY_SECONDS = 1.5
"""So long after words were taken back the model may still begin to speak them."""
OPENING_SECONDS = 3.0
"""The first words wait so long for a model that is being opened and can speak them."""


class Duplex:
    """One call's realtime model, and the ``ears`` that give it the party's sound.

    It is opened while the phone rings, once ``complete`` is set; a session that breaks is followed by another, which knows
    all that was said. ``voiceless`` takes given words that were not spoken. ``speaks``: it is known to speak given words."""

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
        *,
        speaks: bool = False,
    ) -> None:
        self._opening = opening
        self._bytes_per_second = sample_rate_hz * 2
        self._tell = tell
        self._sound_came = sound_came
        self._voiceless = voiceless
        self._crew, self._clock = crew, clock
        self._complete = complete
        self._speaks = speaks
        self._early: deque[Given] = deque()
        self._opened: Opened[RealtimeSession] | None = None
        self._trial: Trial[RealtimeSession] | None = None
        self._ready = self._was_open = False
        self._given: deque[Given] = deque()
        self._replies = Replies(self._bytes_per_second)
        self._failed_replies = 0
        self._booked_at = 0.0
        self._deafness = Deafness()
        self._party_speaks = self._knows_words = False
        self._waiting = Waiting(clock.monotonic)
        self._taken_back_at = float("-inf")
        self.ears = DuplexEars(self._bytes_per_second, tell, self._hear, self._doubt, self._close)
        self._reader: asyncio.Task[None] | None = None
        self._takers = self._taken()

    # --- its life

    def begin(self) -> None:
        """Opens the model and reads what it tells."""
        self._reader = self._crew.start(self._run(), "realtime model")

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()

    async def _run(self) -> None:
        await self._complete.wait()
        trial = self._trial = self._opening.trial()
        while True:
            opened, began = None, self._clock.monotonic()
            try:
                opened = await trial.open()
                await self._follow(opened)
            except Upstream as error:
                if not trial.goes_on(error, self._waiting.seconds(began if opened is None else None)):
                    self._settle_early()
                    self._tell(events.ModelFailed(trial.verdict(error)))
                    return

    def _settle_early(self) -> None:
        """It is open, or is never going to speak: no words wait for it any more."""
        self._speaks = False
        for given in tuple(self._early):
            self._say_early(given)

    async def _follow(self, opened: Opened[RealtimeSession]) -> None:
        """Reads until the session breaks. Raises Upstream, always."""
        provider = opened.candidate.provider
        try:
            async with reading(opened.session.events()) as told, asyncio.timeout(None) as limit:
                self._opened, self._party_speaks, self._knows_words = opened, False, False
                self._deafness.watch(limit)
                self._tell(events.ModelReady(again=self._was_open))
                self._was_open, self._booked_at = True, self._clock.monotonic()
                async for event in told:
                    self._take(event)
        except TimeoutError:
            raise Upstream(f"{provider} does not hear the party", provider=provider, retryable=True) from None
        finally:
            self._deafness.watch(None)
            self.book()
            self._lose()
        raise Upstream(f"{provider} closed the connection", provider=provider, retryable=True)

    def _lose(self) -> None:
        """The session is gone: what it was making stays as it is, words that it was given are said by us."""
        self._opened, self._ready = None, False
        lost = self._replies.lose()
        for reply in lost:
            if reply.given is not None and reply.wanted:
                self._make_up(reply, reply.given, broke=True)
        for given in self._given:
            if not given.dropped:
                self._voiceless(given, given.text)
            given.take.done = True
        self._given.clear()
        for reply in lost:
            self._replies.end(reply, short=bool(reply.take.pcm))
        self._tell(events.ModelLost(unheard=self.ears.unheard))

    # --- the party's sound

    def _hear(self, pcm: bytes) -> bool:
        """Gives it sound of the party's, if it can have that now."""
        if self._opened is None or not self._ready or self._disturbed:
            return False
        self._opened.session.push(pcm)
        return True

    @property
    def _disturbed(self) -> bool:
        """Whether what the party says now would make the model give up words that they cannot stop."""
        made = (reply.given for reply in self._replies.in_the_making if reply.given is not None)
        return any(given.firm and not given.take.done and not given.dropped for given in (*self._given, *made))

    def _doubt(self, spoken_seconds: float) -> None:
        """A model that has never heard anybody, though they spoke, is deaf if that does not change soon."""
        if self._ready and not self._disturbed:
            self._deafness.spoke(spoken_seconds)

    # --- what it is told

    def remember(self, turns: Sequence[Turn]) -> None:
        """Puts turns into its conversation; the first after it was opened are all that was said, and then it hears."""
        if self._opened is None:
            return
        if turns:
            self._opened.session.add(turns)
        if not self._ready:
            self.ears.hear_again()
        self._ready = True
        self._settle_early()
        self.ears.release()

    def instruct(self, text: str) -> None:
        """Replaces its instructions."""
        if self._opened is not None:
            self._opened.session.instruct(text)

    def respond(self) -> None:
        """Asks for a reply."""
        if self._opened is not None:
            self._waiting.begin()
            self._opened.session.respond()

    def say(self, number: int, spoken: str, text: str, *, firm: bool) -> Take | None:
        """Has it speak ``spoken`` (written as ``text``) as utterance ``number``; None where it cannot, or not now: it says
        nothing while it hears the party, and of words that were taken back it may still begin to speak."""
        given = Given(number, text, firm, Take(text, begun=True), spoken)
        if self._opened is None or not self._ready:
            return self._await_opening(given) if self._speaks else None
        if (firm and self._party_speaks) or self._is_astray():
            return None
        return given.take if self._has_spoken(given) else None

    def _has_spoken(self, given: Given) -> bool:
        if self._opened is None or not self._opened.session.say(given.spoken):
            return False
        self._given.append(given)
        self._waiting.begin()
        return True

    def _await_opening(self, given: Given) -> Take:
        """The first words of a call: who speaks on shall speak them too."""
        self._early.append(given)
        asyncio.get_running_loop().call_later(OPENING_SECONDS, self._say_early, given)
        return given.take

    def _say_early(self, given: Given) -> None:
        """It is open, or is not going to be soon."""
        if given not in self._early:
            return
        self._early.remove(given)
        if given.dropped or (self._ready and self._has_spoken(given)):
            return
        self._voiceless(given, given.text)
        given.take.done = True

    def unsay(self, number: int) -> None:
        """Nothing more of this utterance is played: words that it has not begun to speak are taken back."""
        for given in self._early:
            given.dropped = given.dropped or given.utterance == number
        for given in self._given:
            if given.utterance == number and not given.dropped:
                self._take_back(given)
        self.ears.release()

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
        self._waiting.end()
        made = reply is not None and self._replies.is_made(reply)
        if self._opened is not None and (made or number == 0):
            self._opened.session.cancel()
        if reply is not None and made and not reply.take.done:
            reply.take.done = reply.take.short = True
        self.ears.release()

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
            realtime.PartyWords: self._party_said,
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
        self._party_speaks, self._knows_words = True, False
        self._waiting.end()
        self._deafness.heard()
        for given in self._given:
            if given.firm and not given.dropped:
                self._take_back(given)
                self._voiceless(given, given.text)
                given.take.done = True
        self._tell(events.PartyBegan(self._clock.monotonic()))

    def _party_pauses(self) -> None:
        self._party_speaks = False
        self._waiting.begin()
        self._tell(events.PartyPaused(self._clock.monotonic()))

    def _party_said(self, event: realtime.PartyWords) -> None:
        self._knows_words = self._knows_words or bool(event.text)
        if self._party_speaks and not self.ears.speaking:  # a vendor that tells no ends of turns
            self._waiting.begin()
        if event.final:
            self.ears.understood()
        self._tell(events.PartySaid(event.item, event.text, event.final))

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
        if reply is None or reply.take.done:
            return
        reply.take.pcm += pcm
        self._waiting.came()
        if reply.take.first_at is None:
            reply.take.first_at = self._clock.monotonic()
            if self._trial is not None:
                self._trial.worked()
            if reply.given is None and self._knows_words:
                self.ears.understood()
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
            self._finish(reply, event.outcome)
        if event.outcome == "failed":
            self._try_again(event.problem)
        elif event.outcome == "completed":
            self._failed_replies = 0
            self._waiting.end()
            if self._trial is not None:
                self._trial.begin_anew()
        self.ears.release()

    def _finish(self, reply: Reply, outcome: str) -> None:
        complete = outcome == "completed"
        if reply.given is not None and not complete and reply.wanted:
            self._make_up(reply, reply.given, broke=outcome == "failed")
        if outcome == "completed" and reply.given is None:
            self.ears.understood()
        if reply.wanted and reply.given is None and (words := reply.rest()):
            self._tell(events.ReplyText(reply.number, words))
        self._replies.end(reply, short=not complete and bool(reply.take.pcm))
        self._sound_came()
        if reply.wanted:
            self._tell(events.ReplyFinished(reply.number, cut=not complete, failed=outcome == "failed"))

    def _make_up(self, reply: Reply, given: Given, *, broke: bool) -> None:
        """The model did not speak all that it was given: we say the rest where it ``broke``, or where the party cannot stop
        it, and what was not begun."""
        if reply.take.pcm and not given.firm and not broke:
            return
        rest = self._replies.unspoken(reply)
        reply.take.text = given.text[: len(given.text) - len(rest)]
        if rest.strip():
            self._voiceless(given, rest)
        reply.take.done = True

    def _try_again(self, problem: Upstream | None) -> None:
        """A reply failed: it may be asked for once more; then the session counts as broken."""
        provider = self._opened.candidate.provider if self._opened is not None else ""
        error = problem or Upstream(f"{provider} could not reply", provider=provider, retryable=True)
        self._failed_replies += 1
        if self._failed_replies > 1 or not error.retryable:
            self._failed_replies = 0
            raise error

    # --- what it costs

    def book(self) -> None:
        """Books for how long its session was open since the last time: that is what vendors bill who bill by the minute."""
        if self._opened is not None:
            now = self._clock.monotonic()
            self._opening.used(self._opened.candidate, seconds=now - self._booked_at)
            self._booked_at = now

    def _spend(self, spent: Spent) -> None:
        if self._opened is not None:
            self._opening.used(self._opened.candidate, **asdict(spent))
