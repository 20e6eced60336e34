"""Orders to a live call, as they stand once the API has checked them."""

from dataclasses import dataclass
from enum import StrEnum


class TransferMode(StrEnum):
    """How a party is handed over."""

    BLIND = "blind"
    WARM = "warm"


@dataclass(frozen=True, slots=True)
class InjectContext:
    """Tell the model something; with ``trigger_response`` it speaks about it at once."""

    content: str
    trigger_response: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Speak this text as it stands; with ``end_after`` the call ends when it was played."""

    content: str
    end_after: bool = False
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class EndCall:
    """End the call, after the last words if there are any."""

    message: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the party over to ``destination`` (E.164 or SIP URI).

    ``summary_for_agent``: a warm transfer also sums the talk up for whoever answers (None: yes).
    """

    destination: str
    message: str | None = None
    mode: TransferMode = TransferMode.BLIND
    summary_for_agent: bool | None = None


@dataclass(frozen=True, slots=True)
class SendDtmf:
    """Send keys: 0-9 * # A-D, ``w`` waits half a second."""

    digits: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Stop the assistant's listening."""


@dataclass(frozen=True, slots=True)
class Unmute:
    """Resume the assistant's listening."""


@dataclass(frozen=True, slots=True)
class EndUnpaid:
    """End the call because nobody pays for it any more, after words that say so: the platform's own order, which no
    client can give and nobody is told the outcome of."""


Command = InjectContext | Say | EndCall | Transfer | SendDtmf | Mute | Unmute | EndUnpaid

COMMAND_NAMES: dict[type, str] = {
    InjectContext: "inject-context",
    Say: "say",
    EndCall: "end-call",
    Transfer: "transfer",
    SendDtmf: "send-dtmf",
    Mute: "mute",
    Unmute: "unmute",
}
