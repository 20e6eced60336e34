"""Why a call never came to be: SIP status codes and the stack's own words, as end reasons."""

import re

from trunkline.domain.call import EndReason

BY_STATUS: dict[int, EndReason] = {
    401: EndReason.TRUNK_AUTH_FAILED,
    403: EndReason.DECLINED,
    404: EndReason.INVALID_DESTINATION,
    407: EndReason.TRUNK_AUTH_FAILED,
    408: EndReason.NO_ANSWER,
    410: EndReason.INVALID_DESTINATION,
    480: EndReason.NO_ANSWER,
    484: EndReason.INVALID_DESTINATION,
    486: EndReason.BUSY,
    600: EndReason.BUSY,
    603: EndReason.DECLINED,
    604: EndReason.INVALID_DESTINATION,
}

REGISTRATION_BY_STATUS: dict[int, EndReason] = {
    401: EndReason.TRUNK_AUTH_FAILED,
    403: EndReason.TRUNK_AUTH_FAILED,
    407: EndReason.TRUNK_AUTH_FAILED,
}

_STATUS_LINE = re.compile(r"([1-6]\d\d)(?: (.*))?")
_ERRNO_TAIL = re.compile(r" \[\d+\]$")

_PLAIN_WORDS = {
    "Destination address required": "the trunk's host name has no address",
    "Cannot assign requested address": "the trunk's host name has no address",
    "Connection refused": "the trunk refused the connection",
    "Connection timed out": "the trunk did not answer",
    "No route to host": "there is no route to the trunk",
    "Network is unreachable": "there is no route to the trunk",
}


def split_status(text: str) -> tuple[int, str] | None:
    """The code and reason phrase of ``486 Busy Here``; None for words that are no status line."""
    found = _STATUS_LINE.fullmatch(text)
    return (int(found[1]), found[2] or "") if found else None


def for_status(status: int) -> EndReason:
    """The end reason of a final answer to our INVITE."""
    return BY_STATUS.get(status, EndReason.TRUNK_ERROR)


def for_close(text: str) -> tuple[EndReason, str]:
    """End reason and sentence for a call that the stack closed, with these words, before it was answered."""
    if (status := split_status(text)) is not None:
        return for_status(status[0]), f"the trunk answered {text}"
    words = _ERRNO_TAIL.sub("", text)
    return EndReason.TRUNK_UNREACHABLE, _PLAIN_WORDS.get(words, f"the trunk could not be reached: {words}")


class Refused(Exception):
    """A call that cannot even be sent; ``reason`` and ``error`` become its Closed."""

    def __init__(self, reason: EndReason, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.error = error
