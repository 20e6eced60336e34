"""The frozen snapshot that one call runs on: made when the call is placed, never changed after."""

from dataclasses import dataclass, field

from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction, EndReason

ANONYMOUS = "anonymous"
"""The other party of an inbound call that hides its number."""


@dataclass(frozen=True, slots=True)
class TrunkPlan:
    """The way out: one revision of a SIP trunk. ``auth_password`` is clear text; the plan is sealed wherever it is kept."""

    id: str
    revision: int
    name: str
    host: str
    port: int | None
    transport: str = "udp"
    srtp: str = "off"
    auth_username: str | None = None
    auth_password: str | None = field(default=None, repr=False)
    register: bool = False
    codecs: tuple[str, ...] = ("pcmu", "pcma", "g722", "opus")
    allow_sip_uri: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An inbound call that is answered only to be told why it is not taken: the words, then the end for ``reason``."""

    reason: EndReason
    words: str


@dataclass(frozen=True, slots=True)
class CallPlan:
    """All that a worker needs to run a call, with nothing left to look up.

    ``assistant`` is resolved (mode merged, variables filled); ``webhook_url`` and ``webhook_secret`` are the address
    for events and its secret after the assistant → organisation rule. ``destination`` is the other party: the number
    that is dialled, on an inbound call the caller's. ``transfer_trunk`` is the way out for second legs. ``keys`` are the
    organisation's own keys by vendor, for those that the assistant needs. ``traceparent`` is the W3C header that says which
    trace the call belongs to.
    """

    call_id: str
    org_id: str
    direction: Direction
    destination: str
    caller_id: str
    number_id: str | None
    number_name: str | None
    trunk: TrunkPlan | None
    assistant: TransientAssistant
    assistant_id: str | None = None
    max_ring_seconds: int = 45
    variables: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    transfer_trunk: TrunkPlan | None = None
    refusal: Refusal | None = None
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    traceparent: str | None = None
