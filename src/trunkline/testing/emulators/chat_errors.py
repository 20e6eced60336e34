"""The errors of the vendors of chat completions, each in its own form."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from trunkline.testing.emulators.chat_stream import Refusal
from trunkline.testing.emulators.house import Fault

REQUEST = {"x-request-id": "req_emulated"}
_RETRY = {**REQUEST, "retry-after": "1"}


def openai_error(
    status: int, message: str, *, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Refusal:
    """An error of OpenAI."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Refusal(status, {"error": error}, _RETRY if status == 429 else REQUEST)


def mistral_error(
    status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None
) -> Refusal:
    """An error of Mistral."""
    body = {
        "object": "error",
        "message": message,
        "type": kind,
        "param": None,
        "code": code,
        "raw_status_code": status,
    }
    return Refusal(status, body, {"mistral-correlation-id": "019a-emulated", **(_RETRY if status == 429 else {})})


def mistral_extra(name: str, value: Any) -> Refusal:
    """Mistral's refusal of a field that it does not know."""
    problem = {
        "type": "extra_forbidden",
        "loc": ["body", name],
        "msg": "Extra inputs are not permitted",
        "input": value,
    }
    body = {
        "object": "error",
        "message": {"detail": [problem]},
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    return Refusal(422, body, {"mistral-correlation-id": "019a-emulated"})


def xai_error(status: int, code: str, message: str) -> Refusal:
    """An error of xAI."""
    return Refusal(status, {"code": code, "error": message}, _RETRY if status == 429 else REQUEST)


def hidden(key: str) -> str:
    """A key as a vendor repeats it."""
    return f"{key[:2]}***{key[-2:]}" if len(key) > 4 else "***"


def _openai(fault: Fault, key: str) -> Refusal:
    match fault:
        case Fault.UNAUTHORISED:
            text = f"Incorrect API key provided: {key}. You can find your API key at"
            return openai_error(401, f"{text} https://platform.openai.com/account/api-keys.", code="invalid_api_key")
        case Fault.RATE_LIMITED:
            text = "Rate limit reached for requests. Please try again in 1s."
            return openai_error(429, text, code="rate_limit_exceeded", kind="requests")
        case Fault.OVERLOADED:
            return openai_error(503, "The engine is currently overloaded, please try again later", kind="server_error")
    return openai_error(500, "The server had an error while processing your request.", kind="server_error")


def _mistral(fault: Fault, key: str) -> Refusal:
    match fault:
        case Fault.UNAUTHORISED:
            return Refusal(401, {"detail": "Unauthorized"}, {"mistral-correlation-id": "019a-emulated"})
        case Fault.RATE_LIMITED:
            return mistral_error(429, "Rate limit exceeded", kind="rate_limited", code="1300")
        case Fault.OVERLOADED:
            return mistral_error(503, "Service unavailable.", kind="unreachable_backend", code="1100")
    return mistral_error(500, "Internal server error", kind="internal_server_error", code="1000")


def _xai(fault: Fault, key: str) -> Refusal:
    match fault:
        case Fault.UNAUTHORISED:
            text = f"Incorrect API key provided: {hidden(key)}. You can obtain an API key from https://console.x.ai."
            return xai_error(400, "Client specified an invalid argument", text)
        case Fault.RATE_LIMITED:
            return xai_error(429, "Some resource has been exhausted", "Too many requests for this team.")
        case Fault.OVERLOADED:
            return xai_error(503, "The service is currently unavailable", "The model is currently at capacity.")
    return xai_error(500, "Internal error", "Something went wrong.")


FAULTS: Mapping[str, Callable[[Fault, str], Refusal]] = {"openai": _openai, "mistral": _mistral, "xai": _xai}
"""How each vendor answers a fault; the key is the one that it was given."""


def stream_error(vendor: str, frame: Mapping[str, Any]) -> bytes:
    """A vendor's error in the middle of its stream; ``frame`` is a chunk without choices."""
    error: Mapping[str, Any] = FAULTS[vendor](Fault.ERROR, "").body
    if vendor == "mistral":
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        error = {**frame, "choices": [choice]}
    return b"data: " + orjson.dumps(error) + b"\n\n"
