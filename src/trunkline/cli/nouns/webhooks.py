"""``trunkline webhook``: deliveries to receivers, again, and for trying out."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from trunkline.cli.nouns.assistants import ASSISTANTS
from trunkline.cli.nouns.noun import SHOWN, Limit, show_list
from trunkline.cli.remote import Session, command

_COLUMNS = ("id", "call_id", "event", "status", "tries", "answer", "url", "next_attempt_at", "created_at")
app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Webhooks: what was sent, again, and for trying out."
)
DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id.")]


class Status(StrEnum):
    """Where deliveries stand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Event(StrEnum):
    """What a receiver can be told."""

    STATUS_UPDATE = "status-update"
    END_OF_CALL_REPORT = "end-of-call-report"
    TOOL_CALLS = "tool-calls"
    ASSISTANT_REQUEST = "assistant-request"


@command(app, "list")
def list_(
    session: Session,
    limit: Limit = SHOWN,
    call: Annotated[str | None, typer.Option(metavar="ID", help="The call that they tell of.")] = None,
    status: Annotated[Status | None, typer.Option(help="Where they stand.")] = None,
    event: Annotated[Event | None, typer.Option(help="What they tell.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="A date, or ISO 8601 with an offset.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="The same.")] = None,
) -> None:
    """List deliveries, the newest first."""
    filters: dict[str, Any] = {
        "call_id": call,
        "status": status,
        "event": event,
        "start_date": since,
        "end_date": until,
    }
    pages = session.client.webhooks.deliveries(limit=limit, **filters)
    show_list(session.out, pages, limit, _COLUMNS, _summed)


@command(app, "show")
def show(session: Session, id: DeliveryId) -> None:
    """Show one, with all its tries and what is sent."""
    session.out.one(session.client.webhooks.delivery(id))


@command(app, "redeliver")
def redeliver(session: Session, id: DeliveryId) -> None:
    """Send one again, with the same id."""
    session.out.one(session.client.webhooks.redeliver(id), "It is sent again")


@command(app, "test")
def send_sample(
    session: Session,
    event: Annotated[Event | None, typer.Option(help="What the sample tells.")] = None,
    assistant: Annotated[
        str | None, typer.Option(help="Whose address and secret are used: id or name; left out, the organisation's.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="URL", help="Another address.")] = None,
) -> None:
    """Send a sample now, and tell what came of it. Exit code 1 where the receiver did not take it."""
    wanted: dict[str, Any] = {"event": event, "url": to}
    if assistant is not None:
        wanted["assistant_id"] = ASSISTANTS.found(session, assistant, "--assistant")
    told = session.client.webhooks.test(**{name: value for name, value in wanted.items() if value is not None})
    session.out.one(told)
    raise typer.Exit(0 if told["success"] else 1)


def _summed(delivery: Mapping[str, Any]) -> dict[str, Any]:
    tries = delivery["attempts"]
    last = tries[-1] if tries else {}
    return {**delivery, "tries": len(tries), "answer": last.get("status_code") or last.get("error")}
