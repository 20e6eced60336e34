"""What belongs to nobody: voices and health."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas import health as health_schemas
from trunkline.api.schemas import voices as voice_schemas
from trunkline.services import health, voices


async def list_voices(ask: Ask) -> Reply:
    """All voices."""
    query = ask.query(voice_schemas.VoicesQuery)
    found = await voices.list_(ask.rooms, ask.caller, query.provider, query.language)
    return Reply({"voices": [voice_schemas.shown(voice) for voice in found]})


async def check_health(ask: Ask) -> Reply:
    """Whether the platform can take calls."""
    found = await health.check(ask.rooms)
    return Reply(health_schemas.shown(found, ask.settings.version), status=200 if found.ok else 503)


OPERATIONS = (
    Operation(
        method="GET",
        path="/voices",
        run=list_voices,
        name="listVoices",
        tag="Voices",
        summary="List voices",
        description="The local ones, and those of the vendors that you or the platform have a key of; a vendor that does "
        "not answer is left out.",
        query=voice_schemas.VoicesQuery,
        reply=voice_schemas.VoicesReply,
    ),
    Operation(
        method="GET",
        path="/health",
        run=check_health,
        name="checkHealth",
        tag="Health",
        summary="Check health",
        description="Needs no key. 200 when the platform can take calls, 503 when a part is down; the body is the same.",
        entry="open",
        reply=health_schemas.HealthReply,
    ),
)
