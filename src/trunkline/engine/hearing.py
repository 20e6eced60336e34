"""Who hears a leg: what the media pass gives its sound and voice activity to, be it a recogniser or a realtime model."""

from typing import Protocol

from trunkline.engine.events import SpeechEnded, SpeechStarted


class Ears(Protocol):
    """One leg's ears. ``on``: they are to hear. ``pauses`` counts beginnings and ends of speech."""

    @property
    def on(self) -> bool: ...

    @property
    def pauses(self) -> int: ...

    def listen(self, on: bool) -> None:
        """Gives them the sound, or keeps the sound from them."""

    def hear(self, pcm: bytes) -> None:
        """The party's next sound."""

    def speech(self, event: SpeechStarted | SpeechEnded) -> None:
        """What the voice activity detection found."""

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""

    def close(self) -> None:
        """Hears no more."""
