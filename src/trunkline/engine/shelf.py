"""The shelf: what voices have said and will say again, kept for all calls of a worker, within a bound."""

from collections import OrderedDict
from hashlib import blake2b

from trunkline.domain.assistant import tts_choices
from trunkline.domain.plan import CallPlan
from trunkline.engine.wording import known_sentences

ROOM_BYTES = 64 * 1024 * 1024
"""Over an hour of speech at 8 kHz."""
LARGEST_SHARE = 16
"""A single take of more than this part of the room is not kept."""
REMEMBERED = 16_384
_DIGEST_BYTES = 16


class Shelf:
    """Takes by a digest of whose voice says what; the one that was not wanted for longest makes room."""

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        self.size_bytes = 0
        self._room = room_bytes
        self._takes: OrderedDict[bytes, bytes] = OrderedDict()
        self._said_by: OrderedDict[bytes, str] = OrderedDict()

    def find(self, key: bytes) -> bytes | None:
        """The sound, where it is here."""
        pcm = self._takes.get(key)
        if pcm is not None:
            self._takes.move_to_end(key)
        return pcm

    def keep(self, key: bytes, pcm: bytes) -> None:
        """Puts a take onto the shelf."""
        if key in self._takes or not pcm or len(pcm) > self._room // LARGEST_SHARE:
            return
        self._takes[key] = pcm
        self.size_bytes += len(pcm)
        while self.size_bytes > self._room:
            _, oldest = self._takes.popitem(last=False)
            self.size_bytes -= len(oldest)

    def said_before(self, key: bytes, call_id: str) -> bool:
        """Whether another call has said this lately; this one is remembered to have."""
        earlier = self._said_by.setdefault(key, call_id)
        self._said_by.move_to_end(key)
        if len(self._said_by) > REMEMBERED:
            self._said_by.popitem(last=False)
        return earlier != call_id


class CallShelf:
    """One call's way to the shelf: it sees what was said with its own voice, in its own organisation, and leaves there
    what its assistant always says, and whatever else a second call has come to say in the same words."""

    def __init__(self, shelf: Shelf, plan: CallPlan, sample_rate_hz: int) -> None:
        self._shelf = shelf
        self._call_id = plan.call_id
        self._private = plan.assistant.gdpr_mode
        self._known = known_sentences(plan)
        config = plan.assistant.tts_config
        described = [choice.model_copy(update={"fallbacks": ()}) for choice in tts_choices(config)] if config else []
        self._voices = [
            blake2b(f"{plan.org_id}|{one.model_dump_json()}|{sample_rate_hz}|".encode(), digest_size=_DIGEST_BYTES)
            for one in described
        ]

    def find(self, spoken: str, voice: int = 0) -> bytes | None:
        """The sound of ``spoken`` (as the voice is to read it), where it is here; ``voice`` is the number of the one who
        says it, 0 the configured one and then its fallbacks."""
        return self._shelf.find(self._key(spoken, voice))

    def keep(self, text: str, spoken: str, pcm: bytes, voice: int = 0) -> None:
        """Offers a whole take of ``spoken``, which was written as ``text``."""
        key = self._key(spoken, voice)
        if text in self._known or (not self._private and self._shelf.said_before(key, self._call_id)):
            self._shelf.keep(key, pcm)

    def _key(self, spoken: str, voice: int) -> bytes:
        key = self._voices[voice].copy()
        key.update(spoken.encode())
        return key.digest()
