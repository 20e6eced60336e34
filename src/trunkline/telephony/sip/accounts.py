"""The account lines that the stack makes user agents from: who we are towards a trunk, and how sound travels."""

from typing import Literal, cast, get_args

from baresip import Account

from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import Dial
from trunkline.telephony.sip.addresses import trunk_domain
from trunkline.telephony.sip.settings import SipSettings

Transport = Literal["udp", "tcp", "tls"]

CATCH_ALL_USER = "trunkline"
REGISTER_SECONDS = 600

CODECS = {"pcmu": "pcmu", "pcma": "pcma", "g722": "g722/16000/1", "opus": "opus/48000/2"}
MEDIA_ENCRYPTION: dict[str, tuple[str, ...]] = {
    "off": (),
    "optional": ("mediaenc=srtp",),
    "required": ("mediaenc=srtp-mand",),
}


def dialling(order: Dial, settings: SipSettings) -> str:
    """The account of one caller ID at one trunk; it never registers. Raises ValueError for what cannot be one.

    It holds the trunk's password: never log it.
    """
    account = _account(order.trunk, settings, order.caller_id, register_seconds=0)
    name = display_name(order.caller_name)
    return f'"{name}" {account.aor()}' if name else account.aor()


def registering(trunk: TrunkPlan, caller_id: str, settings: SipSettings) -> str:
    """The account that registers at a trunk, under its credentials' name (else the number). Raises ValueError."""
    user = (trunk.auth_username or caller_id).partition("@")[0]
    return _account(trunk, settings, user, register_seconds=REGISTER_SECONDS).aor()


def catching(settings: SipSettings, listen: str) -> str:
    """The account that takes every call that comes in, whatever the Request-URI names."""
    return Account(
        user=CATCH_ALL_USER,
        domain=listen,
        password="",
        reg_interval=0,
        audio_codecs=_codecs(settings.codecs),
        extra_params=("catchall=yes", *MEDIA_ENCRYPTION[settings.srtp], *_nat(settings)),
    ).aor()


def asserted_identity(order: Dial) -> str:
    """The value of P-Asserted-Identity (RFC 3325)."""
    name = display_name(order.caller_name)
    uri = f"<sip:{order.caller_id}@{trunk_domain(order.trunk)}>"
    return f'"{name}" {uri}' if name else uri


def display_name(name: str | None) -> str:
    """A name as it may stand between quotes in a header; empty for none."""
    return "".join(letter for letter in (name or "") if letter.isprintable() and letter not in '"\\<>').strip()


def _account(trunk: TrunkPlan, settings: SipSettings, user: str, register_seconds: int) -> Account:
    if trunk.srtp not in MEDIA_ENCRYPTION:
        raise ValueError(f"srtp must be one of {', '.join(MEDIA_ENCRYPTION)}, not {trunk.srtp!r}")
    return Account(
        user=user,
        domain=trunk_domain(trunk),
        password=trunk.auth_password or "",
        reg_interval=register_seconds,
        transport=_transport(trunk.transport),
        audio_codecs=_codecs(trunk.codecs),
        auth_user=trunk.auth_username,
        extra_params=(*MEDIA_ENCRYPTION[trunk.srtp], *_nat(settings)),
    )


def _transport(name: str) -> Transport:
    for known in get_args(Transport):
        if name == known:
            return cast(Transport, known)
    raise ValueError(f"transport must be one of udp, tcp, tls, not {name!r}")


def _codecs(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name.lower() not in CODECS]
    if unknown or not names:
        raise ValueError(f"codecs must be among {', '.join(CODECS)}, not {', '.join(unknown) or 'none'}")
    return tuple(CODECS[name.lower()] for name in names)


def _nat(settings: SipSettings) -> tuple[str, ...]:
    return ("medianat=stun", f"stunserver=stun:{settings.stun}") if settings.stun else ()
