"""Who asks: the organisation a request acts for, the key it came with, and the organisation that the key belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """One organisation, seen through one of its keys (None: the platform itself or the command line).

    ``home_org_id`` is the organisation that really asks where a parent acts for a child (``org_id``); None: the same.
    """

    org_id: str
    key_id: str | None = None
    scopes: frozenset[str] = frozenset()
    home_org_id: str | None = None
    key_name: str | None = None

    @property
    def home(self) -> str:
        """The organisation that the key belongs to."""
        return self.home_org_id or self.org_id

    @property
    def acts_for_child(self) -> bool:
        """Whether a parent acts for one of its children."""
        return self.home != self.org_id
