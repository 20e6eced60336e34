"""Do-not-call entries as they are asked for and shown."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Paging, Shown, moment
from trunkline.domain.do_not_call import DoNotCallEntry


class DoNotCallQuery(Paging):
    """Which entries."""

    phone_number: str | None = Field(None, max_length=320, description="Only this party, however it is spelled.")


class EntryShown(Shown):
    """Somebody whom the organisation's assistants must not call."""

    id: str = Field(description="Its id.")
    phone_number: str = Field(description="E.164, or a SIP URI without port and parameters.")
    reason: str | None = Field(description="Why; a note for people.")
    created_at: Moment = Field(description="When the party got on the list.")


class EntriesAddedReply(Shown):
    """The entries of the parties that were sent."""

    entry: EntryShown | None = Field(description="With `phone_number`: its entry; null with `phone_numbers`.")
    entries: list[EntryShown] = Field(description="All of them, each once, in the order in which they were sent.")


class EntriesReply(Shown):
    """A page of the list, newest first."""

    entries: list[EntryShown] = Field(description="The entries.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(entry: DoNotCallEntry) -> dict[str, Any]:
    """An entry as a reply shows it."""
    return {
        "id": entry.id,
        "phone_number": entry.phone_number,
        "reason": entry.reason,
        "created_at": moment(entry.created_at),
    }
