"""The roots of the schemas: what replies are made of, how lists are paged, how errors read."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trunkline.base.clock import iso

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Shown(BaseModel):
    """What a reply is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Asked(BaseModel):
    """What a request is made of; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NoBody(Asked):
    """An empty object; the body may be left out."""


class Paging(Asked):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    offset: int = Field(0, ge=0, le=2**31 - 1, description="How many to pass over.")


class Pagination(Shown):
    """Which part of a list this is."""

    total: int = Field(description="How many there are in all.")
    limit: int = Field(description="How many were asked for at most.")
    offset: int = Field(description="How many were passed over.")


class Success(Shown):
    """Done."""

    success: bool = Field(description="Always true.")


class Error(Shown):
    """Every error, whatever its status."""

    error: str = Field(description="A short title.")
    message: str = Field(description="What to do about it.")
    code: str = Field(description="Stable; for programs.")
    details: list[str] = Field([], description="On validation errors: `<field>: <problem>`, one each.")
    retry_after: int | None = Field(None, description="With 429 and 503: seconds to wait.")


def paged(name: str, items: list[dict[str, object]], total: int, paging: Paging) -> dict[str, object]:
    """The reply of a list."""
    return {name: items, "pagination": {"total": total, "limit": paging.limit, "offset": paging.offset}}


def moment(value: datetime | None) -> str | None:
    """A time as replies write it."""
    return None if value is None else iso(value)
