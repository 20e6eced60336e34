"""Sample events: what a receiver is sent to see whether it works, marked as a test."""

from typing import Any

import orjson

from trunkline.base.clock import Clock, iso
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.ports.webhooks import Probed, Sample
from trunkline.webhooks.envelope import CallFacts, sample_body
from trunkline.webhooks.sender import Post, Sender

CALL_ID = "call-outbound-" + "0" * 22
NUMBER_ID = "00000000-0000-0000-0000-000000000000"
SAID = (
    ("assistant", "Hello, this is a test of your webhook."),
    ("user", "I hear you."),
)
_STATUS = {
    "assistant-request": CallStatus.RINGING,
    "tool-calls": CallStatus.IN_PROGRESS,
    "status-update": CallStatus.ENDED,
    "end-of-call-report": CallStatus.ENDED,
}


class SampleSender:
    """Sends samples over the sender of all webhooks, so that they meet the same guard, signatures and patience."""

    def __init__(self, sender: Sender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    async def send(self, sample: Sample) -> Probed:
        """Sends one and says what came of it."""
        body = self._body(sample)
        attempt = await self._sender.post(Post(sample.url, sample.event, body, sample.webhook_id, sample.secret))
        return Probed(
            at=attempt.at,
            duration_ms=attempt.duration_ms,
            body=orjson.loads(body),
            status_code=attempt.status_code,
            error=attempt.error,
            reply=attempt.reply if attempt.status_code is not None else None,
            accepted=attempt.accepted,
        )

    def _body(self, sample: Sample) -> bytes:
        now = self._clock.now()
        inbound = sample.event == "assistant-request"
        facts = CallFacts(
            id=CALL_ID.replace("outbound", "inbound") if inbound else CALL_ID,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            status=_STATUS[sample.event],
            number_id=NUMBER_ID,
            number="+31850835037",
            number_name="Test",
            customer="+31612345678",
            assistant=sample.assistant,
        )
        return sample_body(sample.event, facts, now, _more(sample.event, iso(now)))


def _more(event: str, at: str) -> dict[str, Any]:
    if event == "status-update":
        return {"end_reason": EndReason.USER_HANGUP.value}
    if event == "tool-calls":
        function = {"name": "test", "arguments": {"greeting": "Hello"}}
        return {"tool_call_list": [{"id": "call_test", "type": "function", "function": function}]}
    if event == "end-of-call-report":
        said = [
            {"role": role, "content": words, "started_at": at, "ended_at": at, "interrupted": False}
            for role, words in SAID
        ]
        return {
            "duration_seconds": 12,
            "summary": "This report tests a webhook; there was no call.",
            "messages": said,
            "analysis": None,
            "recording_url": None,
            "end_reason": EndReason.USER_HANGUP.value,
            "started_at": at,
            "ended_at": at,
            "latency": None,
            "cost": None,
        }
    return {}
