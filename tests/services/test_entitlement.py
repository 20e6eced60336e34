"""What a call may use of models is settled when it is placed: keys, defaults and the local models, on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.test_inbound import HOLD, let_in
from tests.services.vendors import KEYS, LOCAL, VENDORS, bring, plan_of, with_catalogue
from tests.services.world import A, B, World
from trunkline.base.errors import Forbidden, Invalid
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import EndReason
from trunkline.domain.events import CallEnded
from trunkline.services import answering, byok, inbound
from trunkline.services.admission import Admitted
from trunkline.services.aftercall import closing, forget_keys
from trunkline.services.claims import claim
from trunkline.services.inbound import Ringing
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room


def transient(**config: Any) -> TransientAssistant:
    return TransientAssistant.model_validate({**LOCAL, **config})


async def placed(home: World, **config: Any) -> str:
    return await home.place(assistant_id=None, assistant=transient(**config))


async def test_a_call_takes_along_just_the_keys_that_it_needs(home: World) -> None:
    home = with_catalogue(home)
    await bring(home, "deepgram", "openai", "elevenlabs")
    assert (await plan_of(home, await placed(home))).keys == {}
    hearing = await plan_of(home, await placed(home, stt_config=VENDORS["stt_config"]))
    assert hearing.keys == {"deepgram": KEYS["deepgram"]}
    assert (await plan_of(home, await placed(home, **VENDORS))).keys == KEYS
    spare = {**LOCAL["llm_config"], "fallbacks": [{"provider": "openai"}]}
    assert (await plan_of(home, await placed(home, llm_config=spare))).keys == {"openai": KEYS["openai"]}
    assert KEYS["openai"] not in repr(await plan_of(home, await placed(home, llm_config=spare)))


async def test_no_key_is_refused_when_the_call_is_placed(home: World) -> None:
    home = with_catalogue(home)
    with pytest.raises(Invalid) as refused:
        await placed(home, **VENDORS)
    assert [detail.split(":")[0] for detail in refused.value.details] == [
        "llm_config.provider",
        "stt_config.provider",
        "tts_config.provider",
    ]
    assert "POST /byok" in refused.value.message
    with pytest.raises(Invalid, match=r"llm_config\.fallbacks\.0\.provider"):
        await placed(home, llm_config={**LOCAL["llm_config"], "fallbacks": [{"provider": "openai"}]})
    assert home.live.woken == []


async def test_the_platforms_key_stands_in_and_does_not_go_into_the_plan(home: World) -> None:
    home = with_catalogue(home, deepgram="dg-of-the-platform", openai="sk-of-the-platform")
    await bring(home, "openai")
    config = {name: VENDORS[name] for name in ("llm_config", "stt_config")}
    assert (await plan_of(home, await placed(home, **config))).keys == {"openai": KEYS["openai"]}


async def test_the_keys_of_another_organisation_do_not_count(home: World) -> None:
    home = with_catalogue(home)
    await bring(home, "deepgram", caller=B)
    with pytest.raises(Invalid, match="no key for deepgram"):
        await placed(home, stt_config=VENDORS["stt_config"])


async def test_the_worker_gets_the_keys_and_they_go_when_the_call_is_over(home: World) -> None:
    home = with_catalogue(home)
    await bring(home, "deepgram")
    call_id = await placed(home, stt_config=VENDORS["stt_config"])
    plan = await claim(home.rooms, call_id, "worker-1")
    assert plan is not None
    assert plan.keys == {"deepgram": KEYS["deepgram"]}
    await forget_keys(home.rooms, await closing(home.rooms, call_id))
    assert (await plan_of(home, call_id)).keys == plan.keys, "a call that goes on keeps them"
    await ServiceJournal(home.rooms).note(call_id, CallEnded(home.clock.now(), EndReason.NO_ANSWER))
    await forget_keys(home.rooms, await closing(home.rooms, call_id))
    assert await plan_of(home, call_id) == replace(plan, keys={})


async def test_defaults_fill_in_what_an_assistant_leaves_out(home: World) -> None:
    home = with_catalogue(home)
    await bring(home, "openai", "elevenlabs", "deepgram")
    await byok.set_defaults(home.rooms, A, "openai", {"llm_model": "gpt-5.4-mini", "tts_model": "tts-1"})
    await byok.set_defaults(home.rooms, A, "11labs", {"voice_id": "v-1", "tts_model": "eleven_v3"})
    tts = {"provider": "elevenlabs", "fallbacks": [{"provider": "openai"}]}
    assistant = (await plan_of(home, await placed(home, **{**VENDORS, "tts_config": tts}))).assistant
    assert assistant.llm_config.model == "gpt-5.4-mini"
    assert assistant.stt_config is not None
    assert assistant.stt_config.model is None
    assert assistant.tts_config is not None
    assert (assistant.tts_config.model, assistant.tts_config.voice_id) == ("eleven_v3", "v-1")
    assert assistant.tts_config.fallbacks[0].model == "tts-1"
    named = {"provider": "openai", "model": "gpt-5.4"}
    assert (await plan_of(home, await placed(home, llm_config=named))).assistant.llm_config.model == "gpt-5.4"
    assert await byok.defaults(home.rooms, B) == {}


@pytest.mark.parametrize(
    ("config", "places"),
    [
        ({}, ["llm_config", "stt_config", "tts_config"]),
        ({**VENDORS, "tts_config": {"provider": "local"}}, ["tts_config"]),
        (
            {**VENDORS, "llm_config": {"provider": "openai", "fallbacks": [{"provider": "local"}]}},
            ["llm_config.fallbacks.0"],
        ),
    ],
)
async def test_local_models_are_refused_where_the_operator_says_so(
    home: World, config: dict[str, Any], places: list[str]
) -> None:
    home = with_catalogue(home)
    await bring(home, "deepgram", "openai", "elevenlabs")
    await home.change("organisations", "org-a", has_local_models_access=False)
    await placed(home, **VENDORS)
    with pytest.raises(Forbidden) as refused:
        await placed(home, **config)
    assert refused.value.code == "local_models_not_allowed"
    assert [detail.split(": ")[0] for detail in refused.value.details] == [f"{place}.provider" for place in places]


async def ring(home: World, **settings: Any) -> Ringing:
    async with home.rooms.database.unit("org-a") as unit:
        assistant = await unit.assistants.get(home.assistant_id)
        whole = assistant.settings.model_validate({**assistant.settings.model_dump(), **settings})
        await unit.assistants.save(replace(assistant, settings=whole))
    await home.change("numbers", home.number_id, assistant_id=home.assistant_id)
    admitted = await let_in(home)
    assert isinstance(admitted, Admitted)
    return await inbound.ring(home.rooms, admitted, "+31612345678", "sip-1", HOLD, room=True)


async def test_a_call_that_comes_in_takes_its_keys_along_too(home: World) -> None:
    home = with_catalogue(home)
    await bring(home, "deepgram", "openai", "elevenlabs")
    ringing = await ring(home, stt_config=VENDORS["stt_config"])
    assert ringing.problem is None
    assert (await plan_of(home, ringing.plan.call_id)).keys == {"deepgram": KEYS["deepgram"]}
    decided = await answering.decide(
        home.rooms, ringing, {"assistant": {**LOCAL, "llm_config": {"provider": "openai"}}}
    )
    assert await inbound.settle(home.rooms, decided)
    assert (await plan_of(home, ringing.plan.call_id)).keys == {"openai": KEYS["openai"]}
    assert KEYS["deepgram"] not in repr(ringing)


async def test_a_call_that_comes_in_without_the_key_has_nobody_to_answer_it(home: World) -> None:
    home = with_catalogue(home)
    ringing = await ring(home, tts_config=VENDORS["tts_config"])
    assert ringing.problem is not None
    assert "no key for elevenlabs" in ringing.problem
    assert ringing.plan.assistant.tts_config is not None
    assert ringing.plan.assistant.tts_config.provider == "local"
    with pytest.raises(Invalid, match="no key for openai"):
        await answering.decide(home.rooms, ringing, {"assistant": {**LOCAL, "llm_config": {"provider": "openai"}}})


async def test_an_apology_is_spoken_by_whoever_can(home: World) -> None:
    default_tts = {"provider": "elevenlabs"}
    home = with_catalogue(home)
    home = replace(home, rooms=replace(home.rooms, limits=replace(home.rooms.limits, default_tts=default_tts)))
    ringing = await ring(home, is_active=False)
    assert ringing.problem == "the number's assistant is not active"
    assert ringing.plan.webhook_url == "https://example.com/hook"
    assert ringing.plan.assistant.tts_config is not None
    assert ringing.plan.assistant.tts_config.provider == "local"
    await bring(home, "elevenlabs")
    again = await ring(home, is_active=False, tts_config=VENDORS["tts_config"])
    assert again.plan.assistant.tts_config is not None
    assert again.plan.assistant.tts_config.provider == "elevenlabs"
    assert again.plan.keys == {"elevenlabs": KEYS["elevenlabs"]}


async def test_a_call_that_comes_in_may_not_use_local_models_either(home: World) -> None:
    home = with_catalogue(home)
    await home.change("organisations", "org-a", has_local_models_access=False)
    ringing = await ring(home)
    assert ringing.problem is not None
    assert "may not use the local models" in ringing.problem
    with pytest.raises(Invalid) as refused:
        await answering.decide(home.rooms, ringing, {"assistant": LOCAL})
    assert refused.value.code == "local_models_not_allowed"
    apology = answering.without_credit(ringing).plan.assistant
    assert apology.tts_config is not None
    assert apology.tts_config.provider == "local"
