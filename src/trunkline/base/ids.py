"""Identifiers and keys: UUIDs for everything, longer unguessable names for calls and API keys."""

import hashlib
import secrets
import uuid

KEY_PREFIX = "tl_live_"


def new_id() -> str:
    """A random UUID as text."""
    return str(uuid.uuid4())


def new_call_id(direction: str) -> str:
    """``call-<direction>-`` and 22 url-safe characters (128 random bits)."""
    return f"call-{direction}-{secrets.token_urlsafe(16)}"


def new_api_key() -> str:
    """``tl_live_`` and 43 url-safe characters (256 random bits)."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_api_key(key: str) -> str:
    """The SHA-256 of a key in hex: the only form in which a key is kept (256 random bits need no slow hash)."""
    return hashlib.sha256(key.encode()).hexdigest()
