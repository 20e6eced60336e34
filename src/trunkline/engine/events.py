"""What the conversation is told: everything that can happen to one live call. Times are monotonic seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Command
from trunkline.domain.events import SipFacts
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import ToolResult

# --- the phone leg


@dataclass(frozen=True, slots=True)
class LineRinging:
    """180 or 183."""

    sip: SipFacts


@dataclass(frozen=True, slots=True)
class LineAnswered:
    """The party picked up; sound flows."""

    sip: SipFacts


@dataclass(frozen=True, slots=True)
class LineClosed:
    """The leg is gone, whoever ended it. Always comes, once. ``reason`` as in ports.line.Closed.

    When an utterance was being played, SpeakingStopped comes first and tells what was heard of it; without it the
    conversation reckons from the time that passed.
    """

    reason: EndReason | None
    error: str | None
    sip: SipFacts


@dataclass(frozen=True, slots=True)
class LineHeld:
    """The party put us on hold, or came back."""

    held: bool


@dataclass(frozen=True, slots=True)
class DigitHeard:
    """The party pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Answered, and no audio packet for 20 s. Comes again every further 20 s: on hold and in a hand-over it is let pass."""


# --- hearing


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Voice activity began at ``at`` (the first loud frame). Told at once; how long it lasts is yet to be seen."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Voice activity ended at ``at`` (the last loud frame), told once the detector is sure (about 0.1-0.2 s later)."""

    at: float


@dataclass(frozen=True, slots=True)
class WordsPartial:
    """The recogniser's words so far for the utterance being spoken, without those it has already given as final."""

    text: str


@dataclass(frozen=True, slots=True)
class WordsFinal:
    """The recogniser's words for a finished utterance; empty when it heard none. ``together`` are the words of this and
    of the last ``joins`` that had words, heard as one (ports.models.Final)."""

    text: str
    together: str = ""
    joins: int = 0


@dataclass(frozen=True, slots=True)
class ToneNoticed:
    """A steady tone of the party's side sounds, told 0.15 s after it began; ToneHeard follows. Only while Sniff is on."""

    at: float
    frequency_hz: float


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A steady tone of the party's side is over, told once it ended (a beep), or is still going on after 2 s.

    Only while Sniff is on. ``at`` is its end, or now.
    """

    at: float
    seconds: float
    frequency_hz: float


@dataclass(frozen=True, slots=True)
class TurnJudged:
    """The end-of-turn model's verdict on the pause that followed the last SpeechEnded."""

    probability: float


# --- thinking (``reply`` is the number that Think gave)


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next words of a reply, cut at clauses by the shell: each is fit to be spoken.

    ``first_token_seconds`` stands on the first of a reply: request to first token, as the model took it.
    """

    reply: int
    text: str
    first_token_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyTools:
    """The reply wants tools to run."""

    reply: int
    calls: Sequence[ToolCall]


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The reply is complete. ``cut``: a realtime model gave it up before its end; ``failed``: it could not make it."""

    reply: int
    cut: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """The model failed for good: the shell tried again and tried the fallbacks."""

    reply: int
    error: Upstream


# --- speaking (``utterance`` is the number that Speak gave)


@dataclass(frozen=True, slots=True)
class SpeakingStarted:
    """Its first sample is on the wire.

    ``first_audio_seconds``: how long the voice let us wait, from its request (from Speak, where it was prepared before)
    to its first audio; None when that was ready.
    """

    utterance: int
    at: float
    first_audio_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SpeakingFinished:
    """Everything of it was played (after SpeakEnd)."""

    utterance: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeakingStopped:
    """It was cut off by StopSpeaking, or its sound ended before its words did: ``heard`` was really played (by samples,
    ``played_seconds`` of them), ``rest`` was not. ``broken`` is the last word of ``heard`` where the cut fell into it: it is
    said again when the utterance goes on."""

    utterance: int
    heard: str
    rest: str
    at: float
    broken: str = ""
    played_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SpeakingFailed:
    """The voice failed for good; ``heard`` was played before."""

    utterance: int
    heard: str
    error: Upstream


# --- a realtime model, which hears, thinks and speaks by itself (its replies come as above, numbered by the shell)


@dataclass(frozen=True, slots=True)
class ModelReady:
    """Its session is open and knows nothing but its instructions; Remember answers. ``again``: it is another session."""

    again: bool = False


@dataclass(frozen=True, slots=True)
class ModelLost:
    """Its session broke. ModelReady follows where another one can be had, else ModelFailed. ``unheard``: the next session
    hears again what the party said and this one has not understood."""

    unheard: bool = False


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """It failed for good: the shell tried again and tried the fallbacks."""

    error: Upstream


@dataclass(frozen=True, slots=True)
class PartyBegan:
    """It heard the party begin to speak at ``at``, and gives up the reply that it was making."""

    at: float


@dataclass(frozen=True, slots=True)
class PartyPaused:
    """It takes the party's turn for over at ``at``; a reply follows by itself."""

    at: float


@dataclass(frozen=True, slots=True)
class PartySaid:
    """The party's words in its turn ``item``: all of them so far, and ``final`` for good (empty: none were said)."""

    item: str
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    """It begins a reply: by itself, to Respond, or (with ``utterance``) to speak what Say gave it."""

    reply: int
    utterance: int | None = None


# --- tools, orders, hand-over, time


@dataclass(frozen=True, slots=True)
class ToolsFinished:
    """The webhook tools that RunTools started under ``batch`` are done."""

    batch: int
    results: Sequence[ToolResult]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A control command for this call."""

    command_id: str
    command: Command


@dataclass(frozen=True, slots=True)
class ToolsOffered:
    """The tools that the plan's MCP servers offer; ``problems`` says which servers could not be asked, and why."""

    tools: Sequence[FunctionSpec]
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TransferDone:
    """The target answered; the party is theirs."""


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """The hand-over failed and the party is still here. ``called``: whoever took the REFER has called the target; False
    where it was not taken."""

    why: str
    called: bool = True


@dataclass(frozen=True, slots=True)
class DigitsSent:
    """The keys of SendDigits were sent (or could not be: ``error``)."""

    digits: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OfTarget:
    """An event of the second leg, the party that the call is being handed over to.

    Line events, hearing and speaking events (with the numbers that ToTarget(Speak) gave); never reply or tool events.
    """

    event: "Event"


@dataclass(frozen=True, slots=True)
class HearingFailed:
    """The recogniser failed for good."""

    error: Upstream


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that SetTimer set ran out."""

    name: str


@dataclass(frozen=True, slots=True)
class ShuttingDown:
    """The worker leaves and its patience ran out: say no more, hang up."""


Event = (
    LineRinging
    | LineAnswered
    | LineClosed
    | LineHeld
    | DigitHeard
    | MediaLost
    | SpeechStarted
    | SpeechEnded
    | WordsPartial
    | WordsFinal
    | ToneNoticed
    | ToneHeard
    | TurnJudged
    | ReplyText
    | ReplyTools
    | ReplyFinished
    | ReplyFailed
    | SpeakingStarted
    | SpeakingFinished
    | SpeakingStopped
    | SpeakingFailed
    | ModelReady
    | ModelLost
    | ModelFailed
    | PartyBegan
    | PartyPaused
    | PartySaid
    | ReplyBegan
    | ToolsFinished
    | ToolsOffered
    | Ordered
    | TransferDone
    | TransferRefused
    | DigitsSent
    | OfTarget
    | HearingFailed
    | TimerFired
    | ShuttingDown
)
