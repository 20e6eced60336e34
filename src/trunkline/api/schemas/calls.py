"""Calls as they are asked for and shown."""

from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from trunkline.api.schemas.base import Asked, Moment, Pagination, Paging, Shown
from trunkline.base.clock import parse_iso
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.services.validation import invalid


def _wanted(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be ISO 8601 with an offset, as 2026-11-22T10:00:00Z")
    try:
        return parse_iso(value)
    except (ValueError, OverflowError):
        raise ValueError("must be ISO 8601 with an offset, as 2026-11-22T10:00:00Z") from None


WantedMoment = Annotated[
    datetime, PlainValidator(_wanted, json_schema_input_type=str), Field(json_schema_extra={"format": "date-time"})
]


class PlaceCall(Asked):
    """A call to be placed: with a stored assistant, with one that lives for this call, or with a stored one changed."""

    destination: str = Field(max_length=300, description="Whom to call: E.164, or a SIP URI where the trunk allows it.")
    number_id: str | None = Field(
        None,
        description="The number of yours to call from. Left out: an active one with a trunk and free capacity, of the same "
        "country as the destination first, then the one that rested longest.",
    )
    assistant_id: str | None = Field(None, description="A stored assistant.")
    assistant: TransientAssistant | None = Field(
        None, description="An assistant for this call alone; never beside `assistant_id`."
    )
    assistant_override: dict[str, Any] | None = Field(
        None,
        description="Changes the stored assistant for this call: objects merge deeply, arrays and scalars replace, null "
        "clears. Needs `assistant_id`.",
    )
    first_message: str | None = Field(None, description="The first words; wins over those of assistant and override.")
    variables: dict[str, str] = Field(
        {}, description="Fills `{{name}}` in prompts, script and messages; one that is not filled is an error."
    )
    metadata: dict[str, Any] = Field({}, description="Your own data, up to 16 KiB; sent in every webhook.")
    max_ring_seconds: int = Field(45, ge=5, le=120, description="How long it may ring before it ends `no_answer`.")
    scheduled_at: WantedMoment | None = Field(
        None,
        description="When to call: ISO 8601 with an offset, at most 30 days ahead. Until then the call is `queued` and "
        "holds no capacity; `end-call` cancels it. At its time, or as soon after as there is room, the limits are "
        "looked at again and it is dialled.",
    )


class PlacedReply(Shown):
    """The call is recorded, and about to ring."""

    success: Literal[True] = Field(description="Always true.")
    call_id: str = Field(description="The call's id.")
    status: str = Field(description="`dialing`; `queued` for a scheduled call.")


class CallQuery(Paging):
    """Which calls to list; everything given must fit."""

    status: CallStatus | None = Field(None, description="Where the call stands.")
    direction: Direction | None = Field(None, description="Who called whom.")
    assistant_id: str | None = Field(None, description="The stored assistant.")
    agent_id: str | None = Field(
        None, description="Older name of `assistant_id`.", json_schema_extra={"deprecated": True}
    )
    number_id: str | None = Field(None, description="The number of yours.")
    end_reason: EndReason | None = Field(None, description="Why it ended.")
    campaign_id: str | None = Field(None, description="The campaign that placed it.")
    start_date: str | None = Field(
        None, description="Placed at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."
    )
    end_date: str | None = Field(
        None, description="Placed at or before: ISO 8601 with an offset, or a date (its end in UTC)."
    )


class EventsQuery(Asked):
    """Where to go on from."""

    last_event_id: int | None = Field(
        None, ge=0, le=2**31 - 1, description="Goes on after this event; the header `Last-Event-ID` wins."
    )


class RecordingQuery(Asked):
    """What a signed address carries."""

    expires: int | None = Field(None, ge=0, le=2**53, description="Unix seconds.")
    signature: str | None = Field(None, pattern=r"^[0-9a-f]{1,128}$", description="Ours, over the call and `expires`.")


class MessageShown(Shown):
    """One turn of the conversation, as it was really heard."""

    role: Literal["user", "assistant", "system"] = Field(description="Who said it; `system` marks what happened.")
    content: str = Field(description="The words; of an interrupted turn only those that were heard.")
    started_at: Moment | None = Field(description="When it began.")
    ended_at: Moment | None = Field(description="When it ended.")
    interrupted: bool = Field(description="Whether it was cut off.")


class Latencies(Shown):
    """Milliseconds; null where a part did not happen."""

    end_of_turn: float | None = Field(
        description="From the end of their speech to the decision that it was the turn's."
    )
    stt: float | None = Field(description="From the end of their speech to its final text.")
    llm_first_token: float | None = Field(description="From the request to the model's first words.")
    tts_first_audio: float | None = Field(description="From the request to the voice's first sound.")
    heard: float | None = Field(description="From the end of their speech to our first sample on the wire.")
    added: float | None = Field(description="`heard` less the configured wait and the providers' times: ours.")


class TurnLatencies(Latencies):
    """The latencies of one turn."""

    turn: int = Field(description="Which turn, from 1.")


class CallLatency(Shown):
    """How quick the assistant was."""

    turns: list[TurnLatencies] = Field(description="Each turn that was measured.")
    p50: Latencies = Field(description="The median of each part (nearest rank).")
    p95: Latencies = Field(description="The 95th percentile of each part (nearest rank).")


class StageUse(Shown):
    """What a provider was used for; what it was not used for is left out."""

    seconds: float | None = Field(None, description="Seconds of sound.")
    characters: int | None = Field(None, description="Characters spoken.")
    prompt_tokens: int | None = Field(None, description="Tokens of the prompts.")
    completion_tokens: int | None = Field(None, description="Tokens of the replies.")
    cached_tokens: int | None = Field(None, description="Of the prompts' tokens, those read from a cache.")
    cached_audio_tokens: int | None = Field(None, description="Of the cached tokens, those that were sound.")
    audio_prompt_tokens: int | None = Field(None, description="Of the prompts' tokens, those that were sound.")
    audio_completion_tokens: int | None = Field(None, description="Of the replies' tokens, those that were sound.")


class StageCost(Shown):
    """What one provider cost."""

    stage: str = Field(
        description="`stt`, `llm` (also a realtime model), `tts`, or `analysis`: what was asked about the call afterwards."
    )
    provider: str = Field(description="The provider; `unknown` where nobody can say which of several it was.")
    model: str | None = Field(description="The model.")
    own_key: bool = Field(description="Whether it ran on your own key: its vendor bills you, and it is not in `total`.")
    usage: StageUse = Field(description="What it was used for.")
    usd: float | None = Field(description="What that costs; null where no price is known.")


class CallCost(Shown):
    """What a call cost, by the catalogue's prices and the operator's."""

    currency: Literal["USD"] = Field(description="Always USD.")
    total: float = Field(description="The stages that ran on the platform's keys, and the platform's fee.")
    platform_fee: float = Field(description="The platform's fee for the answered part.")
    stages: list[StageCost] = Field(description="Each provider that was used.")
    unpriced: list[str] = Field(description="What has no price and is not in `total`: stage, provider/model.")


class SipShown(Shown):
    """What the phone leg told."""

    call_id: str | None = Field(description="The Call-ID of SIP.")
    status_code: int | None = Field(description="The last status of the INVITE.")
    reason: str | None = Field(description="Its reason phrase.")
    codec: str | None = Field(description="The codec in use.")


class CallShown(Shown):
    """A call."""

    id: str = Field(description="Its id.")
    direction: Direction = Field(description="Outbound, inbound or web.")
    status: CallStatus = Field(description="Where it stands; ended, failed, rejected and transferred are final.")
    end_reason: EndReason | None = Field(description="Why it ended.")
    error: str | None = Field(description="What broke, where something did.")
    caller_phone: str | None = Field(description="The other party.")
    assistant_phone: str | None = Field(description="Our number.")
    phone_number: str | None = Field(description="The same as `assistant_phone`.")
    number_id: str | None = Field(description="Our number's id.")
    agent_id: str | None = Field(description="The same as `assistant_id`.", json_schema_extra={"deprecated": True})
    assistant_id: str | None = Field(description="The stored assistant, where there was one.")
    agent_name: str | None = Field(description="The same as `assistant_name`.", json_schema_extra={"deprecated": True})
    assistant_name: str | None = Field(description="The assistant's name.")
    business_name: str | None = Field(description="On whose behalf it called.")
    started_at: Moment | None = Field(description="When it was answered.")
    ended_at: Moment | None = Field(description="When it ended.")
    duration_seconds: int | None = Field(description="How long the answered part was.")
    summary: str | None = Field(description="What it came to.")
    analysis_result: dict[str, Any] | None = Field(description="What the analysis plan asked for.")
    messages: list[MessageShown] = Field(description="The transcript.")
    recording_url: str | None = Field(description="Where the recording can be had for an hour, without a key.")
    room_name: None = Field(description="Always null.")
    metadata: dict[str, Any] = Field(description="Your own data.")
    scheduled_at: Moment | None = Field(description="When it was to be placed, where that was settled beforehand.")
    campaign_id: str | None = Field(description="The campaign that placed it.")
    lead_id: str | None = Field(description="The lead of that campaign.")
    assistant: dict[str, Any] = Field(description="The configuration it ran on, without secrets.")
    latency: CallLatency | None = Field(
        description="Milliseconds per turn, with p50 and p95 over the call; null until it ended, or without turns."
    )
    cost: CallCost | None = Field(description="What it cost; null until it ended.")
    sip: SipShown | None = Field(description="The phone leg; null until it is dialled.")
    created_at: Moment = Field(description="When it was placed.")
    updated_at: Moment = Field(description="When it last changed.")


class CallsReply(Shown):
    """A page of calls, newest first."""

    calls: list[CallShown] = Field(description="The calls.")
    pagination: Pagination = Field(description="Which part this is.")


def bound(text: str | None, field: str, *, end: bool) -> datetime | None:
    """A bound of a list as a moment. Raises Invalid."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-22"):
            return datetime.combine(datetime.fromisoformat(text).date(), time.max if end else time.min, UTC)
        return parse_iso(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        raise invalid([f"{field}: must be ISO 8601 with an offset, as 2026-11-22T10:00:00Z, or a date"]) from None
