"""What the conversation wants done: the session performs these, in order, and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.domain.events import Fact
from trunkline.ports.models import ToolCall, Turn


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the model for reply number ``reply`` to ``history``; ``with_tools`` offers it its functions."""

    reply: int
    history: Sequence[Turn]
    with_tools: bool = True


@dataclass(frozen=True, slots=True)
class StopThinking:
    """Cancel a reply promptly; no event of it comes any more. Of a realtime model's, the sound that came is still played."""

    reply: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Append ``text`` to utterance number ``utterance`` and play it; a new number starts after the one before it ended.

    ``text`` is as written: the shell replaces words by ``speech_config.pronunciation`` when it synthesises, and tells
    ``heard`` and ``rest`` in the words as written. One utterance is live at a time: the next number comes only after
    SpeakingFinished, SpeakingStopped or SpeakingFailed of the one before.
    """

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class SpeakEnd:
    """No more text for this utterance: SpeakingFinished follows when its last sample was played."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Synthesise ``text`` ahead, so that a later Speak of exactly this text starts at once.

    For the first message while it rings, for words that wait behind others, and for the first clause of a reply that
    waits for the end of the turn. One that is never spoken is dropped; one that fails says nothing: its Speak will.
    """

    text: str


@dataclass(frozen=True, slots=True)
class StopSpeaking:
    """Silence now: drop what is queued; SpeakingStopped answers (for one that never started too).

    Also comes right before HangUp while words are played, so that the transcript holds what was heard.
    """

    utterance: int


@dataclass(frozen=True, slots=True)
class Say:
    """Have ``text`` spoken as utterance ``utterance``, which it is the whole of: by the realtime model where that can speak
    given words (ReplyBegan tells), else by our own voice.

    ``firm``: the party cannot stop it, so that the model hears them only once it has made all of its sound. ``own``: by our
    own voice, whatever the model can.
    """

    utterance: int
    text: str
    firm: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """Play the sound of the realtime model's reply ``reply`` as utterance ``utterance``, as it comes; SpeakEnd follows."""

    utterance: int
    reply: int


@dataclass(frozen=True, slots=True)
class Respond:
    """Ask the realtime model for a reply now."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Put turns into the realtime model's conversation, without asking for a reply."""

    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Instruct:
    """From now on these are the realtime model's instructions."""

    text: str


@dataclass(frozen=True, slots=True)
class Truncate:
    """Tell the realtime model that only the first ``played_seconds`` of its reply were played, in which ``heard`` was
    said."""

    reply: int
    played_seconds: float
    heard: str


@dataclass(frozen=True, slots=True)
class JudgeTurn:
    """Ask the end-of-turn model about the pause; TurnJudged answers if there is a model. The turn is in the last
    ``seconds`` of sound: what was said before it would only mislead."""

    seconds: float = 8.0


@dataclass(frozen=True, slots=True)
class Listen:
    """Give the party's sound to the recogniser (True), or keep it from it (muted, before the answer)."""

    on: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Start the recording, where the plan wants one: only after the party agreed, where they are asked."""


@dataclass(frozen=True, slots=True)
class Sniff:
    """Look for steady tones in the party's sound (True), or no longer: ToneHeard tells them."""

    on: bool


@dataclass(frozen=True, slots=True)
class RunTools:
    """Run these webhook tools once; ToolsFinished answers. They run to their end (10 s at most) even when the leg closes."""

    batch: int
    calls: Sequence[ToolCall]


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys; DigitsSent answers."""

    digits: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Transfer the party by REFER; TransferDone or TransferRefused answers."""

    destination: str


@dataclass(frozen=True, slots=True)
class DialTarget:
    """Call the party that the call is to be handed over to, over the plan's ``transfer_trunk`` or ``trunk``.

    Everything that happens on this second leg comes as OfTarget; OfTarget(LineClosed) always comes, once, also where
    it could not be dialled. One second leg at a time: events of an earlier one come no more. ``talks``: somebody will
    be talked to; else no recogniser and no voice are opened for it.
    """

    destination: str
    talks: bool = True


@dataclass(frozen=True, slots=True)
class ToTarget:
    """Do this on the second leg: Speak, SpeakEnd, StopSpeaking, Prepare, Listen, Sniff, SendDigits or HangUp."""

    effect: "Speak | SpeakEnd | StopSpeaking | Prepare | Listen | Sniff | SendDigits | HangUp"


@dataclass(frozen=True, slots=True)
class HoldSound:
    """Play hold audio to the party (True) until it is taken away (False); Speak on the first leg silences it meanwhile."""

    on: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """Join the two legs: each hears the other, nobody else speaks or listens, keys are passed on, and the recording
    goes on. Ends when a leg closes."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the leg, and the second one where there is one; LineClosed follows. After it come no effects but Note,
    StopThinking, StopSpeaking and CancelTimer."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire TimerFired(name) at monotonic time ``at``; replaces a timer of the same name."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget a timer; no error when there is none."""

    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """Keep a fact (journal, live subscribers).

    ``CallEnded`` is the last one of a call and comes with LineClosed. The shell fills its ``usage`` and ``recording``
    (dataclasses.replace): the conversation knows neither.
    """

    fact: Fact


Effect = (
    Think
    | StopThinking
    | Speak
    | SpeakEnd
    | Prepare
    | StopSpeaking
    | Say
    | Play
    | Respond
    | Remember
    | Instruct
    | Truncate
    | JudgeTurn
    | Listen
    | Record
    | Sniff
    | RunTools
    | SendDigits
    | HandOver
    | DialTarget
    | ToTarget
    | HoldSound
    | Bridge
    | HangUp
    | SetTimer
    | CancelTimer
    | Note
)
