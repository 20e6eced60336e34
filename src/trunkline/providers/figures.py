"""What vendors count, read from messages in which anything may stand in place of a number."""

from collections.abc import Mapping
from typing import Any


def figure(figures: Mapping[str, Any], name: str) -> int:
    """The vendor's count under ``name``; 0 where it says nothing, or no number."""
    value = figures.get(name)
    return int(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0
