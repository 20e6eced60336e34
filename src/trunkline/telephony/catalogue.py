"""The carriers there are, by their settings."""

from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.settings import SipSettings


def carrier(settings: SipSettings) -> SipCarrier:
    """The carrier that these settings are for; it is entered with ``async with`` and implements ports.carrier."""
    return SipCarrier(settings)
