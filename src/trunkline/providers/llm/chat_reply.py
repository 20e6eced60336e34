"""Reading chat completions: chunks and whole replies become the parts of our port, errors become Upstream."""

from collections.abc import Iterator
from typing import Any

import orjson

from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, ToolCall
from trunkline.providers.figures import figure
from trunkline.providers.llm.failing import Failing, vendor_error


class _Call:
    """A tool call whose pieces are still coming."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.text = ""
        self.ready: dict[str, Any] | None = None

    def add(self, piece: dict[str, Any]) -> None:
        self.id = self.id or str(piece.get("id") or "")
        function = piece.get("function")
        if not isinstance(function, dict):
            return
        if isinstance(name := function.get("name"), str) and name != self.name:
            self.name += name
        match function.get("arguments"):
            case str(text):
                self.text += text
            case dict(ready):
                self.ready = ready

    def finished(self, name: str, cut: bool) -> ToolCall:
        arguments, problem = self.ready, ""
        if arguments is None:
            arguments, problem = arguments_of(self.text, cut)
        return ToolCall(self.id or name, self.name, arguments, problem)


def arguments_of(text: str, cut: bool) -> tuple[dict[str, Any], str]:
    """The arguments of a call, or the sentence that the model is told instead of a result."""
    if not text.strip():
        return {}, ""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        why = "the reply was cut off at its longest length" if cut else "they are not valid JSON"
        return {}, f"The tool was not run: its arguments could not be read, because {why}. Call it again."
    if not isinstance(value, dict):
        return {}, "The tool was not run: its arguments have to be a JSON object. Call it again."
    return value, ""


class ChatReply:
    """Puts one reply together from its chunks. ``may_be_silent``: an empty one is a reply too, not a failure."""

    def __init__(
        self, request_id: str = "", *, may_be_silent: bool = False, failing: Failing | None = None, prefix: str = "call"
    ) -> None:
        self._may_be_silent = may_be_silent
        self._failing = failing or Failing("openai_compatible")
        self._prefix = prefix
        self._request_id = request_id
        self._calls: list[tuple[int, _Call]] = []
        self._finish = ""
        self._spoke = False
        self._spent = Spent()

    @property
    def complete(self) -> bool:
        """The vendor said that the reply is finished."""
        return bool(self._finish)

    def take(self, data: bytes) -> list[ReplyPart]:
        """The words of one chunk (or of a whole reply). Raises Upstream for an error in its place, and for garbage."""
        chunk = self._failing.read(data, self._request_id)
        if chunk.get("error"):
            message, _, status = vendor_error(chunk)
            raise self._failing.within(message, self._request_id, status)
        self._take_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return []
        return self._take_choice(choices[0])

    def _take_usage(self, usage: object) -> None:
        """Some count what was thought apart from the reply: the sum of all has it."""
        if not isinstance(usage, dict):
            return
        prompt, reply, total = (figure(usage, f"{name}_tokens") for name in ("prompt", "completion", "total"))
        details = usage.get("prompt_tokens_details")
        cached = figure(details, "cached_tokens") if isinstance(details, dict) else 0
        self._spent = Spent(prompt, max(reply, total - prompt), cached)

    def _take_choice(self, choice: dict[str, Any]) -> list[ReplyPart]:
        self._finish = str(choice.get("finish_reason") or self._finish)
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            return []
        pieces = delta.get("tool_calls")
        for at, piece in enumerate(pieces if isinstance(pieces, list) else ()):
            if isinstance(piece, dict):
                self._take_call(piece, at)
        words = [text for key in ("content", "refusal") for text in _texts(delta.get(key))]
        self._spoke = self._spoke or any(text.strip() for text in words)
        return [Delta(text) for text in words]

    def _take_call(self, piece: dict[str, Any], at: int) -> None:
        """Pieces belong together by their index; some servers leave it out or give every call the same one."""
        index = piece.get("index")
        index = index if isinstance(index, int) else at
        known = next((call for number, call in reversed(self._calls) if number == index), None)
        if known is None or (piece.get("id") and known.id and piece["id"] != known.id):
            known = _Call()
            self._calls.append((index, known))
        known.add(piece)

    def finish(self) -> list[ReplyPart]:
        """The tool calls and the cost. Raises Upstream when the stream ended too early or brought nothing."""
        if not self._finish:
            raise self._failing.too_early(self._request_id)
        if self._finish == "error":
            raise self._failing.within("finish_reason error", self._request_id, None)
        if not self._calls and not self._spoke and not (self._may_be_silent and self._finish == "stop"):
            raise self._failing.empty(self._request_id, filtered=self._finish == "content_filter")
        cut = self._finish == "length"
        calls = tuple(call.finished(f"{self._prefix}_{number}", cut) for number, (_, call) in enumerate(self._calls))
        return [Calls(calls), self._spent] if calls else [self._spent]


def _texts(content: object) -> Iterator[str]:
    """The words of a content: itself, or its chunks of text (others hold what the model thought)."""
    if isinstance(content, str) and content:
        yield content
    for chunk in content if isinstance(content, list) else ():
        if isinstance(chunk, dict) and chunk.get("type") == "text":
            yield from _texts(chunk.get("text"))
