"""How phone numbers are spelled on the wire of a trunk, and which number of ours or of a caller they mean."""

import re

import phonenumbers

_DIGITS = re.compile(r"[0-9]{3,15}")
_SEPARATORS = re.compile(r"[\s().-]")
_NAMELESS = frozenset({"", "anonymous", "restricted", "unavailable", "unknown", "private", "asterisk"})
ENDING_DIGITS = 6


def international(spelled: str) -> str | None:
    """``+31201234567`` of ``+31201234567``, ``0031201234567`` and ``31201234567``; None for what cannot be one."""
    digits = _digits(spelled)
    if digits is None:
        return None
    return "+" + (digits.removeprefix("00") if not _plain(spelled).startswith("+") else digits)


def ending(spelled: str) -> str | None:
    """The last digits of a number that may be spelled as in its own country; None where it is not, or too short."""
    digits = _digits(spelled)
    short = digits is None or len(digits) < ENDING_DIGITS
    return None if short or digits is None or _plain(spelled).startswith("+") else digits[-ENDING_DIGITS:]


def is_national(spelled: str, number: str) -> bool:
    """Whether this is how ``number`` (E.164) is dialled in its own country, with its leading zero or without."""
    parsed = _parsed(number, None)
    if parsed is None:
        return False
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return _digits(spelled) in (re.sub(r"\D", "", formatted), phonenumbers.national_significant_number(parsed))


def same_country(one: str | None, other: str) -> bool:
    """Whether two numbers in E.164 have the same country calling code."""
    first, second = _parsed(one or "", None), _parsed(other, None)
    return first is not None and second is not None and first.country_code == second.country_code


def caller(spelled: str, ours: str) -> str | None:
    """Who calls, in E.164 where a number can be made of it as dialled in the country of ``ours``; what was written
    where none can; None for a caller that hides."""
    plain = _plain(spelled)[:64]
    if plain.lower() in _NAMELESS:
        return None
    home = _parsed(ours, None)
    region = phonenumbers.region_code_for_number(home) if home is not None else None
    for text in (plain, f"+{plain}"):
        parsed = _parsed(text, region)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return "".join(letter for letter in plain if letter.isprintable())


def _plain(spelled: str) -> str:
    """Without separators, and without the parameters that a ``user`` may carry (``;phone-context=``)."""
    return _SEPARATORS.sub("", spelled.partition(";")[0].replace("%2B", "+").replace("%2b", "+"))


def _digits(spelled: str) -> str | None:
    digits = _plain(spelled).removeprefix("+")
    return digits if _DIGITS.fullmatch(digits) else None


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
