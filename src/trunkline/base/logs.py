"""Logs: structlog lines with the call and request they belong to, and nothing that is secret or personal.

Keys and passwords are cut, phone numbers masked but for their last two digits. Of a call in ``gdpr_mode`` not even the
words of an error are kept: a vendor's may quote what was said.
"""

import io
import logging
import re
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

import structlog

SECRET_WORDS = ("password", "secret", "api_key", "authorization", "token")
PRIVATE = "gdpr"
"""Bound while a call in ``gdpr_mode`` runs."""

_WITHHELD = ("error", "problems", "why", "detail")
_AS_THEY_ARE = frozenset({"timestamp", "level", "room", "line", "task", "loop", "http", "sip", "seconds"})
_SECRETS = re.compile(
    r"\b(?:tl_live_|tl_test_|sk-|whsec_|re_|xai-|AIza)[A-Za-z0-9_+/=-]{6,}|(?<=Bearer )\S+|(?<=://)[^\s/:@]+:[^\s@]+(?=@)"
)
_ADDRESSES = re.compile(r"\b(sips?:|tel:)[^@\s<>;\"']+(?=[@;>\s\"']|$)", re.IGNORECASE)
_NUMBERS = re.compile(r"\+\d{4,13}(\d\d)(?!\d)|(?<![\w.:/-])\d{6,13}(\d\d)(?![\w:/-]|\.\d)")
Value = structlog.typing.EventDict


def masked(text: str) -> str:
    """A text without keys and phone numbers."""
    text = _SECRETS.sub("[redacted]", text)
    return _NUMBERS.sub(lambda found: f"…{found[1] or found[2]}", _ADDRESSES.sub(r"\1…", text))


def _redact(_logger: object, _method: str, event: Value) -> Value:
    for name, value in event.items():
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "[redacted]"
        elif name not in _AS_THEY_ARE and not name.endswith("_id"):
            event[name] = _safe(value)
    return event


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {name: _safe(item) for name, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else masked(str(value))


def _withhold(_logger: object, _method: str, event: Value) -> Value:
    if not event.pop(PRIVATE, False):
        return event
    for name in _WITHHELD:
        if event.get(name) is not None:
            event[name] = "[withheld]"
    if "exception" in event:
        last = str(event["exception"]).strip().rpartition("\n")[2]
        event["exception"] = f"{last.partition(':')[0]}: [withheld]"
    return event


class _Stderr(io.TextIOBase):
    """Whatever stderr is at the moment of writing: a logger outlives what stood in its place for a while."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def configure(*, json: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends structlog and the standard library's loggers to ``stream`` (default: stderr), as JSON lines or for the eye."""
    out = stream or cast(TextIO, _Stderr())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    logging.captureWarnings(True)


def request_id() -> str | None:
    """The id of the request that is being answered, None outside of one."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its room."""
    return structlog.get_logger(room=name)  # type: ignore[no-any-return]
