"""Phone numbers as replies show them."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.domain.number import Number


class NumberShown(Shown):
    """A phone number of ours."""

    id: str = Field(description="Its id.")
    phone_number: str = Field(description="E.164.")
    name: str | None = Field(description="Its name.")
    assistant_id: str | None = Field(description="The assistant it belongs to.")
    agent_id: str | None = Field(description="The same as `assistant_id`.", json_schema_extra={"deprecated": True})
    assistant_name: str | None = Field(description="The assistant's name.")
    agent_name: str | None = Field(description="The same as `assistant_name`.", json_schema_extra={"deprecated": True})
    business_name: str | None = Field(description="The assistant's business name.")
    trunk_id: str | None = Field(description="The trunk that its calls go out and come in through.")
    transfer_trunk_id: str | None = Field(description="The trunk that calls are handed over through; null: `trunk_id`.")
    transfer_trunk_name: str | None = Field(description="That trunk's name.")
    source: str = Field(description="Where it comes from: `byo`, brought with a trunk of your own.")
    is_active: bool = Field(description="Inactive numbers place no calls and take none.")
    max_concurrent_calls: int | None = Field(description="The most calls at once; null: no limit.")
    created_at: Moment = Field(description="When it was registered.")
    updated_at: Moment = Field(description="When it was last changed.")


class NumberReply(Shown):
    """One number."""

    number: NumberShown = Field(description="The number.")


class NumbersReply(Shown):
    """A page of numbers, newest first."""

    numbers: list[NumberShown] = Field(description="The numbers.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(number: Number) -> dict[str, Any]:
    """A number as a reply shows it."""
    return {
        "id": number.id,
        "phone_number": number.phone_number,
        "name": number.name,
        "assistant_id": number.assistant_id,
        "agent_id": number.assistant_id,
        "assistant_name": number.assistant_name,
        "agent_name": number.assistant_name,
        "business_name": number.business_name,
        "trunk_id": number.trunk_id,
        "transfer_trunk_id": number.transfer_trunk_id,
        "transfer_trunk_name": number.transfer_trunk_name,
        "source": number.source,
        "is_active": number.is_active,
        "max_concurrent_calls": number.max_concurrent_calls,
        "created_at": moment(number.created_at),
        "updated_at": moment(number.updated_at),
    }
