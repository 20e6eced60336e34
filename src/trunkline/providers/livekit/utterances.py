"""When the words of an utterance are final, of a recogniser that decides this by itself or not at all. Pure rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from trunkline.base.errors import Upstream
from trunkline.ports.models import Final, Heard, Partial

MORE_SECONDS = 0.6
"""So long more words may come when some of the utterance are final already."""
REST_SECONDS = 1.2
"""So long the words so far may still become final by themselves."""
FIRST_SECONDS = 2.0
"""So long the first word may take when speech has ended."""
DEAF_SECONDS = 1.0
"""Speech of this length has words: a recogniser that tells nothing of it is deaf."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a recogniser told, or that the time for it is over (``due``)."""

    kind: Literal["partial", "final", "end", "usage", "due", "other"]
    text: str = ""
    seconds: float = 0.0
    language: str | None = None


class Utterances:
    """The utterances of one call: between ``began`` and ``ended`` there is speech, after ``ended`` a Final is ``awaited``.
    Sound is billed as the recogniser says, or by its length where it says nothing."""

    def __init__(self, provider: str) -> None:
        self.awaited = False
        self._provider = provider
        self._partial = ""
        self._finals = 0
        self._told = False
        self._speaking = False
        self._speech_seconds = 0.0
        self._pushed_seconds = 0.0
        self._billed_seconds = 0.0
        self._says_usage = False

    def sound(self, seconds: float) -> None:
        """So much more sound was sent."""
        self._pushed_seconds += seconds
        if self._speaking:
            self._speech_seconds += seconds

    def began(self) -> None:
        """Speech began."""
        self._speaking, self.awaited = True, False
        self._finals, self._told, self._speech_seconds = 0, False, 0.0

    def ended(self) -> float:
        """Speech ended: when ``due`` is to be told, in seconds from now."""
        self._speaking, self.awaited = False, True
        if self._partial:
            return REST_SECONDS
        return MORE_SECONDS if self._finals else FIRST_SECONDS

    def handle(self, event: Event) -> Iterator[Heard]:
        """What follows from an event. Raises Upstream where the recogniser is deaf."""
        self._told = self._told or event.kind in ("partial", "final", "end")
        match event.kind:
            case "partial" if event.text:
                self._partial = event.text
                yield Partial(event.text)
            case "final" if event.text:
                self._finals += 1
                self.awaited = False
                yield self._final(event.text, event.language)
            case "usage":
                self._says_usage = True
                self._billed_seconds += event.seconds
            case "end" if self.awaited and not self._partial:
                self.awaited = False
                yield self._final("")
            case "due" if not self._speaking and (self.awaited or self._partial):
                self.awaited = False
                yield self._given_up()

    def _given_up(self) -> Final:
        if self._partial:
            return self._final(self._partial)
        if self._told or self._speech_seconds < DEAF_SECONDS:
            return self._final("")
        message = f"{self._provider} told nothing of {self._speech_seconds:.1f} s of speech"
        raise Upstream(message, provider=self._provider, retryable=True)

    def _final(self, text: str, language: str | None = None) -> Final:
        self._partial = ""
        billed = self._billed_seconds if self._says_usage else self._pushed_seconds
        self._billed_seconds = self._pushed_seconds = 0.0
        return Final(text.strip(), billed, language)
