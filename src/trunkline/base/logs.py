"""Logs: structlog lines with the call and request they belong to, and nothing that is secret or personal."""

import logging
import sys
from typing import TextIO

import structlog

SECRET_WORDS = ("password", "secret", "api_key", "authorization", "token")


def _redact(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "[redacted]"
    return event


def configure(*, json: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends structlog and the standard library's loggers to ``stream`` (default: stderr), as JSON lines or for the eye."""
    out = stream or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        stream=out, level=max(number, logging.WARNING), format="%(asctime)s %(name)s %(message)s", force=True
    )


def request_id() -> str | None:
    """The id of the request that is being answered, None outside of one."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its room."""
    return structlog.get_logger(room=name)  # type: ignore[no-any-return]
