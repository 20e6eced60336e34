"""How deep JSON that foreigners send may nest, so that everything behind can hold it and hand it on."""

from typing import Any

import orjson

MAX_DEPTH = 100
_DUMPABLE_DEPTH = 254


def too_deep(raw: bytes, value: Any) -> bool:
    """Whether ``value``, which was read from ``raw``, nests deeper than MAX_DEPTH levels."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    probe = value
    for _ in range(_DUMPABLE_DEPTH - MAX_DEPTH):
        probe = [probe]
    try:
        orjson.dumps(probe)
    except orjson.JSONEncodeError:
        return True
    return False
