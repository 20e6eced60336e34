"""What the events of OpenAI's realtime protocol mean for a call: rules without sockets."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from trunkline.audio.resample import Resampler
from trunkline.base.errors import Upstream
from trunkline.base.logs import logger
from trunkline.ports.realtime import (
    Billed,
    PartyStarted,
    PartyStopped,
    PartyWords,
    RealtimeEvent,
    ReplyCalls,
    ReplyDone,
    ReplySound,
    ReplyStarted,
    ReplyWords,
)
from trunkline.ports.replies import Spent, Turn
from trunkline.providers.realtime.dialect import Dialect, SoundFormat
from trunkline.providers.realtime.replies import Replies, Reply, cuts, spent, tool_call

_log = logger("providers")

Event = Mapping[str, Any]
_BUSY = "conversation_already_has_active_response"
_SPOKEN_WORDS = "response.output_audio_transcript.delta"
TELLING_CHARACTERS = 8
"""So many characters tell given words from others."""
_TRANSCRIPTION = "conversation.item.input_audio_transcription."


class Conversation:
    """One session's conversation. What is to be sent goes to ``send``; ``failure`` makes an Upstream of the vendor's
    error object. ``due`` says whether the vendor owes a reply."""

    def __init__(
        self,
        dialect: Dialect,
        sound: SoundFormat,
        line_rate_hz: int,
        send: Callable[[dict[str, Any]], None],
        failure: Callable[[Event], Upstream],
    ) -> None:
        self.due = False
        self._dialect = dialect
        self._sound = sound
        self._send = send
        self._failure = failure
        self._replies = Replies(lambda: Resampler(sound.rate_hz, line_rate_hz))
        self._reply: Reply | None = None
        self._party_speaks = False
        self._asked: deque[str | None] = deque()
        self._waiting: deque[str | None] = deque()
        self._party_owed = False
        self._undecided: list[Event] = []
        self._words: dict[str, str] = {}
        self._unsettled: str | None = None
        self._nothing_said: set[str] = set()

    # --- what the call wants

    def add(self, turns: Sequence[Turn]) -> None:
        """As the port's ``add``."""
        for turn in turns:
            for item in _items(turn):
                self._send({"type": "conversation.item.create", "item": item})

    def ask(self, text: str | None = None) -> None:
        """Asks for a reply, or for one in the given words, when none is being made."""
        if text is not None or None not in self._waiting:
            self._waiting.append(text)
        self._ask_next()

    def cancel(self) -> None:
        """Gives up the reply that is being made, and those that were asked for."""
        self._waiting.clear()
        if self._reply is not None and not self._reply.given_up:
            self._reply.given_up = True
        elif not self._asked:
            return
        self._send({"type": "response.cancel"})

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        """As the port's ``truncate``."""
        known = self._replies.get(reply)
        if known is None:
            return
        known.given_up = known.unheard = True
        found = cuts(known, played_seconds, self._sound.rate_hz)
        for cut in found:
            if cut.end_ms is None or not self._dialect.truncates:
                self._send({"type": "conversation.item.delete", "item_id": cut.item})
                continue
            self._send(
                {
                    "type": "conversation.item.truncate",
                    "item_id": cut.item,
                    "content_index": 0,
                    "audio_end_ms": cut.end_ms,
                }
            )
        if found and heard and not self._dialect.truncates:
            self.add([Turn("assistant", heard)])

    # --- what the vendor tells

    def take(self, event: Event) -> Iterator[RealtimeEvent]:
        """What one event of the vendor means. Raises Upstream where it ends the session."""
        kind = str(event.get("type"))
        if kind.startswith(_TRANSCRIPTION) and str(event.get("item_id")) in self._nothing_said:
            return
        if self._undecided and kind.startswith("response.") and kind != "response.created":
            self._undecided.append(event)
            yield from self._decide(complete=kind == "response.done")
            return
        handler = _HANDLERS.get(kind)
        if handler is not None:
            yield from handler(self, event)

    def _started(self, _event: Event) -> Iterator[RealtimeEvent]:
        yield from self._decide(complete=True)
        self._party_speaks = True
        self.due = False
        yield from self._settle()
        yield PartyStarted()
        if self._reply is not None and not self._reply.given_up:
            self._reply.given_up = True
            if not self._dialect.gives_up:
                self._send({"type": "response.cancel"})

    def _stopped(self, _event: Event) -> Iterator[RealtimeEvent]:
        yield from self._abandoned()
        self._party_speaks = False
        self.due = self._party_owed = True
        yield PartyStopped()

    def _idle(self, event: Event) -> Iterator[RealtimeEvent]:
        """Nobody has spoken for long; the silence becomes a turn, whose words are made up."""
        self._nothing_said.add(str(event.get("item_id")))
        self.due = True
        yield from ()

    def _more_words(self, event: Event) -> Iterator[RealtimeEvent]:
        item = str(event.get("item_id"))
        self._words[item] = self._words.get(item, "") + str(event.get("delta") or "")
        yield PartyWords(item, self._words[item], final=False)

    def _all_words_so_far(self, event: Event) -> Iterator[RealtimeEvent]:
        item = str(event.get("item_id"))
        if self._unsettled != item:
            yield from self._settle()
        self._words[item] = str(event.get("transcript") or "")
        yield PartyWords(item, self._words[item], final=False)

    def _complete_words(self, event: Event) -> Iterator[RealtimeEvent]:
        if event.get("status") == "in_progress":
            yield from self._all_words_so_far(event)
        elif self._dialect.settles_late:
            yield from self._all_words_so_far(event)
            self._unsettled = str(event.get("item_id"))
        else:
            item = str(event.get("item_id"))
            self._words.pop(item, None)
            yield PartyWords(item, str(event.get("transcript") or "").strip(), final=True)

    def _no_words(self, event: Event) -> Iterator[RealtimeEvent]:
        item = str(event.get("item_id"))
        yield PartyWords(item, self._words.pop(item, ""), final=True)

    def _settle(self) -> Iterator[RealtimeEvent]:
        """Words that may have come once more are final now."""
        item, self._unsettled = self._unsettled, None
        if item is not None:
            yield PartyWords(item, self._words.pop(item, "").strip(), final=True)

    def _created(self, event: Event) -> Iterator[RealtimeEvent]:
        yield from self._decide(complete=True)
        yield from self._abandoned()
        if self._asked and self._asked[0] is not None and self._party_owed:
            self._undecided = [event]
            return
        asked = self._asked.popleft() if self._asked else None
        yield from self._begin(event, forced=asked is not None)

    def _begin(self, event: Event, *, forced: bool) -> Iterator[RealtimeEvent]:
        self._party_owed = self._party_owed and forced
        self._reply = self._replies.begin(str((event.get("response") or {}).get("id")), forced=forced)
        self.due = True
        yield ReplyStarted(self._reply.id, forced=forced)

    def _decide(self, *, complete: bool) -> Iterator[RealtimeEvent]:
        """Both the given words and an answer to the party are due, and the vendor does not say which of them this reply is:
        its first words do. ``complete``: no more of them come."""
        spoken = (str(one.get("delta") or "") for one in self._undecided if one.get("type") == _SPOKEN_WORDS)
        said, given = _plain("".join(spoken)), _plain(self._asked[0] or "") if self._asked else ""
        if not self._undecided or not (complete or len(said) >= min(TELLING_CHARACTERS, len(given))):
            return
        events, self._undecided = self._undecided, []
        forced = bool(said) and given.startswith(said)
        if forced:
            self._asked.popleft()
        yield from self._begin(events[0], forced=forced)
        for event in events[1:]:
            yield from self.take(event)

    def _sound_delta(self, event: Event) -> Iterator[RealtimeEvent]:
        reply = self._current(event.get("response_id"))
        if reply is not None:
            yield from self._settle()
            pcm = reply.sound(str(event.get("item_id")), self._sound.decode(event["delta"]))
            if pcm:
                yield ReplySound(reply.id, pcm)

    def _words_delta(self, event: Event) -> Iterator[RealtimeEvent]:
        reply = self._current(event.get("response_id"))
        if reply is not None and event.get("delta"):
            yield ReplyWords(reply.id, str(event["delta"]))

    def _call(self, event: Event) -> Iterator[RealtimeEvent]:
        reply = self._current(event.get("response_id"))
        if reply is not None and event.get("name"):
            _keep_call(reply, event)
        yield from ()

    def _item_done(self, event: Event) -> Iterator[RealtimeEvent]:
        item = event.get("item") or {}
        reply = self._current(event.get("response_id"))
        if reply is not None and item.get("type") == "function_call":
            _keep_call(reply, item)
        yield from ()

    def _done(self, event: Event) -> Iterator[RealtimeEvent]:
        response = event.get("response") or {}
        reply, figures = self._reply, spent(response.get("usage"))
        if reply is None or reply.id != response.get("id"):
            if figures != Spent():
                yield Billed(figures)
            return
        for item in response.get("output") or ():
            if item.get("type") == "function_call":
                _keep_call(reply, item)
        if not self._party_speaks:
            self.due = False
        yield from self._ended(reply, response, figures)
        self._ask_next()

    def _ended(self, reply: Reply, response: Event, figures: Spent) -> Iterator[RealtimeEvent]:
        self._reply = None
        reply.done = True
        for item in response.get("output") or () if reply.unheard else ():
            if item.get("type") == "message" and item.get("id") not in reply.items:
                self._send({"type": "conversation.item.delete", "item_id": item["id"]})
        details = response.get("status_details") or {}
        failed = response.get("status") == "failed" or details.get("reason") == "content_filter"
        if failed:
            problem = self._failure(details.get("error") or {"code": details.get("reason")})
            yield ReplyDone(reply.id, "failed", figures, problem)
        elif reply.given_up or response.get("status") == "cancelled":
            yield ReplyDone(reply.id, "cancelled", figures)
        else:
            if tail := reply.to_line.flush():
                yield ReplySound(reply.id, tail)
            if reply.calls:
                yield ReplyCalls(reply.id, tuple(reply.calls.values()))
            yield ReplyDone(reply.id, "completed", figures)

    def _error(self, event: Event) -> Iterator[RealtimeEvent]:
        error = event.get("error") or {}
        code = str(error.get("code") or error.get("type") or "")
        if code == _BUSY:
            if self._asked:
                self._waiting.appendleft(self._asked.popleft())
            return
        if code in self._dialect.errors or error.get("type") in self._dialect.errors:
            raise self._failure(error)
        _log.warning("a realtime model refused an event", provider=self._dialect.provider, code=code)
        yield from ()

    # ---

    def _current(self, response: object) -> Reply | None:
        """The reply that is being made, where the event is of it and its rest is wanted."""
        reply = self._reply
        return reply if reply is not None and reply.id == response and not reply.given_up else None

    def _abandoned(self) -> Iterator[RealtimeEvent]:
        """Ends a reply that the vendor left without an end."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.given_up = reply.done = True
            yield ReplyDone(reply.id, "cancelled")

    def _ask_next(self) -> None:
        if not self._waiting or self._reply is not None or self._asked or self._party_speaks:
            return
        text = self._waiting.popleft()
        self._asked.append(text)
        self.due = True
        if text is None:
            self._send({"type": "response.create"})
            return
        content = [{"type": "output_text", "text": text}]
        item = {"type": "force_message", "role": "assistant", "content": content}
        self._send({"type": "conversation.item.create", "item": item})


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _keep_call(reply: Reply, call: Event) -> None:
    name = str(call.get("call_id"))
    reply.calls[name] = tool_call(name, str(call.get("name")), str(call.get("arguments") or ""))


def _items(turn: Turn) -> Iterator[dict[str, Any]]:
    """A turn as items of the conversation."""
    if turn.role == "tool":
        yield {"type": "function_call_output", "call_id": turn.tool_call_id, "output": turn.content}
        return
    if turn.content:
        kind = "output_text" if turn.role == "assistant" else "input_text"
        yield {"type": "message", "role": turn.role, "content": [{"type": kind, "text": turn.content}]}
    for call in turn.tool_calls:
        arguments = orjson.dumps(call.arguments).decode()
        yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments}


_HANDLERS: Mapping[str, Callable[[Conversation, Event], Iterator[RealtimeEvent]]] = {
    "input_audio_buffer.speech_started": Conversation._started,
    "input_audio_buffer.speech_stopped": Conversation._stopped,
    "input_audio_buffer.timeout_triggered": Conversation._idle,
    _TRANSCRIPTION + "delta": Conversation._more_words,
    _TRANSCRIPTION + "updated": Conversation._all_words_so_far,
    _TRANSCRIPTION + "completed": Conversation._complete_words,
    _TRANSCRIPTION + "failed": Conversation._no_words,
    "response.created": Conversation._created,
    "response.output_audio.delta": Conversation._sound_delta,
    _SPOKEN_WORDS: Conversation._words_delta,
    "response.function_call_arguments.done": Conversation._call,
    "response.output_item.done": Conversation._item_done,
    "response.done": Conversation._done,
    "error": Conversation._error,
}
