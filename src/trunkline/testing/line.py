"""A phone line and a carrier in memory: a scripted party that answers, talks, presses keys and hangs up, in any loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from trunkline.domain.call import EndReason
from trunkline.domain.events import SipFacts
from trunkline.domain.plan import TrunkPlan
from trunkline.domain.signalling import SignallingMessage
from trunkline.ports.carrier import Dial, Offer, ProbeStep
from trunkline.ports.line import Answered, Closed, Digit, Held, LineEvent, Ringing, TransferFailed

FRAME_SECONDS = 0.02
RING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the party: said ``after`` seconds from the answer, or, with ``quiet``, that long after the assistant
    fell silent (having said something since the party's last words)."""

    pcm: bytes
    after: float | None = None
    quiet: float | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """How the other side behaves; all times are seconds from the dial, or from the answer where it says so."""

    answers_after: float | None = 0.1
    rings_after: float | None = 0.02
    refuses: tuple[EndReason, int] | None = None
    refuses_after: float = 0.05
    early_media: bool = False
    says: tuple[Words, ...] = ()
    presses: tuple[tuple[float, str], ...] = ()
    holds: tuple[tuple[float, bool], ...] = ()
    hangs_up_after: float | None = None
    hangs_up_when_quiet: float | None = None
    mute_after: float | None = None
    transfer_seconds: float = 0.2
    transfer_fails: int | None = None
    transfer_refused: bool = False
    hang_up_seconds: float = 0.01
    sample_rate_hz: int = 8000
    codec: str = "pcmu"


@dataclass(slots=True)
class _Sound:
    """What the line carries; all positions count from the answer."""

    ring: bytearray = field(default_factory=bytearray)
    played: bytearray = field(default_factory=bytearray)
    saying: bytearray = field(default_factory=bytearray)
    frames_played: int = 0
    frames_read: int = 0
    last_heard: float | None = None
    heard_something: bool = False
    next_words: int = 0


class ScriptedLine:
    """One leg in memory. ``played`` is what the party heard from the answer on, silence filled in."""

    def __init__(self, party: Party, ring_seconds: float = 45.0) -> None:
        self.party = party
        self._ring_seconds = ring_seconds
        self.digits_sent: list[str] = []
        self.transferred_to: list[str] = []
        self.hung_up = False
        self.closed = False
        self.answered_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self._frame = party.sample_rate_hz // 50 * 2
        self._sip = SipFacts(call_id=f"scripted-{id(self):x}", codec=None)
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._sound = _Sound()
        self._timers: list[asyncio.TimerHandle] = []
        self._start()

    @property
    def delay_seconds(self) -> float:
        return 0.0

    @property
    def sample_rate_hz(self) -> int:
        return self.party.sample_rate_hz if self.answered_at is not None else 8000

    @property
    def sip(self) -> SipFacts:
        return self._sip

    @property
    def played(self) -> bytes:
        """Everything that the party has heard so far, from the answer on."""
        self._run()
        return bytes(self._sound.played)

    def say(self, pcm: bytes) -> None:
        """The party says this now, whatever else it was to say."""
        self._run()
        self._sound.saying += pcm

    def leave(self) -> None:
        """The party hangs up now."""
        self._close(EndReason.USER_HANGUP)

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Closed):
                return

    def read(self) -> bytes:
        if self.closed or self.answered_at is None:
            return b""
        self._run()
        due = self._frames_since_answer() - self._sound.frames_read
        if due <= 0:
            return b""
        self._sound.frames_read += due
        if self.party.mute_after is not None and self._loop.time() - self.answered_at >= self.party.mute_after:
            return b""
        saying = self._sound.saying
        pcm = bytes(saying[: due * self._frame])
        del saying[: due * self._frame]
        return pcm + bytes(due * self._frame - len(pcm))

    def write(self, pcm: bytes) -> int:
        if self.closed or self.answered_at is None:
            return 0
        self._run()
        room = int(RING_SECONDS * self.party.sample_rate_hz * 2) - len(self._sound.ring)
        taken = pcm[: max(0, room)]
        self._sound.ring += taken
        return len(taken)

    def buffered(self) -> int:
        if self.closed:
            return 0
        self._run()
        return len(self._sound.ring)

    def flush(self) -> int:
        self._run()
        dropped = len(self._sound.ring)
        self._sound.ring.clear()
        return dropped

    async def send_digits(self, digits: str) -> None:
        await asyncio.sleep(sum(0.5 if digit == "w" else 0.2 for digit in digits))
        if self.closed:
            raise ConnectionError("the line is closed")
        self.digits_sent.append(digits)

    async def transfer(self, destination_uri: str) -> None:
        await asyncio.sleep(self.party.transfer_seconds)
        if self.party.transfer_fails is not None:
            status, refused = self.party.transfer_fails, self.party.transfer_refused
            raise TransferFailed("the trunk refused" if refused else "the target refused", status, refused=refused)
        self.transferred_to.append(destination_uri)
        self._at(0.05, lambda: self._close(None))

    async def hang_up(self) -> None:
        self.hung_up = True
        await asyncio.sleep(self.party.hang_up_seconds)
        self._close(None)

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        return ()

    def _start(self) -> None:
        party = self.party
        if party.refuses is not None:
            self._at(party.refuses_after, self._refuse)
            return
        if party.rings_after is not None:
            self._at(party.rings_after, self._ring)
        if party.answers_after is not None:
            self._at(party.answers_after, self._answer)
        if party.answers_after is None or party.answers_after > self._ring_seconds:
            self._at(self._ring_seconds, lambda: self._close(EndReason.NO_ANSWER, "nobody answered"))

    def _ring(self) -> None:
        self._sip = replace(self._sip, status_code=183 if self.party.early_media else 180, reason="Ringing")
        self._tell(Ringing(self.party.early_media))

    def _refuse(self) -> None:
        reason, status = self.party.refuses or (EndReason.TRUNK_ERROR, 500)
        self._sip = replace(self._sip, status_code=status, reason="Refused")
        self._close(reason, f"SIP {status}")

    def _answer(self) -> None:
        party = self.party
        self.answered_at = self._loop.time()
        self._sip = replace(self._sip, status_code=200, reason="OK", codec=party.codec)
        self._tell(Answered())
        for seconds, digit in party.presses:
            self._at(seconds, lambda digit=digit: self._tell(Digit(digit)))  # type: ignore[misc]
        for seconds, held in party.holds:
            self._at(seconds, lambda held=held: self._tell(Held(held)))  # type: ignore[misc]
        if party.hangs_up_after is not None:
            self._at(party.hangs_up_after, lambda: self._close(EndReason.USER_HANGUP))

    def _tell(self, event: LineEvent) -> None:
        if not self.closed:
            self._events.put_nowait(event)

    def _close(self, reason: EndReason | None, error: str | None = None) -> None:
        if self.closed:
            return
        self._run()
        self._tell(Closed(reason, error))
        self.closed = True
        for timer in self._timers:
            timer.cancel()

    def _at(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, do))

    def _frames_since_answer(self) -> int:
        if self.answered_at is None:
            return 0
        return int((self._loop.time() - self.answered_at) / FRAME_SECONDS + 1e-6)

    def _run(self) -> None:
        """Plays the ring and starts the party's words up to now, frame by frame."""
        if self.closed or self.answered_at is None:
            return
        sound = self._sound
        for number in range(sound.frames_played, self._frames_since_answer()):
            frame = bytes(sound.ring[: self._frame])
            del sound.ring[: self._frame]
            sound.played += frame + bytes(self._frame - len(frame))
            now = number * FRAME_SECONDS
            if any(frame):
                sound.last_heard, sound.heard_something = now + FRAME_SECONDS, True
            self._say_what_is_due(now)
            sound.frames_played = number + 1

    def _say_what_is_due(self, now: float) -> None:
        sound, party = self._sound, self.party
        if sound.next_words < len(party.says):
            words = party.says[sound.next_words]
            if self._is_due(words, now):
                sound.saying += words.pcm
                sound.next_words += 1
                sound.heard_something = False
        elif party.hangs_up_when_quiet is not None and self._quiet_for(now) >= party.hangs_up_when_quiet:
            self._at(0, lambda: self._close(EndReason.USER_HANGUP))

    def _is_due(self, words: Words, now: float) -> bool:
        if words.after is not None:
            return now >= words.after
        return self._quiet_for(now) >= (words.quiet or 0.0)

    def _quiet_for(self, now: float) -> float:
        sound = self._sound
        if sound.last_heard is None or not sound.heard_something or sound.saying:
            return -1.0
        return now - sound.last_heard


class ScriptedCarrier:
    """A carrier whose every call is answered by ``party`` (one for all, or made for each dial)."""

    def __init__(self, party: Party | Callable[[Dial], Party] = Party()) -> None:
        self._party = party
        self.dials: list[Dial] = []
        self.lines: list[ScriptedLine] = []
        self.ringing: asyncio.Queue[Offer] = asyncio.Queue()
        self.registered: set[str] = set()

    async def dial(self, order: Dial) -> ScriptedLine:
        self.dials.append(order)
        line = ScriptedLine(self._party(order) if callable(self._party) else self._party, order.ring_seconds)
        self.lines.append(line)
        return line

    async def offers(self) -> AsyncIterator[Offer]:
        """The calls that were put into ``ringing``."""
        while True:
            yield await self.ringing.get()

    async def probe(self, trunk: TrunkPlan) -> list[ProbeStep]:
        return [ProbeStep("dns", True, trunk.host, 0.1), ProbeStep("options", True, "200 OK", 0.2)]

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        """Keeps that it was asked to."""
        self.registered.add(trunk.id)

    async def forget(self, trunk_id: str) -> None:
        """Keeps that it was asked to."""
        self.registered.discard(trunk_id)

    def health(self) -> dict[str, object]:
        live = sum(not line.closed for line in self.lines)
        return {"status": "ok", "listen": "memory", "live_legs": live, "agents": len(self.lines)}
