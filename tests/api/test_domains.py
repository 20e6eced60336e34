"""E-mail domains over HTTP, against Resend's emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.api.world import Api, opened
from trunkline.api.schemas.domains import ChoicesReply, DomainReply
from trunkline.providers.mail.resend import ResendMail
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.vendors import ResendVendor

pytestmark = pytest.mark.room
RECORD = {"record", "name", "type", "ttl", "status", "value", "priority"}
DOMAIN = {
    "id",
    "org_id",
    "domain_name",
    "resend_domain_id",
    "status",
    "region",
    "records",
    "created_at",
    "updated_at",
    "verified_at",
}


@pytest.fixture
async def house() -> AsyncIterator[ResendVendor]:
    async with ResendVendor() as running:
        yield running


@asynccontextmanager
async def reaching(
    house: ResendVendor, database: Database, vault: Vault, folder: Path, key: str | None
) -> AsyncIterator[Api]:
    async with (
        ResendMail(house.url, SecretStr(key) if key else None) as mailer,
        opened(database, vault, folder, mailer=mailer) as api,
    ):
        yield api


@pytest.fixture
async def mailing(house: ResendVendor, database: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Api]:
    """The API on each database, with the platform's key."""
    async with reaching(house, database, vault, tmp_path, house.key) as api:
        yield api


async def test_a_domain_goes_from_registered_to_verified_to_gone(mailing: Api, house: ResendVendor) -> None:
    ours = mailing.ours
    assert (await ours.get("/domains")).json() == {"domain": None, "domains": []}
    made = await ours.post("/domains", json={"domain_name": "Mail.Example.com"})
    assert made.status_code == 201, made.text
    domain = made.json()["domain"]
    assert DomainReply.model_validate(made.json())
    assert set(domain) == DOMAIN
    assert (domain["domain_name"], domain["status"], domain["org_id"]) == (
        "mail.example.com",
        "not_started",
        mailing.org_id,
    )
    assert domain["records"]
    assert all(set(record) == RECORD for record in domain["records"])
    mailing.clock.advance(60)
    started = (await ours.post("/domains/verify")).json()["domain"]
    assert (started["status"], started["verified_at"]) == ("pending", None)
    mailing.clock.advance(60)
    verified = (await ours.post("/domains/refresh")).json()["domain"]
    assert DomainReply.model_validate({"domain": verified})
    assert verified["status"] == "verified"
    assert verified["verified_at"] == verified["updated_at"] != verified["created_at"]
    mailing.clock.advance(60)
    assert (await ours.post("/domains/refresh", json={})).json()["domain"] == verified
    assert (await ours.get("/domains")).json() == {"domain": verified, "domains": [verified]}
    assert (await ours.request("DELETE", "/domains")).json() == {"success": True}
    assert (await ours.get("/domains")).json()["domain"] is None
    assert house.received[-1].path == f"/domains/{domain['resend_domain_id']}"
    assert (await ours.request("DELETE", "/domains")).status_code == 404


async def test_an_organisation_has_one_domain(mailing: Api) -> None:
    assert (await mailing.ours.post("/domains", json={"domain_name": "a.example"})).status_code == 201
    for name in ("b.example", "a.example"):
        refused = await mailing.ours.post("/domains", json={"domain_name": name})
        assert (refused.status_code, refused.json()["code"]) == (409, "domain_exists")


async def test_records_that_are_not_found_fail(mailing: Api) -> None:
    assert (await mailing.ours.post("/domains", json={"domain_name": "lost.invalid"})).status_code == 201
    await mailing.ours.post("/domains/verify")
    failed = (await mailing.ours.post("/domains/refresh")).json()["domain"]
    assert (failed["status"], failed["verified_at"]) == ("failed", None)


async def test_the_platforms_account_shows_nobody_anothers_domains(mailing: Api) -> None:
    theirs = (await mailing.theirs.post("/domains", json={"domain_name": "theirs.example"})).json()["domain"]
    assert (await mailing.ours.get("/domains/sync")).json() == {"domains": [], "selected_domain_id": None}
    for id in (theirs["resend_domain_id"], theirs["id"], "unknown"):
        assert (await mailing.ours.post("/domains/sync", json={"resend_domain_id": id})).status_code == 404
    own = (await mailing.ours.post("/domains", json={"domain_name": "ours.example"})).json()["domain"]
    choices = (await mailing.ours.get("/domains/sync")).json()
    assert choices["selected_domain_id"] == own["resend_domain_id"]
    assert choices["domains"] == [
        {"id": own["resend_domain_id"], "name": "ours.example", "status": "not_started", "region": "us-east-1"}
    ]
    taken = await mailing.ours.request("DELETE", "/domains", json={"domain_id": theirs["id"]})
    assert taken.status_code == 404
    assert (await mailing.theirs.get("/domains")).json()["domain"] == theirs
    assert (await mailing.theirs.request("DELETE", "/domains", json={"domain_id": theirs["id"]})).status_code == 200


@pytest.mark.parametrize("name", ["resend_domain_id", "resendDomainId", "domain_id"])
async def test_with_a_key_of_its_own_it_chooses_any_domain_of_its_account(
    mailing: Api, house: ResendVendor, name: str
) -> None:
    ours = mailing.ours
    assert (await ours.post("/byok?verify=true", json={"provider": "resend", "api_key": house.key})).status_code == 400
    assert (await ours.post("/byok", json={"provider": "resend", "api_key": house.key})).status_code == 200
    registered = (await ours.post("/domains", json={"domain_name": "first.example"})).json()["domain"]
    async with ResendMail(house.url, SecretStr(house.key)) as mailer:
        other = await mailer.create_domain("other.example", None)
    choices = (await ours.get("/domains/sync")).json()
    assert ChoicesReply.model_validate(choices)
    assert {one["name"] for one in choices["domains"]} == {"first.example", "other.example"}
    assert choices["selected_domain_id"] == registered["resend_domain_id"]
    chosen = (await ours.post("/domains/sync", json={name: other.id})).json()["domain"]
    assert (chosen["domain_name"], chosen["resend_domain_id"]) == ("other.example", other.id)
    assert chosen["id"] != registered["id"]
    assert (await ours.get("/domains/sync")).json()["selected_domain_id"] == other.id
    assert (await ours.request("DELETE", "/domains")).status_code == 200
    async with ResendMail(house.url, SecretStr(house.key)) as mailer:
        left = {one.name for one in await mailer.domains(None)}
    assert left == {"first.example", "other.example"}
    assert (await ours.post("/domains/sync", json={name: "unknown"})).status_code == 404


async def test_without_a_key_it_is_said_what_to_do(
    house: ResendVendor, database: Database, vault: Vault, tmp_path: Path
) -> None:
    async with reaching(house, database, vault, tmp_path, None) as api:
        for method, path, body in (
            ("POST", "/domains", {"domain_name": "a.example"}),
            ("GET", "/domains/sync", None),
            ("POST", "/domains/sync", {"resend_domain_id": "x"}),
        ):
            refused = await api.ours.request(method, path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (400, "mail_not_configured")
            assert "POST /byok" in refused.json()["message"]
    assert house.received == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.OVERLOADED, Fault.RATE_LIMITED, Fault.GARBAGE])
async def test_a_resend_that_fails_is_a_502_and_changes_nothing(
    mailing: Api, house: ResendVendor, fault: Fault
) -> None:
    await mailing.ours.post("/domains", json={"domain_name": "a.example"})
    before = (await mailing.ours.get("/domains")).json()
    house.misbehave(Trouble(fault, Moment.CONNECT))
    for method, path in (
        ("POST", "/domains/verify"),
        ("POST", "/domains/refresh"),
        ("GET", "/domains/sync"),
        ("DELETE", "/domains"),
    ):
        failed = await mailing.ours.request(method, path)
        assert (failed.status_code, failed.json()["code"]) == (502, "provider_error"), path
    refused = await mailing.theirs.post("/domains", json={"domain_name": "b.example"})
    assert refused.status_code == 502
    assert house.key not in refused.text
    assert (await mailing.ours.get("/domains")).json() == before


@pytest.mark.parametrize(
    "name", ["", "example", "a b.example", "-a.example", "https://a.example", "a.example/x", 7, None]
)
async def test_what_is_no_domain_is_refused_by_name(mailing: Api, house: ResendVendor, name: object) -> None:
    refused = await mailing.ours.post("/domains", json={"domain_name": name})
    assert (refused.status_code, refused.json()["details"][0].partition(":")[0]) == (400, "domain_name")
    assert house.received == []


async def test_a_domain_that_resend_does_not_take_says_why(mailing: Api) -> None:
    assert (await mailing.theirs.post("/domains", json={"domain_name": "a.example"})).status_code == 201
    refused = await mailing.ours.post("/domains", json={"domain_name": "a.example"})
    assert refused.status_code == 400
    assert "registered already" in refused.json()["details"][0]


async def test_reading_is_not_changing(mailing: Api) -> None:
    key = (await mailing.ours.post("/api-keys", json={"name": "R", "scopes": ["read"]})).json()["api_key"]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await mailing.ours.get("/domains", headers=headers)).status_code == 200
    for method, path in (("POST", "/domains"), ("DELETE", "/domains"), ("POST", "/domains/verify")):
        assert (await mailing.ours.request(method, path, headers=headers, json={})).status_code == 403
