"""Whether the vendors that only hear take a key."""

from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.providers.vendor import Vendor

_ASKED = {"deepgram": ("/projects", "Authorization", "Token "), "gladia": ("/live?limit=1", "x-gladia-key", "")}
"""By vendor: what is read to see it (nothing is billed for it), and the header that brings the key."""
_FORBIDDEN = 403
"""The key is known, and may not read that; it may still transcribe."""


async def verify(vendor: Vendor, key: SecretStr) -> None:
    """Asks the vendor whether it takes this key. Raises Invalid where it does not, and Upstream where it cannot be asked.
    For ``deepgram`` and ``gladia``; LookupError for others."""
    path, header, scheme = _ASKED[vendor.name]
    headers = {header: scheme + key.get_secret_value()}
    if not key.get_secret_value().isprintable():
        raise Invalid(f"{vendor.name} does not take this key: it has characters that cannot be sent")
    async with (
        vendor.requested(key),
        vendor.http.get(vendor.url + path, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status == 401 or (answer.status == _FORBIDDEN and vendor.name == "gladia"):
            raise Invalid(f"{vendor.name} does not take this key")
        if answer.status >= 300 and answer.status != _FORBIDDEN:
            raise await vendor.refusal(answer, key)
        if answer.status < 300:
            await vendor.told(answer)
