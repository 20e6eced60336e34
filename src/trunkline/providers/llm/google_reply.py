"""Reading Gemini's replies: words, function calls with the signatures of the thoughts behind them, and why it stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from trunkline.base.errors import Upstream
from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, ToolCall
from trunkline.providers.figures import figure
from trunkline.providers.llm.failing import Failing, vendor_error

_WHOLE = frozenset(("STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED", ""))
_FILTERED = frozenset(
    (
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    )
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a function call has to be given back with."""

    vendor_id: str = ""
    signature: str = ""


class Signatures:
    """The function calls of one call's replies, by our ids: each is new, for Google's need not be there."""

    def __init__(self) -> None:
        self._known: dict[str, Signed] = {}

    def keep(self, vendor_id: str, signature: str) -> str:
        """Remembers a call and gives its id."""
        call_id = f"gemini_{uuid4().hex[:12]}" if not vendor_id or vendor_id in self._known else vendor_id
        self._known[call_id] = Signed(vendor_id, signature)
        return call_id

    def get(self, call_id: str) -> Signed | None:
        """What is known of a call; None for one that was made elsewhere."""
        return self._known.get(call_id)


class GoogleReply:
    """Puts one reply together from its chunks. ``names`` are ours of the functions, by Google's; ``may_be_silent``: an empty
    reply is one too, not a failure. ``ended`` is never told: the last chunk does not say that it is the last."""

    def __init__(
        self,
        failing: Failing,
        signatures: Signatures,
        names: Mapping[str, str],
        request_id: str,
        *,
        may_be_silent: bool,
    ) -> None:
        self._failing = failing
        self._signatures = signatures
        self._names = names
        self._request_id = request_id
        self._may_be_silent = may_be_silent
        self.ended = False
        self._calls: list[ToolCall] = []
        self._finish = ""
        self._spoke = False
        self._spent = Spent()

    @property
    def complete(self) -> bool:
        """The vendor said why the reply ended."""
        return bool(self._finish)

    def take(self, data: bytes) -> list[ReplyPart]:
        """The words of one chunk. Raises Upstream for an error in its place, for garbage, and for a refused prompt."""
        chunk = self._failing.read(data, self._request_id)
        if chunk.get("error"):
            message, _, _ = vendor_error(chunk)
            code = chunk["error"].get("code") if isinstance(chunk["error"], dict) else None
            raise self._failing.within(message, self._request_id, code if isinstance(code, int) else None)
        self._take_usage(chunk.get("usageMetadata"))
        feedback = chunk.get("promptFeedback")
        if isinstance(feedback, dict) and feedback.get("blockReason"):
            raise self._blocked(str(feedback["blockReason"]))
        candidates = chunk.get("candidates")
        if not isinstance(candidates, list) or not candidates or not isinstance(candidates[0], dict):
            return []
        return self._take_candidate(candidates[0])

    def _take_usage(self, usage: object) -> None:
        if isinstance(usage, dict):
            prompt, tools, cached, reply, thoughts = (
                figure(usage, f"{name}TokenCount")
                for name in ("prompt", "toolUsePrompt", "cachedContent", "candidates", "thoughts")
            )
            self._spent = Spent(prompt + tools, reply + thoughts, cached)

    def _take_candidate(self, candidate: Mapping[str, Any]) -> list[ReplyPart]:
        self._finish = str(candidate.get("finishReason") or self._finish)
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        words: list[ReplyPart] = []
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict) or part.get("thought"):
                continue
            if isinstance(called := part.get("functionCall"), dict):
                self._take_call(called, str(part.get("thoughtSignature") or ""))
            elif isinstance(text := part.get("text"), str) and text:
                self._spoke = self._spoke or bool(text.strip())
                words.append(Delta(text))
        return words

    def _take_call(self, called: Mapping[str, Any], signature: str) -> None:
        arguments = called.get("args")
        call_id = self._signatures.keep(str(called.get("id") or ""), signature)
        name = str(called.get("name") or "")
        self._calls.append(
            ToolCall(call_id, self._names.get(name, name), arguments if isinstance(arguments, dict) else {})
        )

    def finish(self) -> list[ReplyPart]:
        """The tool calls and the cost. Raises Upstream when the reply is not whole, or brought nothing."""
        if not self._finish:
            raise self._failing.too_early(self._request_id)
        if self._finish not in _WHOLE and self._finish not in _FILTERED:
            raise self._failing.within(f"finishReason {self._finish}", self._request_id, None, retryable=True)
        silent = self._may_be_silent and self._finish == "STOP"
        if not self._calls and not self._spoke and not silent:
            raise self._failing.empty(self._request_id, filtered=self._finish in _FILTERED)
        return [Calls(tuple(self._calls)), self._spent] if self._calls else [self._spent]

    def _blocked(self, reason: str) -> Upstream:
        return self._failing(
            "{it} refused the conversation.",
            retryable=False,
            vendor_message=f"blockReason {reason}",
            request_id=self._request_id,
        )
