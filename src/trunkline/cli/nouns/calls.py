"""``trunkline call``: calls, placed, followed, ordered about and looked at."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trunkline.cli.body import From, Set, body, moment, pairs
from trunkline.cli.following import ENDED_WELL, Follower
from trunkline.cli.nouns.assistants import ASSISTANTS
from trunkline.cli.nouns.noun import SHOWN, Limit, show_list
from trunkline.cli.nouns.numbers import NUMBERS
from trunkline.cli.nouns.placing import CallGroup
from trunkline.cli.output import printable
from trunkline.cli.remote import Session, command
from trunkline.client import types
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.commands import TransferMode

_COLUMNS = (
    "id",
    "direction",
    "status",
    "end_reason",
    "caller_phone",
    "assistant_name",
    "duration_seconds",
    "created_at",
)
_LADDER = ("at", "direction", "peer", "method", "status", "reason", "codecs")
app = typer.Typer(
    cls=CallGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Calls. `trunkline call +31612345678 --assistant Reminder --follow` places one and shows it live.",
)
CallId = Annotated[str, typer.Argument(metavar="ID", help="The call's id.")]
HangUp = Annotated[bool, typer.Option("--hang-up-on-interrupt", help="Ctrl-C ends the call without asking.")]


@command(app, "place")
def place(
    session: Session,
    destination: Annotated[str | None, typer.Argument(metavar="NUMBER", help="E.164, or a SIP URI.")] = None,
    assistant: Annotated[str | None, typer.Option(help="Who speaks: id or name.")] = None,
    number: Annotated[str | None, typer.Option(help="The number to call from: id or number.")] = None,
    first_message: Annotated[str | None, typer.Option(help="The first words.")] = None,
    var: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Fills {{key}}; repeatable.")] = None,
    metadata: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Your own data; repeatable.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When to call, as 2026-05-04T15:30.")] = None,
    max_ring: Annotated[int | None, typer.Option(metavar="SECONDS", help="How long it may ring.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show it live until it is over.")] = False,
    hang_up: HangUp = False,
    settings: Set = None,
    source: From = None,
) -> None:
    """Place a call. `place` can be left out: `trunkline call +31612345678 …`.

    With --follow the exit code is 0 when the call ended or was handed over, and 1 when it failed; 130 when you left it.
    """
    options = {
        "destination": destination,
        "assistant_id": ASSISTANTS.found(session, assistant, "--assistant") if assistant is not None else None,
        "number_id": NUMBERS.found(session, number, "--number") if number is not None else None,
        "first_message": first_message,
        "variables": pairs(var, "--var"),
        "metadata": pairs(metadata, "--metadata", typed=True),
        "scheduled_at": moment(at, "--at"),
        "max_ring_seconds": max_ring,
    }
    placed = session.client.calls.place(**body(source, options, settings))
    if session.out.as_json and not follow:
        session.out.json(placed)
    session.out.say(f"{placed['call_id']} {placed['status']}")
    if follow:
        _follow(session, placed["call_id"], hang_up)
    else:
        session.out.note(f"`trunkline call follow {placed['call_id']}` shows it live.")


@command(app, "follow")
def follow(session: Session, id: CallId, hang_up: HangUp = False) -> None:
    """Show a call live until it is over, from its beginning; then what it came to. Exit codes as of `place --follow`.

    As JSON: each event in a line (`id`, `event`, `data`), and the call in the last.
    """
    _follow(session, id, hang_up)


@command(app, "events")
def events(
    session: Session,
    id: CallId,
    after: Annotated[int, typer.Option(min=0, help="Only those after the event with this id.")] = 0,
) -> None:
    """Print the events of a call as lines of JSON (`id`, `event`, `data`), until it is over."""
    for event in session.client.calls.events(_given(id), after=after):
        session.out.json_line({"id": event.id, "event": event.kind, "data": event.data})


@command(app, "list")
def list_(
    session: Session,
    limit: Limit = SHOWN,
    status: Annotated[CallStatus | None, typer.Option(help="Where it stands.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Who called whom.")] = None,
    assistant: Annotated[str | None, typer.Option(help="Who spoke: id or name.")] = None,
    number: Annotated[str | None, typer.Option(help="The number of yours: id or number.")] = None,
    campaign: Annotated[str | None, typer.Option(metavar="ID", help="The campaign that placed it.")] = None,
    end_reason: Annotated[str | None, typer.Option(help="Why it ended, as no_answer.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="A date, or ISO 8601 with an offset.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="The same.")] = None,
) -> None:
    """List calls, the newest first."""
    filters: dict[str, Any] = {
        "status": status,
        "direction": direction,
        "assistant_id": ASSISTANTS.found(session, assistant, "--assistant") if assistant is not None else None,
        "number_id": NUMBERS.found(session, number, "--number") if number is not None else None,
        "campaign_id": campaign,
        "end_reason": end_reason,
        "start_date": since,
        "end_date": until,
    }
    show_list(session.out, session.client.calls.list(limit=limit, **filters), limit, _COLUMNS)


@command(app, "show")
def show(session: Session, id: CallId) -> None:
    """Show a call with all its fields."""
    session.out.one(session.client.calls.get(_given(id)))


@command(app, "end")
def end(session: Session, id: CallId, message: Annotated[str | None, typer.Option(help="Last words.")] = None) -> None:
    """End a call, or cancel one that was not answered yet."""
    _told(session, session.client.calls.end(_given(id), message))


@command(app, "say")
def say(
    session: Session,
    id: CallId,
    words: Annotated[str, typer.Argument(help="What the assistant says.")],
    end_after: Annotated[bool, typer.Option("--end-after", help="End the call with them.")] = False,
    interruptible: Annotated[bool, typer.Option(help="Whether the party may cut in.")] = True,
) -> None:
    """Let the assistant speak these words."""
    _told(session, session.client.calls.say(_given(id), words, end_after=end_after, interruptible=interruptible))


@command(app, "inject")
def inject(
    session: Session,
    id: CallId,
    content: Annotated[str, typer.Argument(help="What the model is told.")],
    respond: Annotated[bool, typer.Option("--respond", help="Let it speak about it at once.")] = False,
) -> None:
    """Tell the model something that the party does not hear."""
    _told(session, session.client.calls.inject_context(_given(id), content, trigger_response=respond))


@command(app, "transfer")
def transfer(
    session: Session,
    id: CallId,
    destination: Annotated[str, typer.Argument(help="E.164, or a SIP URI.")],
    mode: Annotated[TransferMode, typer.Option(help="At once, or after the human was told.")] = TransferMode.BLIND,
    message: Annotated[str | None, typer.Option(help="What the party is told before.")] = None,
    summary: Annotated[bool | None, typer.Option(help="Whether the human is given a summary.")] = None,
) -> None:
    """Hand the party over to a human."""
    reply = session.client.calls.transfer(
        _given(id), destination, message=message, mode=mode.value, summary_for_agent=summary
    )
    _told(session, reply)


@command(app, "dtmf")
def dtmf(
    session: Session, id: CallId, digits: Annotated[str, typer.Argument(help="0-9 * # A-D; w waits half a second.")]
) -> None:
    """Press keys."""
    _told(session, session.client.calls.send_dtmf(_given(id), digits))


@command(app, "mute")
def mute(session: Session, id: CallId) -> None:
    """Stop the assistant's listening."""
    _told(session, session.client.calls.mute(_given(id)))


@command(app, "unmute")
def unmute(session: Session, id: CallId) -> None:
    """Let the assistant listen again."""
    _told(session, session.client.calls.unmute(_given(id)))


@command(app, "sip")
def sip(
    session: Session,
    id: CallId,
    raw: Annotated[bool, typer.Option("--raw", help="Also each message itself; it holds phone numbers.")] = False,
) -> None:
    """Show the SIP messages of a call, in order."""
    ladder = session.client.calls.sip(_given(id), raw=raw)
    if session.out.as_json:
        session.out.json(ladder)
        return
    session.out.many(ladder["messages"], _LADDER)
    for message in ladder["messages"] if raw else ():
        session.out.say(f"\n{printable(message.get('raw') or '')}")
    if not ladder["complete"]:
        session.out.note("They are not all: the call goes on, or its content was deleted.")


@command(app, "recording")
def recording(
    session: Session,
    id: CallId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file of WAV; `-` is standard output.")
    ] = None,
) -> None:
    """Save the recording, WAV in stereo."""
    if output is None:
        output = Path(f"{_given(id)}.wav")
    with session.client.calls.stream_recording(_given(id)) as chunks:
        if str(output) == "-":
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            return
        try:
            with output.open("wb") as file:
                size = sum(file.write(chunk) for chunk in chunks)
        except OSError as error:
            raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from None
    if session.out.as_json:
        session.out.json({"path": str(output), "bytes": size})
    else:
        session.out.say(f"{output} ({size} bytes)")


def _follow(session: Session, call_id: str, hang_up: bool) -> None:
    call = Follower(session, _given(call_id), hang_up).run()
    raise typer.Exit(0 if call["status"] in ENDED_WELL else 1)


def _told(session: Session, reply: types.ControlReply) -> None:
    if session.out.as_json:
        session.out.json(reply)
    else:
        session.out.say(f"Sent; what becomes of it follows as event {reply['command_id']}.")


def _given(call_id: str) -> str:
    if not call_id.strip():
        raise typer.BadParameter("is empty", param_hint="ID")
    return call_id
