"""The replies of a realtime model: their sound and words as they come, under our numbers instead of the vendor's ids."""

from collections import OrderedDict
from dataclasses import dataclass

from trunkline.engine.utterance import SECONDS_PER_CHARACTER, Take, cut, words_between

KEPT_REPLIES = 8
"""The sound of older replies was played, or never will be."""
TELLING_CHARACTERS = 20
"""A shorter reply says little about the pace of a voice."""


@dataclass(slots=True, eq=False)
class Given:
    """Words that the model was given to speak as ``utterance``, as ``spoken``. ``firm``: the party cannot stop them."""

    utterance: int
    text: str
    firm: bool
    take: Take
    spoken: str = ""
    dropped: bool = False


@dataclass(slots=True, eq=False)
class Reply:
    """One reply. ``wanted`` until it is stopped; ``told`` counts the characters of its words that were told."""

    id: str
    number: int
    take: Take
    given: Given | None = None
    wanted: bool = True
    told: int = 0

    def words(self, text: str) -> str:
        """Takes more of its text; gives the words that are whole by now."""
        self.take.text += text
        end = max(self.take.text.rfind(" "), self.take.text.rfind("\n")) + 1
        return self._tell(end)

    def rest(self) -> str:
        """What was not told yet."""
        return self._tell(len(self.take.text))

    def _tell(self, end: int) -> str:
        words, self.told = self.take.text[self.told : end].strip(), max(self.told, end)
        return words


class Replies:
    """Those of one call. Numbers go on where a session ends; the vendor's ids are of one session."""

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._pace = SECONDS_PER_CHARACTER
        self._numbers = 0
        self._made: dict[str, Reply] = {}
        self._known: OrderedDict[int, Reply] = OrderedDict()

    def begin(self, id: str, given: Given | None) -> Reply:
        """A reply begins."""
        self._numbers += 1
        take = given.take if given is not None else Take("")
        take.begun, take.seconds_per_character = True, self._pace
        reply = Reply(id, self._numbers, take, given)
        self._made[id] = self._known[self._numbers] = reply
        if len(self._known) > KEPT_REPLIES:
            self._known.popitem(last=False)
        return reply

    @property
    def in_the_making(self) -> list[Reply]:
        """Those that are being made."""
        return list(self._made.values())

    def made(self, id: str) -> Reply | None:
        """The reply that is being made under this id."""
        return self._made.get(id)

    def numbered(self, number: int) -> Reply | None:
        """The reply with our number, if it is one of the newest."""
        return self._known.get(number)

    def is_made(self, reply: Reply) -> bool:
        """Whether it is still being made."""
        return reply.id in self._made

    def end(self, reply: Reply, *, short: bool) -> None:
        """Nothing more comes of it. ``short``: not all of it came."""
        self._made.pop(reply.id, None)
        if reply.take.done:
            return
        reply.take.done, reply.take.short = True, short
        if not short:
            self._learn(reply.take)

    def lose(self) -> list[Reply]:
        """The session is gone; gives those that were being made."""
        lost = list(self._made.values())
        self._made.clear()
        return lost

    def seconds(self, reply: Reply) -> float:
        """How much sound came of it."""
        return len(reply.take.pcm) / self._bytes_per_second

    def unspoken(self, reply: Reply) -> str:
        """The end of its text that its sound does not reach, as far as the pace of the voice tells."""
        text = reply.take.text
        if not reply.take.pcm or not text:
            return text
        reached = self.seconds(reply) / (len(text) * reply.take.seconds_per_character)
        return text[cut(text, min(1.0, reached)) :]

    def _learn(self, take: Take) -> None:
        start, end = words_between(bytes(take.pcm))
        if len(take.text) >= TELLING_CHARACTERS and end > start:
            self._pace = (end - start) / self._bytes_per_second / len(take.text)
