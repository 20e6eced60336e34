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
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]")


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
        user = _unescaped(user)
        number = spelling.international(user)
        known = _parsed(number) if number is not None else None
        if known is not None and phonenumbers.is_valid_number(known):
            return _e164(known)
        bare = re.sub(r":[0-9]+$", "", host.partition(";")[0])
        return f"sip:{user}@{bare.lower().removesuffix('.')}"
    if (dialled := _parsed(plain) if plain.startswith("+") else None) is not None:
        return _e164(dialled)
    return plain


def dialled(text: str) -> tuple[str, ...]:
    """The digits that a SIP URI may have its host dial, where they do not say of which country they are: a number as in
    its own country, behind a prefix, or with more to dial after it. Nothing for any other destination."""
    if not is_sip_uri(text.strip()):
        return ()
    user = _unescaped(text.partition(":")[2].partition("@")[0]).partition(";")[0]
    plain = re.sub(r"[().-]", "", user)
    said = re.fullmatch(r"\+[0-9]+", plain) is not None
    return () if said else tuple(re.findall(rf"[0-9]{{{spelling.ENDING_DIGITS},}}", plain))


def ends_with(digits: str, number: str) -> bool:
    """Whether dialled digits lead to ``number`` (E.164) in its own country, whatever prefix stands before it."""
    known = _parsed(number) if _E164.fullmatch(number) else None
    return known is not None and digits.endswith(phonenumbers.national_significant_number(known))


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


def _unescaped(user: str) -> str:
    """Without escapes (RFC 3261 25.1) of what stands for itself there."""
    return _ESCAPE.sub(
        lambda found: char if _USER.fullmatch(char := chr(int(found[1], 16))) else found[0].lower(), user
    )


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None
