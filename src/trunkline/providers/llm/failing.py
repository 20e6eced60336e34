"""How the failures of model servers become Upstream: what they mean, whether to try again, and no key in the words."""

import re
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.providers.llm.address import AddressRefused
from trunkline.providers.vendor import meaning, request_id, retryable_status, without_key

_KEY_LIKE = re.compile(r"\b(?:sk|gsk|xai|AIza)[-_][\w*.-]{4,}|\bAIza[\w-]{8,}")
_LARGEST_ERROR_BYTES = 1 << 16


class Failing:
    """Makes the errors of one server; ``called`` is what it is called in a sentence."""

    def __init__(self, provider: str, key: SecretStr | None = None, called: str = "The model server") -> None:
        self._provider = provider
        self._key = key
        self._called = called

    def __call__(
        self,
        message: str,
        *,
        retryable: bool,
        status: int | None = None,
        vendor_message: str = "",
        request_id: str = "",
    ) -> Upstream:
        """An Upstream; ``{it}`` in ``message`` is the server. Its key, and what looks like one, is cut out of its words."""
        return Upstream(
            message.replace("{it}", self._called),
            provider=self._provider,
            retryable=retryable,
            status=status,
            vendor_message=_KEY_LIKE.sub("[key]", without_key(vendor_message, self._key))[:1000],
            request_id=request_id[:200],
        )

    def refused(self, answer: aiohttp.ClientResponse, message: str, *, final: bool = False) -> Upstream:
        """Why the server did not reply at all, in its own words; ``final`` where trying again is of no use."""
        moved = 300 <= answer.status < 400
        said = "sent us to another address, which is not followed" if moved else meaning(answer.status)
        return self(
            f"{{it}} {said} ({answer.status}).",
            retryable=retryable_status(answer.status) and not final,
            status=answer.status,
            vendor_message=message,
            request_id=request_id(answer.headers),
        )

    def unreachable(self, error: Exception) -> Upstream:
        """Why the connection could not be made, or broke."""
        if isinstance(error, TimeoutError):
            return self("{it} fell silent.", retryable=True)
        if isinstance(error, AddressRefused):
            return self(f"{{it}} was refused: {error}.", retryable=False)
        cause = error.__cause__ or error
        if isinstance(cause, AddressRefused) or isinstance(getattr(error, "os_error", None), AddressRefused):
            return self("{it} was refused: its address is not public.", retryable=False)
        return self(
            "{it} could not be reached, or broke the connection.",
            retryable=not isinstance(error, aiohttp.InvalidURL),
            vendor_message=type(error).__name__,
        )

    def too_early(self, request: str) -> Upstream:
        """The stream ended before the reply did."""
        return self("{it} ended the stream before the reply was finished.", retryable=True, request_id=request)

    def empty(self, request: str, *, filtered: bool) -> Upstream:
        """The reply holds nothing."""
        return self(
            "The model's content filter refused to reply." if filtered else "The model replied with nothing.",
            retryable=not filtered,
            request_id=request,
        )

    def read(self, data: bytes, request: str) -> dict[str, Any]:
        """The JSON object of a chunk. Raises Upstream for anything else."""
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise self("{it} sent a chunk that is not JSON.", retryable=True, request_id=request) from None
        if not isinstance(chunk, dict):
            raise self("{it} sent a chunk that is not an object.", retryable=True, request_id=request)
        return chunk

    def within(self, message: str, request: str, status: int | None, *, retryable: bool | None = None) -> Upstream:
        """The server told an error in the middle of its stream."""
        return self(
            "{it} failed while it replied.",
            retryable=(status is None or retryable_status(status)) if retryable is None else retryable,
            status=status,
            vendor_message=message,
            request_id=request,
        )


async def error_of(answer: aiohttp.ClientResponse) -> tuple[str, str, bool]:
    """Message and parameter of the error that an answer holds, and whether it says that nothing is left to spend."""
    body = await answer.content.read(_LARGEST_ERROR_BYTES)
    message, param, _ = vendor_error(body)
    return message, param, b'"insufficient_quota"' in body


def vendor_error(body: bytes | dict[str, Any]) -> tuple[str, str, int | None]:
    """Message, parameter and status of a vendor's error object, whatever of it is there."""
    try:
        value = orjson.loads(body) if isinstance(body, bytes) else body
    except orjson.JSONDecodeError:
        return (body.decode(errors="replace").strip()[:300] if isinstance(body, bytes) else ""), "", None
    value = value[0] if isinstance(value, list) and value else value
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return str(error), "", None
    codes = (error.get(name) for name in ("status", "code", "raw_status_code"))
    status = next((code for code in codes if isinstance(code, int)), None)
    return str(error.get("message") or error), str(error.get("param") or ""), status
