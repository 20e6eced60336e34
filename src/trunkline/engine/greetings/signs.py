"""What a phrase that is said at the answer speaks for."""

from enum import Enum


class Sign(Enum):
    """What a phrase speaks for. One that is MAYBE counts half: it takes two, apart from each other."""

    VOICEMAIL = "voicemail"
    MAYBE_VOICEMAIL = "maybe voicemail"
    FULL = "full"
    SCREENER = "screener"
    MAYBE_SCREENER = "maybe screener"
    MENU = "menu"
    MAYBE_MENU = "maybe menu"
    UNALLOCATED = "unallocated"
    UNREACHABLE = "unreachable"
    MAYBE_UNREACHABLE = "maybe unreachable"
    HUMAN = "human"
