"""Whom a call may go to: a number in E.164, or a SIP URI where it is allowed."""

import re

import phonenumbers

from trunkline.base.errors import Invalid
from trunkline.services import spelling

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SIP_URI = re.compile(
    r"sips?:[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,128}@(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:;[A-Za-z0-9=._~-]+)*"
)


def is_sip_uri(text: str) -> bool:
    """True for a SIP URI that is safe to put on the wire."""
    return _SIP_URI.fullmatch(text) is not None


def is_e164(text: str) -> bool:
    """True for a number in E.164 whose country and length exist."""
    return _E164.fullmatch(text) is not None and _parsed(text) is not None


def canonical(text: str) -> str:
    """The shortest spelling of a party, the same for each way of writing it: E.164 for a number, also for one with spaces
    and for a SIP URI that only leads to it; a SIP URI without port and parameters; anything else as it is."""
    plain = text.strip()
    if is_sip_uri(plain):
        user, _, host = plain.partition(":")[2].partition("@")
        number = spelling.international(user)
        known = _parsed(number) if number is not None else None
        if known is not None and phonenumbers.is_valid_number(known):
            return _e164(known)
        bare = host.partition(";")[0]
        return f"sip:{user}@{re.sub(r':[0-9]+$', '', bare).lower()}"
    if (dialled := _parsed(plain) if plain.startswith("+") else None) is not None:
        return _e164(dialled)
    return plain


def country_code(text: str) -> int | None:
    """The country calling code of a number in E.164, None for anything else."""
    number = _parsed(text)
    return number.country_code if number is not None else None


def check(text: str, *, field: str = "destination", sip_uri_allowed: bool = True, code: str | None = None) -> str:
    """``text``, if it can be called. Raises Invalid that names ``field``."""
    if is_e164(text):
        return text
    if is_sip_uri(text):
        if sip_uri_allowed:
            return text
        problem = "is a SIP URI, which the trunk does not allow (set allow_sip_uri on it)"
    else:
        problem = "must be a phone number in E.164, as +31612345678" + (", or a SIP URI" if sip_uri_allowed else "")
    raise Invalid(f"{field} {problem}", code=code, details=[f"{field}: {problem}"])


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None
