"""Keys of your own for vendors, over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.byok import (
    ByokConfigReply,
    ByokConfigSet,
    ByokQuery,
    ByokReply,
    NewByokConfig,
    NewProviderKey,
    ProviderNamed,
    config_shown,
    providers_shown,
    shown,
)
from trunkline.services import byok
from trunkline.services.validation import checked

TAG = "Keys of vendors"


async def get(ask: Ask) -> Reply:
    """Which keys are stored."""
    return Reply(shown(await byok.ids(ask.rooms, ask.caller)))


async def store(ask: Ask) -> Reply:
    """A key more, or another one."""
    query = ask.query(ByokQuery)
    wanted = checked(NewProviderKey, ask.body)
    ids = await byok.store(ask.rooms, ask.caller, wanted.provider, wanted.api_key, verify=query.verify)
    return Reply(shown(ids))


async def forget(ask: Ask) -> Reply:
    """A key less."""
    named = checked(ProviderNamed, ask.body)
    return Reply(shown(await byok.forget(ask.rooms, ask.caller, named.provider)))


async def get_config(ask: Ask) -> Reply:
    """What there is to choose from, and what was chosen."""
    chosen = config_shown(await byok.defaults(ask.rooms, ask.caller))
    return Reply({"providers": providers_shown(byok.providers(ask.rooms)), "byok_config": chosen})


async def set_config(ask: Ask) -> Reply:
    """Other defaults for a provider."""
    wanted = checked(NewByokConfig, ask.body)
    config = wanted.config.model_dump(exclude_none=True)
    return Reply({"byok_config": config_shown(await byok.set_defaults(ask.rooms, ask.caller, wanted.provider, config))})


OPERATIONS = (
    Operation(
        method="GET",
        path="/byok",
        run=get,
        name="listProviderKeys",
        tag=TAG,
        summary="Which keys of yours are stored",
        description="The keys themselves are never shown.",
        reply=ByokReply,
    ),
    Operation(
        method="POST",
        path="/byok",
        run=store,
        name="storeProviderKey",
        tag=TAG,
        summary="Store a key of yours",
        description="In place of the one that the vendor had. Calls that are placed from now on use it, before the "
        "platform's own.",
        scope="write",
        body=NewProviderKey,
        query=ByokQuery,
        reply=ByokReply,
        codes=("key_refused", "provider_error", "not_available"),
        request_example={"provider": "deepgram", "api_key": "your-deepgram-key"},
    ),
    Operation(
        method="DELETE",
        path="/byok",
        run=forget,
        name="removeProviderKey",
        tag=TAG,
        summary="Remove a key of yours",
        description="Calls that are going on keep it to their end. No key stored is no error.",
        scope="write",
        body=ProviderNamed,
        reply=ByokReply,
        request_example={"provider": "deepgram"},
    ),
    Operation(
        method="GET",
        path="/byok/config",
        run=get_config,
        name="getProviderConfig",
        tag=TAG,
        summary="Providers, their models, and your defaults",
        reply=ByokConfigReply,
    ),
    Operation(
        method="POST",
        path="/byok/config",
        run=set_config,
        name="setProviderConfig",
        tag=TAG,
        summary="Set your defaults for a provider",
        description="They are taken when a call is placed whose assistant names this provider, also as a fallback, and no "
        "model or voice.",
        scope="write",
        body=NewByokConfig,
        reply=ByokConfigSet,
        request_example={"provider": "openai", "config": {"llm_model": "gpt-5.4-mini", "voice_id": "alloy"}},
    ),
)
