"""The voices that assistants can speak with."""

from pydantic import SecretStr

from trunkline.domain.access import Caller
from trunkline.domain.models import REALTIME
from trunkline.ports.offers import VoiceFacts
from trunkline.services.rooms import Rooms

LOCAL = "local"
MULTI = "multi"
_ALIASES = {"11labs": "elevenlabs"}


async def list_(
    rooms: Rooms, caller: Caller, provider: str | None = None, language: str | None = None
) -> list[VoiceFacts]:
    """The voices that the caller's organisation can use now: the local ones, and those of the vendors that it or the
    platform has a key of. A vendor that does not answer is left out; those of a realtime model are only given where it is
    the ``provider``.

    ``language`` is a language (``nl``: of whatever region) or a language with its region; voices of many languages are
    always among them.
    """
    provider = _ALIASES.get(provider or "", provider)
    async with rooms.unit(caller, write=False) as unit:
        organisation = await unit.organisations.get(caller.org_id)
        keys = await unit.provider_keys.all() if provider != LOCAL else {}
    voices = rooms.models.voices()
    if not organisation.has_local_models_access:
        voices = [voice for voice in voices if voice.provider != LOCAL]
    if provider != LOCAL:
        voices += await rooms.models.vendor_voices({vendor: SecretStr(key.key) for vendor, key in keys.items()})
    return [voice for voice in voices if _wanted(voice.provider, provider) and _speaks(voice.language, language)]


def _wanted(provider: str, asked: str | None) -> bool:
    return provider == asked if asked is not None else provider not in REALTIME


def _speaks(spoken: str, wanted: str | None) -> bool:
    if wanted is None or spoken == MULTI:
        return True
    spoken, wanted = spoken.lower().replace("_", "-"), wanted.lower().replace("_", "-")
    return spoken == wanted or wanted == spoken.split("-")[0] or spoken == wanted.split("-")[0]
