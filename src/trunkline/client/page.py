"""Pages of lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which list: where it is, under which ``name`` its items stand in the reply, and how much of it."""

    path: str
    name: str
    limit: int | None = None
    offset: int = 0
    query: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list; ``total`` is how many there are in all, ``summary`` what some lists add up to."""

    items: list[T]
    total: int
    limit: int
    offset: int
    summary: dict[str, Any] | None = None


def page_of(reply: Mapping[str, Any], name: str) -> Page[Any]:
    """The page in a reply."""
    items = reply[name]
    about = reply.get("pagination") or reply
    total, limit, offset = about.get("total", len(items)), about.get("limit", len(items)), about.get("offset", 0)
    return Page(items, total, limit, offset, reply.get("summary"))
