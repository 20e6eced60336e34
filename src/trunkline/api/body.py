"""Reads what a client sent: never more than the limit, and only JSON that everything behind can hold."""

import asyncio
import re
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from trunkline.base.depth import MAX_DEPTH, too_deep
from trunkline.base.errors import Invalid, TooLarge

DRAIN_BYTES = 16 * 1024 * 1024
DRAIN_SECONDS = 10.0
_LONG_NUMBER = re.compile(rb"\d{19}")
_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json")


class Incoming:
    """The body of one request, on its way in."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._finished = False

    async def read(self) -> bytes:
        """All of it. Raises TooLarge as soon as it is more than the limit, and keeps nothing of it then."""
        declared = self._request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()
        kept = bytearray()
        while not self._finished:
            kept += await self._next()
            if len(kept) > self._limit:
                raise self._too_large()
        return bytes(kept)

    async def drain(self) -> None:
        """Reads on and forgets, within limits, so that a client that is still sending gets to read the reply.

        A client that waits for ``100 Continue`` has sent nothing yet and is left alone.
        """
        if "100-continue" in self._request.headers.get("expect", "").lower():
            return
        left = DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while left > 0 and not self._finished:
                    left -= len(await self._next())
        except (TimeoutError, ClientDisconnect):
            return

    async def _next(self) -> bytes:
        message = await self._request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self._finished = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than {self._limit} bytes; send less.")


def parsed(raw: bytes, content_type: str | None) -> dict[str, Any]:
    """The JSON object in a body; an empty body is an empty object. Raises Invalid for everything else."""
    if not raw:
        return {}
    _check_type(content_type)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _unreadable(f"The body is not valid JSON in UTF-8: {error}") from None
    if not isinstance(value, dict):
        raise _unreadable("The body must be a JSON object.")
    if too_deep(raw, value):
        raise _unreadable(f"The body nests deeper than {MAX_DEPTH} levels.")
    if b"\\u0000" in raw or _LONG_NUMBER.search(raw):
        _check_values(value)
    return value


def is_csv(content_type: str | None) -> bool:
    """Whether a body is a file of comma-separated values (RFC 4180)."""
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "text/csv"


def canonical(value: dict[str, Any]) -> bytes:
    """The same bytes for the same JSON, in whatever order it was written."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _check_type(content_type: str | None) -> None:
    if content_type is None:
        return
    kind, _, parameters = content_type.partition(";")
    charset = re.search(r'charset\s*=\s*"?([\w-]+)', parameters, re.IGNORECASE)
    if _JSON_TYPE.fullmatch(kind.strip().lower()) and (charset is None or charset[1].lower() in ("utf-8", "utf8")):
        return
    raise Invalid(
        "Send the body as JSON in UTF-8, with the header Content-Type: application/json.",
        code="invalid_content_type",
        title="Invalid content type",
    )


def _check_values(value: dict[str, Any]) -> None:
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, dict):
            for name, inner in item.items():
                here = f"{path}.{name}" if path else name
                _check_value(here, name)
                waiting.append((here, inner))
        elif isinstance(item, list):
            waiting.extend((f"{path}.{place}", inner) for place, inner in enumerate(item))
        else:
            _check_value(path, item)


def _check_value(path: str, item: Any) -> None:
    problem = None
    if isinstance(item, str) and "\0" in item:
        problem = "must not contain the NUL character"
    elif isinstance(item, int | float) and abs(item) >= 2**63:
        problem = "the number is too large"
    if problem:
        name = path.replace("\0", "\\u0000")
        raise Invalid(f"Correct this field: {name}: {problem}", details=[f"{name}: {problem}"])


def _unreadable(message: str) -> Invalid:
    return Invalid(message, code="invalid_json", title="Invalid JSON")
