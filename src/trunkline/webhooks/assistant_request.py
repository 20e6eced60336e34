"""Asking a receiver which assistant shall speak on a call that rings, and waiting for its reply."""

from typing import Any

from trunkline.base.clock import Clock
from trunkline.base.ids import new_id
from trunkline.base.logs import logger
from trunkline.domain.plan import CallPlan
from trunkline.webhooks.envelope import assistant_request
from trunkline.webhooks.reaching import json_in
from trunkline.webhooks.sender import Attempt, Post, Sender

EVENT = "assistant-request"
PATIENCE_SECONDS = 5.0

_log = logger("webhooks")


class AssistantRequests:
    """Asks, with one attempt of at most ``patience_seconds``: the caller hears nothing but ringing meanwhile."""

    def __init__(self, sender: Sender, clock: Clock, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._sender = sender
        self._clock = clock
        self._patience_seconds = patience_seconds

    async def ask(self, plan: CallPlan, *, known: bool) -> dict[str, Any] | None:
        """The reply's object; None (and a line in the log) where there was none in time, or none that can be read.
        ``known`` says whether the plan's assistant is one that can speak."""
        if plan.webhook_url is None:
            return None
        post = Post(
            url=plan.webhook_url,
            event=EVENT,
            body=assistant_request(plan, self._clock.now(), known=known),
            webhook_id=new_id(),
            secret=plan.webhook_secret,
        )
        attempt = await self._sender.post(post, patience_seconds=self._patience_seconds)
        reply, why = read(attempt)
        if why is not None:
            _log.warning(
                "assistant-request had no good reply", call_id=plan.call_id, status=attempt.status_code, error=why
            )
        return reply


def read(attempt: Attempt) -> tuple[dict[str, Any] | None, str | None]:
    """The object of a reply, or why there is none. An empty body with a 2xx says no more than ``{}``."""
    if attempt.error is not None:
        return None, attempt.error
    if not attempt.accepted:
        return None, f"the receiver answered with HTTP status {attempt.status_code}"
    if attempt.cut:
        return None, "the reply was longer than 1 MiB"
    if not attempt.body.strip():
        return {}, None
    try:
        reply = json_in(attempt.body)
    except ValueError:
        return None, "the reply is no JSON, or nests too deep"
    return (reply, None) if isinstance(reply, dict) else (None, "the reply is not a JSON object")
