"""Whom a call may go to: a number in E.164, or a SIP URI where it is allowed."""

import re

import phonenumbers

from trunkline.base.errors import Invalid

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


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None
