"""The report of a call as an e-mail: who, when, how long, why it ended, and what was said and made of it."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from trunkline.base.ids import new_id
from trunkline.domain.call import Direction
from trunkline.domain.transcript import Role
from trunkline.jobs.letters import REPORT
from trunkline.services.aftercall import ClosedCall
from trunkline.services.recordings import address
from trunkline.services.rooms import Limits
from trunkline.storage.deliveries import Delivery

MAILTO = "mailto:"
LINK_SECONDS = 7 * 24 * 3600
MOST_RECIPIENTS = 6
"""One ``notification_email`` and five ``notification_emails``."""
PRIVATE = "The assistant keeps no content of its calls, so this report has none."
_SPEAKERS = {Role.ASSISTANT: "Assistant", Role.USER: "Caller", Role.SYSTEM: "Note"}
_DIRECTIONS = {Direction.INBOUND: "Inbound call", Direction.OUTBOUND: "Outbound call", Direction.WEB: "Web call"}

Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A heading, and under it names with values, or plain lines where the name is empty; ``link`` is an address to go to."""

    title: str
    lines: Lines
    link: str | None = None


def report_mails(
    closed: ClosedCall, recipients: Sequence[str], position: int, limits: Limits, now: datetime
) -> list[Delivery]:
    """A delivery for each recipient; ``position`` is that of the report among the deliveries of the call."""
    body = mail_body(closed, limits, now) if recipients else ""
    return [
        Delivery(
            id=new_id(),
            org_id=closed.call.org_id,
            call_id=closed.call.id,
            position=-(position * MOST_RECIPIENTS + place),
            event=REPORT,
            url=MAILTO + recipient,
            body=body,
            created_at=now,
            next_attempt_at=now,
        )
        for place, recipient in enumerate(recipients[:MOST_RECIPIENTS])
    ]


def mail_body(closed: ClosedCall, limits: Limits, now: datetime) -> str:
    """``{"from_name", "subject", "text", "html"}`` as JSON."""
    call = closed.call
    parts = [_facts(closed)]
    if closed.plan.assistant.gdpr_mode:
        parts.append(_Part("Content", [("", PRIVATE)]))
    else:
        parts += _content(closed, limits, now)
    with_whom = call.caller_phone or ("a browser" if call.direction is Direction.WEB else "an unknown number")
    who = call.business_name or call.assistant_name
    subject = " ".join(f"{_DIRECTIONS[call.direction]} with {with_whom}{f' ({who})' if who else ''}".split())
    return json.dumps({"from_name": who, "subject": subject, "text": _text(parts), "html": _html(subject, parts)})


def _facts(closed: ClosedCall) -> _Part:
    call = closed.call
    lines = [
        ("Assistant", call.assistant_name),
        ("Business", call.business_name),
        ("Call", _DIRECTIONS[call.direction]),
        ("Other party", call.caller_phone),
        ("Our number", " ".join(word for word in (call.assistant_phone, _bracketed(call.number_name)) if word)),
        ("Placed", _when(call.created_at)),
        ("Answered", _when(call.answered_at) if call.answered_at else "not answered"),
        ("Ended", _when(call.ended_at) if call.ended_at else None),
        ("Duration", _how_long(call.duration_seconds)),
        ("End reason", call.end_reason.value.replace("_", " ") if call.end_reason else None),
        ("Error", call.error),
        ("Call id", call.id),
    ]
    return _Part("Call", [(name, value) for name, value in lines if value])


def _content(closed: ClosedCall, limits: Limits, now: datetime) -> list[_Part]:
    call = closed.call
    parts = []
    if call.summary:
        parts.append(_Part("Summary", [("", call.summary)]))
    if found := _analysis(call.analysis_result or {}):
        parts.append(_Part("Analysis", found))
    if call.recording:
        link = address(replace(limits, recording_url_seconds=LINK_SECONDS), call.id, now.timestamp())
        parts.append(_Part("Recording", [("", "Listen to it within 7 days:")], link))
    said = [(_SPEAKERS[message.role], message.content) for message in closed.messages]
    parts.append(_Part("Transcript", said or [("", "Nothing was said.")]))
    return parts


def _analysis(result: dict[str, Any]) -> Lines:
    lines: list[tuple[str, str]] = []
    if result.get("outcome"):
        lines.append(("Outcome", str(result["outcome"])))
    success = result.get("success_evaluation")
    if isinstance(success, dict):
        verdict = "yes" if success.get("passed") else "no"
        lines.append(("Success", f"{verdict}: {success.get('reason')}" if success.get("reason") else verdict))
    data = result.get("structured_data")
    fields = data.items() if isinstance(data, dict) else [("Data", data)] if data is not None else []
    lines += [(str(name), _shown(value)) for name, value in fields]
    if result.get("error"):
        lines.append(("Not analysed", str(result["error"])))
    return lines


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bracketed(name: str | None) -> str | None:
    return f"({name})" if name else None


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _how_long(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _text(parts: Sequence[_Part]) -> str:
    return "\n\n".join("\n".join(_text_lines(part)) for part in parts)


def _text_lines(part: _Part) -> list[str]:
    """What has several lines goes on indented, so that no words pass for another line."""
    said = ["\n    ".join((f"{name}: {value}" if name else value).splitlines()) for name, value in part.lines]
    return [part.title, "-" * len(part.title), *said, *([part.link] if part.link else [])]


def _html(title: str, parts: Sequence[_Part]) -> str:
    """Everything in it is escaped; it loads nothing."""
    sections = "".join(map(_section, parts))
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f'<body style="font-family:sans-serif;max-width:42em">{sections}</body></html>'
    )


def _section(part: _Part) -> str:
    link = f'<p><a href="{html.escape(part.link)}">{html.escape(part.link)}</a></p>' if part.link else ""
    return f"<h2>{html.escape(part.title)}</h2>{''.join(map(_row, part.lines))}{link}"


def _row(line: tuple[str, str]) -> str:
    name, value = line
    shown = html.escape(value).replace("\n", "<br>")
    return f"<p><b>{html.escape(name)}:</b> {shown}</p>" if name else f"<p>{shown}</p>"
