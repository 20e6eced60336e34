"""Why a provider failed, as whoever reads the call's error may know it: with the vendor's own words, never with a key."""

import json
import re
from typing import Any

from trunkline.base.errors import Upstream
from trunkline.engine.breaker import KEY_REFUSED

LONGEST_REASON = 200
_MASKED = re.compile(r"\S*\*{2,}\S*|\b(?:sk|gsk|xai|AIza)[-_][\w.-]{4,}")
_NAMES = ("error", "message", "detail", "details", "err_msg", "reason", "title", "msg")
_ABOUT_KEYS = re.compile(r"api[ _-]?key|\btoken\b|credential|authori[sz]ation header", re.I)


def explained(error: Upstream, provider: str) -> Upstream:
    """The failure under the name of the ``provider`` that was configured, with the vendor's reason in its message."""
    reason = _reason(error)
    message = error.message
    if reason and reason not in message:
        message = f"{message.removesuffix('.')}: {reason}"
    return Upstream(
        message,
        provider=provider,
        retryable=error.retryable,
        status=error.status,
        vendor_message=error.vendor_message,
        request_id=error.request_id,
    )


def _reason(error: Upstream) -> str:
    """The vendor's own words in one line; nothing where it has none for people. What it says of keys is left out."""
    words = _MASKED.sub("[key]", " ".join(_told(_parsed(error.vendor_message)).split()))
    is_prose = " " in words and not words.startswith("<")
    if not is_prose or error.status in KEY_REFUSED or _ABOUT_KEYS.search(words):
        return ""
    return words if len(words) <= LONGEST_REASON else f"{words[: LONGEST_REASON - 1].rstrip()}…"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _told(value: Any) -> str:
    """The words in an error object, whatever of its usual names it has."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        return _told(value[0])
    if isinstance(value, dict):
        return next((words for name in _NAMES if (words := _told(value.get(name)))), "")
    return ""
