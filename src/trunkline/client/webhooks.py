"""Whether a webhook comes from your installation: both signatures that it carries, and how old it is."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from trunkline.client.errors import InvalidSignature

TOLERANCE_SECONDS = 300


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """The ``message`` of a webhook that proves to be genuine, by ``X-Webhook-Signature`` or by the Standard headers.

    ``body`` is the raw body as it came, ``headers`` in any spelling; several secrets, while you change from one to the
    other, are tried in turn. ``now`` is in Unix seconds. Raises InvalidSignature for a wrong or missing signature and for
    a time that is more than ``tolerance_seconds`` off. What the message says happened may come twice: keep its
    ``webhook-id`` and pass over those that you have seen.
    """
    raw = body.encode() if isinstance(body, str) else body
    found = {name.lower(): value for name, value in headers.items()}
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not all(secrets) or not secrets:
        raise ValueError("a webhook cannot be verified without its secret")
    timestamp = _timestamp(found)
    if abs((time.time() if now is None else now) - timestamp) > tolerance_seconds:
        raise InvalidSignature("the webhook is too old, or one of the two clocks is wrong")
    if not any(_signed(raw, found, one, timestamp) for one in secrets):
        raise InvalidSignature("the webhook is not signed with this secret")
    return _message(raw)


def _timestamp(headers: Mapping[str, str]) -> int:
    told = {headers[name] for name in ("x-webhook-timestamp", "webhook-timestamp") if name in headers}
    if len(told) != 1 or not (text := told.pop()).isascii() or not text.isdigit() or len(text) > 12:
        raise InvalidSignature("the webhook does not say when it was sent")
    return int(text)


def _signed(raw: bytes, headers: Mapping[str, str], secret: str, timestamp: int) -> bool:
    given = headers.get("x-webhook-signature", "").encode()
    ours = f"{timestamp}.".encode() + raw
    expected = b"sha256=" + hmac.new(secret.encode(), ours, hashlib.sha256).hexdigest().encode()
    if hmac.compare_digest(expected, given):
        return True
    standard = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + raw
    digest = hmac.new(_standard_key(secret), standard, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(digest)
    offered = headers.get("webhook-signature", "").encode().split()
    return any([hmac.compare_digest(wanted, one) for one in offered])


def _standard_key(secret: str) -> bytes:
    prefix, _, encoded = secret.partition("whsec_")
    try:
        return base64.b64decode(encoded) if encoded and not prefix else secret.encode()
    except binascii.Error:
        return secret.encode()


def _message(raw: bytes) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(raw)["message"])
    except (ValueError, KeyError, TypeError):
        raise InvalidSignature("the webhook is genuine, but no message of Trunkline") from None
