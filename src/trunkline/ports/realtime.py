"""A model that hears and speaks by itself: sound in, sound out, and what it tells of both. Opened per call while it rings.

Failures of all of them are ``base.errors.Upstream`` (``retryable`` or not).
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.replies import Spent, ToolCall, Turn


@dataclass(frozen=True, slots=True)
class PartyStarted:
    """The vendor heard the party begin to speak. A reply that was being made is given up by the vendor, or is cancelled
    by the adapter: ReplyDone (``cancelled``) follows."""


@dataclass(frozen=True, slots=True)
class PartyStopped:
    """The vendor takes the party's turn for over; a reply follows by itself."""


@dataclass(frozen=True, slots=True)
class PartyWords:
    """What the party said in the turn ``item``: ``text`` is all of it so far; ``final`` ends it (and may come after the
    reply to it has begun). Empty and final: sound without words."""

    item: str
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The model begins reply ``reply``. ``forced``: it speaks what ``say`` gave it."""

    reply: str
    forced: bool = False


@dataclass(frozen=True, slots=True)
class ReplySound:
    """The next sound of a reply: 16-bit little-endian mono PCM at the rate of the session. Comes faster than real time."""

    reply: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """The next words of a reply, about in step with its sound."""

    reply: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyCalls:
    """The tool calls of a reply, complete; their results are given back with ``add`` and then ``respond``."""

    reply: str
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """Nothing more comes of a reply. ``problem`` says why it failed."""

    reply: str
    outcome: Literal["completed", "cancelled", "failed"]
    spent: Spent = field(default_factory=Spent)
    problem: Upstream | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """What was spent beyond what ReplyDone said; may come at any time."""

    spent: Spent


RealtimeEvent = (
    PartyStarted | PartyStopped | PartyWords | ReplyStarted | ReplySound | ReplyWords | ReplyCalls | ReplyDone | Billed
)


class RealtimeSession(Protocol):
    """One call's model. What it is told is sent in order; none of these methods blocks. A connection that broke shows in
    ``events``."""

    def push(self, pcm: bytes) -> None:
        """Takes the party's next sound at the rate it was opened with."""

    def events(self) -> AsyncIterator[RealtimeEvent]:
        """What happens; for one reader; ends when closed; raises Upstream where the connection is lost or silent."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Puts turns into the conversation: words (system, user, assistant) and results of tools. Asks for no reply."""

    def instruct(self, text: str) -> None:
        """Replaces the instructions of the session."""

    def respond(self) -> None:
        """Asks for a reply now. A reply that is being made is finished first."""

    def say(self, text: str) -> bool:
        """Has the model speak just these words. False where the vendor has no such thing: nothing was sent."""

    def cancel(self) -> None:
        """Gives up the reply that is being made, if there is one."""

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        """Of a reply only the first ``played_seconds`` were played, in which ``heard`` was said: the conversation of the
        vendor is cut to that, or told so."""

    async def aclose(self) -> None: ...


@runtime_checkable
class SpeaksGivenWords(Protocol):
    """A vendor that knows before a session is open whether ``say`` works; of any other nothing is known."""

    @property
    def speaks_given_words(self) -> bool:
        """Whether it does."""


class Realtime(Protocol):
    """Speech to speech."""

    async def open(
        self, config: LlmConfig, instructions: str, tools: Sequence[FunctionSpec], sample_rate_hz: int
    ) -> RealtimeSession:
        """A session that is ready to hear (its configuration was acknowledged). Raises Upstream."""
