"""Facts of a call: what happened, in the order in which it did. The journal keeps them; subscribers see them live."""

from dataclasses import dataclass, field
from datetime import datetime

from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.signalling import SignallingMessage
from trunkline.domain.transcript import Message, Role


@dataclass(frozen=True, slots=True)
class SipFacts:
    """What the phone leg told us: the SIP Call-ID, the last status code with its reason phrase, the codec in use."""

    call_id: str | None = None
    status_code: int | None = None
    reason: str | None = None
    codec: str | None = None

    def as_json(self) -> dict[str, object]:
        """The ``sip`` object of the call."""
        return {"call_id": self.call_id, "status_code": self.status_code, "reason": self.reason, "codec": self.codec}


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The call moved on to a state that is no end state (``ringing``, ``in-progress``, ``transferring``)."""

    at: datetime
    status: CallStatus
    sip: SipFacts = field(default_factory=SipFacts)


@dataclass(frozen=True, slots=True)
class MessageSpoken:
    """A turn of either side is complete and true: it goes into the transcript."""

    at: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class PartialHeard:
    """Words as they are recognised or played, not yet final: for live subscribers only."""

    at: datetime
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class CommandDone:
    """What became of a control command: ``outcome`` is ``done`` or ``failed``; ``detail`` says why."""

    at: datetime
    command_id: str
    type: str
    outcome: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class TurnMeasured:
    """The latency of one turn in milliseconds, each part None where it did not happen.

    ``end_of_turn``: end of their speech to the decision. ``stt``: end of their speech to the final text.
    ``llm_first_token``, ``tts_first_audio``: request to first result. ``heard``: end of their speech to our first
    sample on the wire. ``added``: ``heard`` less the end-of-turn wait that was configured and the providers' times.
    """

    at: datetime
    turn: int
    end_of_turn: float | None = None
    stt: float | None = None
    llm_first_token: float | None = None
    tts_first_audio: float | None = None
    heard: float | None = None
    added: float | None = None


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key, from the party (``received``) or from us (``sent``)."""

    at: datetime
    digit: str
    direction: str


@dataclass(frozen=True, slots=True)
class StageUsage:
    """What one provider was used for in a call. ``own_key``: on the organisation's own key. The cached and the audio tokens
    are parts of the prompt's and the completion's; the cached audio tokens are part of both of the prompt's."""

    stage: str
    provider: str
    model: str | None = None
    own_key: bool = False
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cached_audio_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used, by stage: seconds of audio recognised, tokens, characters spoken."""

    stt_seconds: float = 0.0
    llm_prompt_tokens: int = 0
    llm_completion_tokens: int = 0
    tts_characters: int = 0
    stages: tuple["StageUsage", ...] = ()


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over: the last fact of every call. ``recording`` is the blob's name where there is one; ``signalling``
    are the SIP messages of all its legs."""

    at: datetime
    reason: EndReason
    error: str | None = None
    sip: SipFacts = field(default_factory=SipFacts)
    recording: str | None = None
    usage: Usage = field(default_factory=Usage)
    signalling: tuple[SignallingMessage, ...] = field(default=(), repr=False)


Fact = StatusChanged | MessageSpoken | PartialHeard | CommandDone | TurnMeasured | DigitPressed | CallEnded


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event of ``GET /calls/{id}/events``: ``seq`` counts up per call from 1 (0: not kept, cannot be resumed from).

    ``event`` is status, transcript, command, latency or dtmf; ``data`` is its JSON with ``call_id`` and ``at``.
    ``final`` marks the event of the end state, after which the stream closes.
    """

    call_id: str
    seq: int
    event: str
    data: dict[str, object]
    final: bool = False
