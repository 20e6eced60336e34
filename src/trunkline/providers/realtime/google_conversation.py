"""What the messages of Gemini Live mean for a call: rules without sockets.

The vendor has no ids, so replies and turns of the party are numbered here. What is said to it in text interrupts what it
is saying; so text waits until it has finished.
"""

import base64
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from trunkline.audio.frame import SAMPLE_BYTES
from trunkline.audio.resample import Resampler
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
from trunkline.ports.replies import Spent, ToolCall, Turn
from trunkline.providers.figures import figure
from trunkline.providers.realtime.google_setup import content, note, response, turn_content
from trunkline.providers.realtime.replies import Replies, Reply

SPOKEN_RATE_HZ = 24_000
_ITEM = "sound"
_ALL_BUT_SECONDS = 0.1
_PLACEHOLDER = "."

Message = Mapping[str, Any]


class GoogleConversation:
    """One session's conversation. What is to be sent goes to ``send``; ``due`` says whether the vendor owes something."""

    def __init__(
        self, line_rate_hz: int, names: Mapping[str, str], placeholder: bool, send: Callable[[dict[str, Any]], None]
    ) -> None:
        self.due = False
        self.handle: str | None = None
        self.leaving = False
        self._names = names
        self._placeholder = placeholder
        self._send = send
        self._replies = Replies(lambda: Resampler(SPOKEN_RATE_HZ, line_rate_hz))
        self._reply: Reply | None = None
        self._count = 0
        self._spent = Spent()
        self._calls: dict[str, str] = {}
        self._waiting: deque[dict[str, Any] | None] = deque()
        self._unanswered = False
        self._answers_results = False
        self._in_turn = False
        self._item = ""
        self._words = ""
        self._final: str | None = None
        self._cut = False
        self._plays = False
        self._owed = False

    @property
    def idle(self) -> bool:
        """Whether nothing is being said or done."""
        return self._reply is None and not self._calls and not self.due and not self._in_turn

    @property
    def listening(self) -> bool:
        """Whether the party may still be speaking."""
        return self._in_turn

    # --- what the call wants

    def add(self, turns: Sequence[Turn]) -> None:
        """As the port's ``add``."""
        results = []
        for turn in turns:
            call = turn.tool_call_id or ""
            if turn.role != "tool":
                if turn.content:
                    self._waiting.append(turn_content(turn))
            elif call in self._calls:
                results.append(response(call, self._calls.pop(call), turn.content))
            else:
                self._waiting.append(note(f"a tool has brought {turn.content}"))
        if results:
            self._send({"toolResponse": {"functionResponses": results}})
            self._answers_results = True
            self._owed = not self._calls
            self.due = self.due or self._owed
        self._pass_on()

    def instruct(self, text: str) -> None:
        """As the port's ``instruct``: instructions cannot be replaced, so the new ones are told."""
        self._waiting.append(note(f"from now on these are your instructions, in place of those before. {text}"))
        self._pass_on()

    def ask(self) -> None:
        """Asks for a reply. Results of tools are answered without being asked for."""
        if self._answers_results and not self._waiting:
            self._answers_results = False
            return
        if None not in self._waiting:
            self._waiting.append(None)
        self._pass_on()

    def nudge(self) -> None:
        """Nobody has spoken for long: the model is to."""
        self._waiting.append(note("the other party has been silent for a while. Speak to them."))
        self.ask()

    def cancel(self) -> None:
        """Gives up the reply that is being made, and what was asked for. Any text interrupts it."""
        self._waiting = deque(one for one in self._waiting if one is not None)
        if self._reply is not None and not self._reply.given_up:
            self._reply.given_up = True
            self._break_in()
        elif self._reply is None and self._owed:
            self._owed = self.due = False
            self._break_in()

    def _break_in(self) -> None:
        self._cut = True
        self._send({"clientContent": {"turnComplete": False}})

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        """Tells the model what was heard of it: its conversation cannot be cut."""
        known = self._replies.get(reply)
        given = sum(known.items.values()) / SAMPLE_BYTES / SPOKEN_RATE_HZ if known is not None else 0.0
        if known is None or played_seconds >= given - _ALL_BUT_SECONDS:
            return
        known.given_up = True
        what = f"only this was heard of your last words: {heard}" if heard else "nothing was heard of your last words"
        self._waiting.append(note(f"you were interrupted, and {what}"))
        self._pass_on()

    # --- what the vendor tells

    def take(self, message: Message) -> Iterator[RealtimeEvent]:
        """What one message of the vendor means."""
        if "usageMetadata" in message:
            yield from self._bill(_spent(message["usageMetadata"]))
        if "voiceActivity" in message:
            yield from self._activity(str(message["voiceActivity"].get("voiceActivityType")))
        if "serverContent" in message:
            yield from self._content(message["serverContent"])
        if "toolCall" in message:
            yield from self._called(message["toolCall"].get("functionCalls") or ())
        for call in (message.get("toolCallCancellation") or {}).get("ids") or ():
            self._calls.pop(call, None)
        update = message.get("sessionResumptionUpdate")
        if update is not None:
            self.handle = update.get("newHandle") if update.get("resumable") else None
        self.leaving = self.leaving or "goAway" in message
        self._pass_on()

    def _content(self, told: Message) -> Iterator[RealtimeEvent]:
        if told.get("interrupted"):
            yield from self._interrupted()
        for name in ("interimInputTranscription", "inputTranscription"):
            if name in told:
                yield from self._heard(told[name], interim=name.startswith("interim"))
        for part in (told.get("modelTurn") or {}).get("parts") or ():
            yield from self._part(part)
        if text := (told.get("outputTranscription") or {}).get("text"):
            yield from self._speaking()
            if self._reply is not None and not self._reply.given_up:
                yield ReplyWords(self._reply.id, str(text))
        yield from self._ends(told)

    def _ends(self, told: Message) -> Iterator[RealtimeEvent]:
        if told.get("generationComplete"):
            self._plays = self._reply is not None
            yield from self._end("completed")
        if told.get("turnComplete"):
            yield from self._end("completed")
            if not self._in_turn:
                yield from self._settle()
                self._item = ""
            self._cut = self._plays = False
            self.due = self._owed
        if told.get("waitingForInput"):
            self.due = False

    def _part(self, part: Message) -> Iterator[RealtimeEvent]:
        data = (part.get("inlineData") or {}).get("data")
        if not data:
            return
        yield from self._speaking()
        reply = self._reply
        if reply is not None and not reply.given_up:
            pcm = reply.sound(_ITEM, base64.b64decode(data))
            if pcm:
                yield ReplySound(reply.id, pcm)

    def _speaking(self) -> Iterator[RealtimeEvent]:
        """The model speaks: a reply has begun, should none have."""
        if self._reply is not None:
            return
        if self._in_turn:
            self._in_turn = False
            yield PartyStopped()
        self._count += 1
        self._reply = self._replies.begin(f"reply_{self._count}")
        self._answers_results = self._unanswered = self._owed = self._plays = self._cut = False
        self.due = True
        yield ReplyStarted(self._reply.id)

    def _called(self, calls: Sequence[Message]) -> Iterator[RealtimeEvent]:
        yield from self._speaking()
        made = tuple(
            ToolCall(str(call.get("id")), self._names.get(str(call.get("name")), str(call.get("name"))), _args(call))
            for call in calls
        )
        self._calls.update({call.id: str(wire.get("name")) for call, wire in zip(made, calls, strict=True)})
        yield from self._end("completed", made)

    def _end(self, outcome: str, calls: tuple[ToolCall, ...] = ()) -> Iterator[RealtimeEvent]:
        reply, self._reply = self._reply, None
        if reply is None:
            return
        spent, self._spent = self._spent, Spent()
        self.due = False
        if outcome == "cancelled" or reply.given_up:
            for call in calls:
                self._calls.pop(call.id, None)
            yield ReplyDone(reply.id, "cancelled", spent)
            return
        if tail := reply.to_line.flush():
            yield ReplySound(reply.id, tail)
        if calls:
            yield ReplyCalls(reply.id, calls)
        yield from self._settle()
        yield ReplyDone(reply.id, "completed", spent)

    def _interrupted(self) -> Iterator[RealtimeEvent]:
        """The party speaks while the model does (or we have cancelled it)."""
        cancelled, self._cut = self._cut, False
        self._plays = False
        if not cancelled:
            yield from self._party_began()
        yield from self._end("cancelled")

    def _party_began(self) -> Iterator[RealtimeEvent]:
        if not self._in_turn:
            yield from self._settle()
            self._in_turn = True
            self._count += 1
            self._item, self._words, self._final = f"turn_{self._count}", "", None
            self.due = False
            yield PartyStarted()

    def _activity(self, kind: str) -> Iterator[RealtimeEvent]:
        if kind.endswith("ACTIVITY_START"):
            yield from self._party_began()
            if self._reply is not None:
                self._reply.given_up = True
        elif kind.endswith("ACTIVITY_END") and self._in_turn:
            self._in_turn = False
            self.due = True
            yield PartyStopped()

    def _heard(self, told: Message, *, interim: bool) -> Iterator[RealtimeEvent]:
        text = str(told.get("text") or "")
        if not self._item:
            yield from self._party_began()
        if interim:
            yield PartyWords(self._item, (self._words + text).strip(), final=False)
        else:
            self._words += text
            if told.get("finished"):
                yield from self._settle()
            else:
                yield PartyWords(self._item, self._words.strip(), final=False)
        self.due = self.due or self._in_turn

    def _settle(self) -> Iterator[RealtimeEvent]:
        """The words of the party's turn are final, unless that was told already."""
        words = self._words.strip()
        if self._item and self._final != words:
            self._final = words
            yield PartyWords(self._item, words, final=True)

    def _bill(self, spent: Spent) -> Iterator[RealtimeEvent]:
        if self._reply is None:
            yield Billed(spent)
        else:
            self._spent = Spent(*(getattr(self._spent, name) + getattr(spent, name) for name in Spent.__slots__))

    # ---

    def _pass_on(self) -> None:
        """Says what waits, where nothing is interrupted by it. While the vendor takes it that a reply is still being played,
        only what asks for another one is worth that."""
        if self._reply is not None or self._calls or not self._waiting or (self._plays and None not in self._waiting):
            return
        self._cut = self._plays
        turns: list[dict[str, Any]] = []
        asked = False
        while self._waiting and not asked:
            waiting = self._waiting.popleft()
            asked = waiting is None
            if waiting is not None:
                turns.append(waiting)
        self._unanswered = self._unanswered or any(turn["role"] == "user" for turn in turns)
        if asked and self._placeholder and not self._unanswered:
            turns.append(content("user", _PLACEHOLDER))
        self._send({"clientContent": {"turns": turns, "turnComplete": asked}})
        self._owed = self._owed or asked
        self.due = self.due or asked


def _args(call: Message) -> dict[str, Any]:
    given = call.get("args")
    return dict(given) if isinstance(given, dict) else {}


def _spent(usage: Message) -> Spent:
    """The vendor's own figures."""

    def sound(name: str) -> int:
        return sum(figure(one, "tokenCount") for one in usage.get(name) or () if one.get("modality") == "AUDIO")

    return Spent(
        prompt_tokens=figure(usage, "promptTokenCount") + figure(usage, "toolUsePromptTokenCount"),
        completion_tokens=figure(usage, "responseTokenCount") + figure(usage, "thoughtsTokenCount"),
        cached_tokens=figure(usage, "cachedContentTokenCount"),
        cached_audio_tokens=sound("cacheTokensDetails"),
        audio_prompt_tokens=sound("promptTokensDetails"),
        audio_completion_tokens=sound("responseTokensDetails"),
    )
