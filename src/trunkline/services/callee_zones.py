"""Which time zones a phone number may be in, as its digits tell."""

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as number_zones

from trunkline.domain.campaign import CALLEE

_UTC = ZoneInfo("UTC")
_KEPT = 10_000
_SHARED = 1


def zones(timezone: str, phone_number: str) -> tuple[ZoneInfo, ...]:
    """The zones whose clocks count for a call: the campaign's, or with ``callee`` all those that the number may be in
    (UTC where its digits say nothing)."""
    return (ZoneInfo(timezone),) if timezone != CALLEE else of_number(phone_number)


@lru_cache(_KEPT)
def of_number(phone_number: str) -> tuple[ZoneInfo, ...]:
    """The zones that a number in E.164 may be in."""
    try:
        number = phonenumbers.parse(phone_number)
        # Behind +1 many countries have an area code each, which says where also a mobile number is.
        by_digits = number.country_code == _SHARED
        look_up = number_zones.time_zones_for_geographical_number if by_digits else number_zones.time_zones_for_number
        names = look_up(number)
    except phonenumbers.NumberParseException:
        names = ()
    known = tuple(ZoneInfo(name) for name in names if name != number_zones.UNKNOWN_TIMEZONE)
    return known or (_UTC,)
