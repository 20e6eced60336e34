"""Whether a vendor of voices takes a key, asked without having anything spoken."""

import orjson
from pydantic import SecretStr

from trunkline.base.errors import Invalid, Upstream
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import asked

_REFUSED = (401, 403)
_RIGHTS = "missing_permissions"


async def verify(vendor: Vendor, key: SecretStr) -> None:
    """Raises Invalid where ElevenLabs or Inworld refuses the key, and Upstream where it cannot be asked."""
    try:
        await _ask(vendor, key)
    except Upstream as error:
        if error.status not in _REFUSED:
            raise
        if not _lacks_rights(error.vendor_message):
            problem = f"key: {vendor.name} refuses it"
            raise Invalid(problem, details=[problem]) from None


async def _ask(vendor: Vendor, key: SecretStr) -> None:
    secret = key.get_secret_value()
    if vendor.name == "elevenlabs":
        await asked(vendor, key, f"{vendor.url}/user", {"xi-api-key": secret}, {})
    else:
        await asked(
            vendor, key, f"{vendor.url}/voices/v1/voices", {"Authorization": f"Basic {secret}"}, {"pageSize": "1"}
        )


def _lacks_rights(told: str) -> bool:
    """A key of ElevenLabs may be good for speech, and not for reading the account."""
    try:
        said = orjson.loads(told)
        return bool(said["detail"]["status"] == _RIGHTS)
    except (ValueError, KeyError, TypeError):
        return False
