"""The newest sound of the party, and where in it the speech begins that has no words yet."""

KEPT_SECONDS = 8.0
LONGEST_UTTERANCE_SECONDS = 30.0
BEFORE_SPEECH_SECONDS = 0.3
AFTER_WORDS_SECONDS = 1.0
"""Words given in the midst of speech came at most so long after they were said: a word too many is better than one lost."""
REPLAY_SECONDS = 0.2
_SLACK_SECONDS = 2.0


class Memory:
    """Sound, kept for as long as it may be needed again. Positions count bytes since the call began."""

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._sound = bytearray()
        self._total = 0
        self._start: int | None = None
        self._next: int | None = None
        self._end: int | None = None
        self._limit_bytes = self._bytes(KEPT_SECONDS + _SLACK_SECONDS)

    def keep(self, pcm: bytes) -> None:
        """The next sound."""
        self._sound += pcm
        self._total += len(pcm)
        if len(self._sound) > self._limit_bytes:
            del self._sound[: self._bytes(_SLACK_SECONDS) - self._limit_bytes]

    def begin(self, *, pending: bool) -> None:
        """Speech began. ``pending``: what was said before it has no words yet."""
        start = max(0, self._total - self._bytes(BEFORE_SPEECH_SECONDS))
        self._end = None
        if pending and self._start is not None:
            self._next = start
        else:
            self._start, self._next = start, None
        self._limit_bytes = self._bytes(LONGEST_UTTERANCE_SECONDS + _SLACK_SECONDS)

    def end(self) -> None:
        """Speech ended: what follows is none of it."""
        self._end = self._total

    def worded(self, *, speaking: bool) -> None:
        """Words came: of all that was said, or (``speaking``) of what was said before the speech that goes on, or of its
        first part."""
        if not speaking:
            self._settle()
        elif self._next is not None:
            self._start, self._next = self._next, None
        elif self._start is not None:
            self._start = max(self._start, self._total - self._bytes(AFTER_WORDS_SECONDS))

    def clear(self) -> None:
        """Nothing of this is needed any more."""
        self._settle()
        self._sound.clear()

    def utterance(self) -> list[bytes]:
        """The speech that has no words yet, in pieces as a line gives them."""
        if self._start is None or self._total <= self._start:
            return []
        first = max(0, len(self._sound) - (self._total - self._start))
        last = len(self._sound) - (self._total - (self._total if self._end is None else self._end))
        sound = bytes(self._sound[first:last])
        step = self._bytes(REPLAY_SECONDS)
        return [sound[at : at + step] for at in range(0, len(sound), step)]

    def since_speech_began(self) -> bytes:
        """The speech that has no words yet, and all that came after it; nothing where it is long over."""
        over = self._end is not None and self._total - self._end > self._bytes(LONGEST_UTTERANCE_SECONDS)
        if self._start is None or over:
            return b""
        first = len(self._sound) - (self._total - self._start) - self._bytes(BEFORE_SPEECH_SECONDS)
        return bytes(self._sound[max(0, first) :])

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return bytes(self._sound[-self._bytes(seconds) :])

    def _settle(self) -> None:
        self._start = self._next = self._end = None
        self._limit_bytes = self._bytes(KEPT_SECONDS + _SLACK_SECONDS)

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self._bytes_per_second) // 2 * 2
