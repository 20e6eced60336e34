"""Keys of one's own over HTTP: stored, tested on request, never shown, and used by nobody else."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.api.world import DESTINATION, Api, client, made, opened, ready_to_call
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.byok import VENDORS
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.services import accounts
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
SECRET = "sk-a-key-that-nobody-may-see"
OPENAI = {"provider": "openai", "api_key": SECRET}


class Asked(Catalogue):
    """The catalogue, with vendors that answer as they are told."""

    error: Exception | None = None
    asked: list[tuple[str, str]]

    async def verify(self, vendor: str, key: SecretStr) -> None:
        self.asked.append((vendor, key.get_secret_value()))
        if self.error is not None:
            raise self.error


@pytest.fixture
async def models() -> AsyncIterator[Asked]:
    """The catalogue of the platform."""
    async with Asked(ProviderSettings()) as catalogue:
        catalogue.asked = []
        yield catalogue


@pytest.fixture
async def api(database: Database, vault: Vault, tmp_path: Path, models: Asked) -> AsyncIterator[Api]:
    """The API on each kind of database, with the real catalogue."""
    async with opened(database, vault, tmp_path, models=models) as world:
        yield world


@pytest.fixture
async def quick(sqlite: Database, vault: Vault, tmp_path: Path, models: Asked) -> AsyncIterator[Api]:
    """The same where the database makes no difference."""
    async with opened(sqlite, vault, tmp_path, models=models) as world:
        yield world


def ids(**stored: str) -> dict[str, Any]:
    """The reply where these are stored."""
    return {"success": True, "byok_keys": {f"{vendor}_secret_id": stored.get(vendor) for vendor in VENDORS}}


async def test_a_key_is_stored_replaced_and_removed(api: Api) -> None:
    assert (await api.ours.get("/byok")).json() == ids()
    first = (await api.ours.post("/byok", json=OPENAI)).json()
    id = first["byok_keys"]["openai_secret_id"]
    assert first == ids(openai=id)
    other = (await api.ours.post("/byok", json={**OPENAI, "api_key": f"  {SECRET}2\n"})).json()
    assert other["byok_keys"]["openai_secret_id"] not in (None, id)
    both = (await api.ours.post("/byok", json={"provider": "11labs", "api_key": "el"})).json()["byok_keys"]
    assert [name for name, one in both.items() if one] == ["openai_secret_id", "elevenlabs_secret_id"]
    for _ in range(2):
        left = (await api.ours.request("DELETE", "/byok", json={"provider": "openai"})).json()
        assert left == ids(elevenlabs=both["elevenlabs_secret_id"])
    assert (await api.ours.get("/byok")).json() == left
    async with api.rooms.unit(api.caller, write=False) as unit:
        assert [key.key for key in (await unit.provider_keys.all()).values()] == ["el"]


async def test_a_realtime_provider_takes_the_key_of_its_vendor(api: Api) -> None:
    stored = (await api.ours.post("/byok", json={"provider": "xai_realtime", "api_key": "x"})).json()["byok_keys"]
    assert stored["xai_secret_id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "nobody", "api_key": "x"}, "provider"),
        ({"provider": "local", "api_key": "x"}, "provider"),
        ({"provider": "", "api_key": "x"}, "provider"),
        ({"provider": "openai"}, "api_key"),
        ({"provider": "openai", "api_key": ""}, "api_key"),
        ({"provider": "openai", "api_key": f"{SECRET} {SECRET}"}, "api_key"),
        ({"provider": "openai", "api_key": f"{SECRET}\r\nX-Injected: 1"}, "api_key"),
        ({"provider": "openai", "api_key": f"{SECRET}é"}, "api_key"),
        ({"provider": "openai", "api_key": SECRET * 100}, "api_key"),
        ({"provider": "openai", "api_key": [SECRET]}, "api_key"),
        ({"provider": "openai", "api_key": "x", "region": "eu"}, "region"),
    ],
)
async def test_what_is_no_key_is_refused_and_never_repeated(quick: Api, body: dict[str, Any], field: str) -> None:
    reply = await quick.ours.post("/byok", json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")
    assert [detail.split(":")[0] for detail in reply.json()["details"]] == [field]
    assert SECRET not in reply.text
    assert (await quick.ours.get("/byok")).json() == ids()
    assert (await quick.ours.request("DELETE", "/byok", json={"provider": "nobody"})).status_code == 400
    assert (await quick.ours.request("DELETE", "/byok")).status_code == 400
    assert (await quick.ours.post("/byok?verify=maybe", json=OPENAI)).status_code == 400


async def test_a_key_is_tested_on_request_before_it_is_stored(api: Api, models: Asked) -> None:
    good = await api.ours.post("/byok?verify=true", json=OPENAI)
    assert good.status_code == 200
    assert models.asked == [("openai", SECRET)]
    models.error = Invalid("openai does not take this key", code="key_refused", details=["api_key: openai refused it"])
    bad = await api.ours.post("/byok?verify=true", json={**OPENAI, "api_key": "sk-wrong"})
    assert (bad.status_code, bad.json()["code"]) == (400, "key_refused")
    models.error = Upstream("openai fell silent", provider="openai", retryable=True)
    away = await api.ours.post("/byok?verify=true", json={**OPENAI, "api_key": "sk-wrong"})
    assert (away.status_code, away.json()["code"]) == (502, "provider_error")
    assert (await api.ours.get("/byok")).json() == good.json()
    assert (await api.ours.post("/byok?verify=false", json=OPENAI)).status_code == 200
    assert len(models.asked) == 3


async def test_no_key_is_shown_or_logged(api: Api, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.DEBUG):
        once = {"Idempotency-Key": "once"}
        replies = [await api.ours.post("/byok", json=OPENAI, headers=once) for _ in range(2)]
        replies += [await api.ours.get(path) for path in ("/byok", "/byok/config", "/organizations")]
        assistant = await made(api.ours, "/assistants", {"name": "A"})
        replies.append(await api.ours.get(f"/assistants/{assistant['id']}"))
    assert replies[0].json() == replies[1].json()
    assert replies[1].headers["Idempotency-Replayed"] == "true"
    assert not any(SECRET in reply.text for reply in replies)
    assert SECRET not in caplog.text
    assert not [file for file in _files(tmp_path) if SECRET.encode() in file.read_bytes()]


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


async def test_a_key_brings_voices(api: Api) -> None:
    before = (await api.ours.get("/voices")).json()["voices"]
    await api.ours.post("/byok", json={"provider": "deepgram", "api_key": "dg"})
    after = (await api.ours.get("/voices")).json()["voices"]
    assert {voice["provider"] for voice in before} == {"local"}
    assert {voice["provider"] for voice in after} == {"local", "deepgram"}
    german = (await api.ours.get("/voices?provider=deepgram&language=de")).json()["voices"]
    assert {voice["provider"] for voice in german} == {"deepgram"}
    assert (await api.theirs.get("/voices")).json()["voices"] == before
    await api.ours.post("/byok", json={"provider": "openai", "api_key": "sk"})
    speaking = (await api.ours.get("/voices?provider=openai_realtime")).json()["voices"]
    assert {voice["provider"] for voice in speaking} == {"openai_realtime"}
    assert {"marin", "cedar"} <= {voice["id"] for voice in speaking}
    assert "openai_realtime" not in {voice["provider"] for voice in (await api.ours.get("/voices")).json()["voices"]}
    for wrong in ("language=", "language=not-a-language-at-all", "speed=2", "provider="):
        assert (await api.ours.get(f"/voices?{wrong}")).status_code == 400, wrong


async def test_what_a_call_may_use_is_settled_when_it_is_placed(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    order: dict[str, Any] = {"destination": DESTINATION, "assistant_id": ids["assistant"]}
    order["assistant_override"] = {"llm_config": {"provider": "openai", "model": None}}
    keyless = await api.ours.post("/calls/outbound", json=order)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "invalid_request")
    assert keyless.json()["details"][0].startswith("llm_config.provider: there is no key for openai")
    await api.ours.post("/byok", json=OPENAI)
    await api.ours.post("/byok/config", json={"provider": "openai", "config": {"llm_model": "gpt-4.1-mini"}})
    placed = await api.ours.post("/calls/outbound", json=order)
    assert placed.status_code == 200, placed.text
    call = await api.ours.get(f"/calls/{placed.json()['call_id']}")
    assert call.json()["assistant"]["llm_config"]["model"] == "gpt-4.1-mini"
    assert SECRET not in call.text


async def test_local_models_are_refused_to_who_may_not_use_them(api: Api) -> None:
    ids = await ready_to_call(api.ours)
    assert (await api.ours.get("/organizations")).json()["has_local_models_access"] is True
    tried = await api.ours.patch("/organizations", json={"has_local_models_access": True})
    assert tried.status_code == 400
    await accounts.allow_local_models(api.rooms, api.org_id, False)
    assert (await api.ours.get("/organizations")).json()["has_local_models_access"] is False
    order = {"destination": DESTINATION, "assistant_id": ids["assistant"]}
    refused = await api.ours.post("/calls/outbound", json=order)
    assert (refused.status_code, refused.json()["code"]) == (403, "local_models_not_allowed")
    assert [one.split(":")[0] for one in refused.json()["details"]] == [
        "llm_config.provider",
        "stt_config.provider",
        "tts_config.provider",
    ]
    assert (await api.ours.get("/calls")).json()["pagination"]["total"] == 0


async def test_a_key_needs_its_scope(api: Api) -> None:
    reading = await made(api.ours, "/api-keys", {"name": "Reader", "scopes": ["read"]})
    async with client(api.app, reading["key"]) as reader:
        assert (await reader.get("/byok")).status_code == 200
        assert (await reader.get("/byok/config")).status_code == 200
        assert (await reader.post("/byok", json=OPENAI)).json()["code"] == "missing_scope"
        assert (await reader.request("DELETE", "/byok", json={"provider": "openai"})).status_code == 403
        assert (await reader.post("/byok/config", json={"provider": "openai", "config": {}})).status_code == 403
    assert (await api.stranger.get("/byok")).status_code == 401


async def test_the_config_lists_every_provider_with_its_models(api: Api) -> None:
    reply = (await api.ours.get("/byok/config")).json()
    assert reply["byok_config"] == {}
    found = {(one["id"], one["category"]): one for one in reply["providers"]}
    assert set(found) >= {("openai", "llm"), ("openai", "tts"), ("deepgram", "stt"), ("xai_realtime", "realtime")}
    assert found["deepgram", "stt"]["docs_url"].startswith("https://")
    for one in reply["providers"]:
        if one["id"] != "openai_compatible":
            assert [model["default"] for model in one["models"]].count(True) == 1, one["id"]
    assert set(found["openai", "llm"]["models"][0]) == {"id", "name", "default", "legacy", "price"}


async def test_defaults_are_set_whole_and_removed_by_nothing(api: Api) -> None:
    wanted = {"llm_model": "gpt-5.4-mini", "voice_id": "alloy"}
    first = await api.ours.post("/byok/config", json={"provider": "openai", "config": wanted})
    whole = {"llm_model": "gpt-5.4-mini", "stt_model": None, "tts_model": None, "voice_id": "alloy"}
    assert first.json() == {"byok_config": {"openai": whole}}
    voice = {"provider": "xai_realtime", "config": {"voice_id": "eve"}}
    assert set((await api.ours.post("/byok/config", json=voice)).json()["byok_config"]) == {"openai", "xai_realtime"}
    other = await api.ours.post("/byok/config", json={"provider": "openai", "config": {"tts_model": "tts-1"}})
    assert other.json()["byok_config"]["openai"] == {**dict.fromkeys(whole), "tts_model": "tts-1"}
    await api.ours.patch("/organizations", json={"name": "Renamed"})
    assert (await api.ours.get("/byok/config")).json()["byok_config"] == other.json()["byok_config"]
    gone = await api.ours.post("/byok/config", json={"provider": "openai", "config": {}})
    assert set(gone.json()["byok_config"]) == {"xai_realtime"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "nobody", "config": {"llm_model": "x"}}, "provider"),
        ({"provider": "local", "config": {"llm_model": "x"}}, "provider"),
        ({"provider": "deepgram", "config": {"llm_model": "x"}}, "config.llm_model"),
        ({"provider": "google_realtime", "config": {"tts_model": "x"}}, "config.tts_model"),
        ({"provider": "openai", "config": {"base_url": "http://10.0.0.1"}}, "config.base_url"),
        ({"provider": "openai", "config": {"llm_model": ""}}, "config.llm_model"),
        ({"provider": "openai", "config": {"llm_model": 5}}, "config.llm_model"),
        ({"provider": "openai"}, "config"),
    ],
)
async def test_defaults_that_a_provider_has_not_are_refused(quick: Api, body: dict[str, Any], field: str) -> None:
    reply = await quick.ours.post("/byok/config", json=body)
    assert reply.status_code == 400
    assert [detail.split(":")[0] for detail in reply.json()["details"]] == [field], json.dumps(reply.json())


async def test_keys_that_are_stored_at_once_do_not_get_in_each_others_way(api: Api) -> None:
    orders = [{"provider": "deepgram", "api_key": f"dg-{number}"} for number in range(8)]
    replies = await asyncio.gather(*(api.ours.post("/byok", json=order) for order in orders))
    assert [reply.status_code for reply in replies] == [200] * 8
    kept = (await api.ours.get("/byok")).json()["byok_keys"]["deepgram_secret_id"]
    assert kept in {reply.json()["byok_keys"]["deepgram_secret_id"] for reply in replies}
