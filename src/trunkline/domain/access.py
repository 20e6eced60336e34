"""Who asks: the organisation a request belongs to, and the key it came with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """One organisation, seen through one of its keys (None: the platform itself or the command line)."""

    org_id: str
    key_id: str | None = None
    scopes: frozenset[str] = frozenset()
