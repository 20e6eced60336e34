"""Reading chat completions: chunks and whole replies become the parts of our port, errors become Upstream."""

import re
from typing import Any

import orjson

from trunkline.base.errors import Upstream
from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, ToolCall

PROVIDER = "openai_compatible"
_RETRYABLE = frozenset((408, 409, 425, 429))
_KEY_LIKE = re.compile(r"\b(?:sk|gsk|xai)-[\w*.-]{4,}")


def failure(
    message: str,
    *,
    retryable: bool,
    status: int | None = None,
    vendor_message: str = "",
    request_id: str = "",
) -> Upstream:
    """An Upstream of this provider. What looks like a key is cut out of the vendor's words."""
    return Upstream(
        message,
        provider=PROVIDER,
        retryable=retryable,
        status=status,
        vendor_message=_KEY_LIKE.sub("[key]", vendor_message)[:1000],
        request_id=request_id,
    )


def retryable_status(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in _RETRYABLE or status >= 500


def vendor_error(body: bytes | dict[str, Any]) -> tuple[str, str, int | None]:
    """Message, parameter and status of a vendor's error object, whatever of it is there."""
    try:
        value = orjson.loads(body) if isinstance(body, bytes) else body
    except orjson.JSONDecodeError:
        return (body.decode(errors="replace").strip()[:300] if isinstance(body, bytes) else ""), "", None
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return str(error), "", None
    code = error.get("status") or error.get("code")
    return str(error.get("message") or error), str(error.get("param") or ""), code if isinstance(code, int) else None


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

    def finished(self, number: int, cut: bool) -> ToolCall:
        arguments, problem = self.ready, ""
        if arguments is None:
            arguments, problem = _arguments(self.text, cut)
        return ToolCall(self.id or f"call_{number}", self.name, arguments, problem)


def _arguments(text: str, cut: bool) -> tuple[dict[str, Any], str]:
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

    def __init__(self, request_id: str = "", *, may_be_silent: bool = False) -> None:
        self._may_be_silent = may_be_silent
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
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise self._broken("The model server sent a chunk that is not JSON.") from error
        if not isinstance(chunk, dict):
            raise self._broken("The model server sent a chunk that is not an object.")
        if chunk.get("error"):
            message, _, status = vendor_error(chunk)
            raise failure(
                "The model server failed while it replied.",
                retryable=status is None or retryable_status(status),
                status=status,
                vendor_message=message,
                request_id=self._request_id,
            )
        self._take_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return []
        return self._take_choice(choices[0])

    def _take_usage(self, usage: object) -> None:
        if isinstance(usage, dict):
            self._spent = Spent(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))

    def _take_choice(self, choice: dict[str, Any]) -> list[ReplyPart]:
        self._finish = str(choice.get("finish_reason") or self._finish)
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            return []
        for at, piece in enumerate(delta.get("tool_calls") or ()):
            if isinstance(piece, dict):
                self._take_call(piece, at)
        words = [text for key in ("content", "refusal") if isinstance(text := delta.get(key), str) and text]
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
            raise self._broken("The model server ended the stream before the reply was finished.")
        if not self._calls and not self._spoke and not (self._may_be_silent and self._finish == "stop"):
            filtered = self._finish == "content_filter"
            raise failure(
                "The model's content filter refused to reply." if filtered else "The model replied with nothing.",
                retryable=not filtered,
                request_id=self._request_id,
            )
        cut = self._finish == "length"
        calls = tuple(call.finished(number, cut) for number, (_, call) in enumerate(self._calls))
        return [Calls(calls), self._spent] if calls else [self._spent]

    def _broken(self, message: str) -> Upstream:
        return failure(message, retryable=True, request_id=self._request_id)
