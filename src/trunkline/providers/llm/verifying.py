"""Asking a vendor of language models whether it takes a key, by something that costs nothing."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.providers.llm.anthropic import VERSION
from trunkline.providers.vendor import Vendor

_REFUSED = (401, 403)
_ASKED: Mapping[str, tuple[str, Callable[[str], Mapping[str, str]]]] = {
    "openai": ("/models", lambda key: {"Authorization": f"Bearer {key}"}),
    "mistral": ("/models", lambda key: {"Authorization": f"Bearer {key}"}),
    "xai": ("/models", lambda key: {"Authorization": f"Bearer {key}"}),
    "google": ("/models?pageSize=1", lambda key: {"x-goog-api-key": key}),
    "anthropic": ("/models?limit=1", lambda key: {"x-api-key": key, "anthropic-version": VERSION}),
}
"""What each vendor is asked for, and how it is given the key."""
_WRONG_KEY = ("api key", "api_key", "apikey")
"""Some vendors answer a wrong key with 400, and name it."""
_LIMITED_KEY = "missing scopes"
"""A key that may not list models may well talk with them."""
VERIFIED = frozenset(_ASKED)
"""The vendors that ``verify`` can ask."""


async def verify(vendor: Vendor, key: SecretStr) -> None:
    """Asks the vendor. Raises Invalid where it refuses the key, and Upstream where it cannot be asked."""
    path, headers = _ASKED[vendor.name]
    secret = key.get_secret_value()
    if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        raise _wrong(vendor)
    async with (
        vendor.requested(key),
        vendor.http.get(vendor.url + path, headers=headers(secret), allow_redirects=False) as answer,
    ):
        if answer.status == 200:
            await vendor.told(answer)
            return
        refusal = await vendor.refusal(answer, key)
    words = refusal.vendor_message.lower()
    if refusal.status == 403 and _LIMITED_KEY in words:
        return
    named = any(word in words for word in _WRONG_KEY)
    if refusal.status in _REFUSED or (refusal.status == 400 and named):
        raise _wrong(vendor)
    raise refusal


def _wrong(vendor: Vendor) -> Invalid:
    return Invalid(f"{vendor.name} does not take this key.", details=[f"key: {vendor.name} does not take it"])
