"""The headers that say what a webhook is and prove who sent it: ours (``X-Webhook-*``) and the Standard Webhooks ones."""

import base64
import hashlib
import hmac

STANDARD_PREFIX = "whsec_"


def headers(event: str, body: bytes, secret: str | None, webhook_id: str, timestamp: int) -> dict[str, str]:
    """The headers of one attempt: the event, the id and the time always, both signatures when there is a secret.

    ``timestamp`` is Unix seconds of the attempt, ``webhook_id`` stays the same over retries.
    """
    found = {
        "X-Webhook-Event": event,
        "X-Webhook-Timestamp": str(timestamp),
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
    }
    if secret:
        found["X-Webhook-Signature"] = signature(body, secret, timestamp)
        found["webhook-signature"] = standard_signature(body, secret, webhook_id, timestamp)
    return found


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """``sha256=<hex>``: HMAC-SHA256 with the whole secret string over ``<timestamp>.<raw body>``."""
    signed = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def standard_signature(body: bytes, secret: str, webhook_id: str, timestamp: int) -> str:
    """``v1,<base64>``: HMAC-SHA256 over ``<id>.<timestamp>.<raw body>`` (standardwebhooks.com, symmetric signatures)."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(standard_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def standard_key(secret: str) -> bytes:
    """The Standard Webhooks key of a secret: what follows ``whsec_`` in base64, else the secret's own bytes."""
    if secret.startswith(STANDARD_PREFIX):
        try:
            return base64.b64decode(secret[len(STANDARD_PREFIX) :])
        except ValueError:
            return secret.encode()
    return secret.encode()
