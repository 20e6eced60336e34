"""The SIP ladder of a call as the reply shows it."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Asked, Moment, Shown
from trunkline.domain.signalling import Ladder


class LadderQuery(Asked):
    """How much is shown."""

    raw: bool = Field(False, description="Shows each message itself too, secrets cut out. It holds phone numbers.")


class SipMessageShown(Shown):
    """One SIP message, as it was on the wire."""

    at: Moment = Field(description="When it was sent or received.")
    leg: int = Field(description="Which leg of the call: 1 the other party's, from 2 on those it was handed over to.")
    direction: Literal["sent", "received"] = Field(description="As the platform sees it.")
    peer: str = Field(description="The address that it was sent to or came from.")
    method: str = Field(description="The request's method; of a response, that of its request.")
    status: int | None = Field(description="The status code of a response, null for a request.")
    reason: str | None = Field(description="The reason phrase of a response.")
    call_id: str = Field(description="Call-ID.")
    cseq: int = Field(description="The number in CSeq.")
    from_host: str | None = Field(description="The host in From.")
    to_host: str | None = Field(description="The host in To.")
    codecs: list[str] = Field(description="The voice codecs of its SDP, in their order; empty without one.")
    raw: str | None = Field(None, description="The message itself, up to 4,096 characters; only with `raw=true`.")


class LadderReply(Shown):
    """The SIP messages of a call."""

    call_id: str = Field(description="Whose they are.")
    complete: bool = Field(
        description="Whether they are all there: false while the call goes on, and once its content was deleted."
    )
    messages: list[SipMessageShown] = Field(description="In the order of their time, at most 100.")
    omitted: int = Field(description="How many from the middle of a longer ladder were left out.")


def shown(call_id: str, ladder: Ladder, *, complete: bool, raw: bool) -> dict[str, Any]:
    """A ladder as the reply shows it."""
    names = [name for name in SipMessageShown.model_fields if raw or name != "raw"]
    messages = [{name: message[name] for name in names} for message in ladder.messages]
    return {"call_id": call_id, "complete": complete, "messages": messages, "omitted": ladder.omitted}
