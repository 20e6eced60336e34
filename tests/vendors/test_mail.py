"""Resend: its emulator as the vendor's own SDK sees it, and the adapter against it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import resend
from pydantic import SecretStr
from resend.exceptions import InvalidApiKeyError, RateLimitError, ResendError

from trunkline.base.errors import Invalid, NotFound, Upstream
from trunkline.ports.mail import Mail
from trunkline.providers.mail.resend import ResendMail
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.resend import ACCOUNT, TEST_SENDER, ResendAccount
from trunkline.testing.emulators.vendors import ResendVendor
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room
MAIL = Mail(TEST_SENDER, ("desk@example.com",), "A call", "The text", "<p>The text</p>")
PARAMS: Any = {
    "from": f"Reports <{TEST_SENDER}>",
    "to": ["desk@example.com"],
    "subject": "A call",
    "html": "<p>The text</p>",
}


@pytest.fixture
async def house() -> AsyncIterator[ResendVendor]:
    async with ResendVendor() as running:
        yield running


@pytest.fixture
async def mailer(house: ResendVendor) -> AsyncIterator[ResendMail]:
    async with ResendMail(house.url, SecretStr(house.key)) as found:
        yield found


@pytest.fixture
def sdk(house: ResendVendor, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The vendor's SDK, pointed at the emulator."""
    monkeypatch.setattr(resend, "api_url", house.url)
    monkeypatch.setattr(resend, "api_key", house.key)
    return resend


def account(house: ResendVendor) -> ResendAccount:
    assert house._runner is not None
    return house._runner.app[ACCOUNT]


async def verified(house: ResendVendor, mailer: ResendMail, name: str = "example.com") -> str:
    domain = await mailer.create_domain(name, None)
    await mailer.verify_domain(domain.id, None)
    assert (await mailer.domain(domain.id, None)).status == "pending"
    assert (await mailer.domain(domain.id, None)).status == "verified"
    return domain.id


async def test_the_sdk_sends_once_for_each_key(house: ResendVendor, sdk: Any) -> None:
    options = {"idempotency_key": "report/1"}
    first = await asyncio.to_thread(sdk.Emails.send, PARAMS, options)
    again = await asyncio.to_thread(sdk.Emails.send, PARAMS, options)
    assert first["id"] == again["id"]
    assert len(account(house).emails) == 1
    with pytest.raises(ResendError) as refused:
        await asyncio.to_thread(sdk.Emails.send, {**PARAMS, "subject": "Another"}, options)
    assert (refused.value.code, refused.value.error_type) == (409, "invalid_idempotent_request")
    read = await asyncio.to_thread(sdk.Emails.get, first["id"])
    assert read["subject"] == "A call"


async def test_the_sdk_keeps_domains(sdk: Any) -> None:
    made = await asyncio.to_thread(sdk.Domains.create, {"name": "example.com", "region": "eu-west-1"})
    assert (made["name"], made["status"], made["region"]) == ("example.com", "not_started", "eu-west-1")
    assert {record["record"] for record in made["records"]} == {"SPF", "DKIM"}
    listed = await asyncio.to_thread(sdk.Domains.list)
    assert [one["id"] for one in listed["data"]] == [made["id"]]
    assert (await asyncio.to_thread(sdk.Domains.verify, made["id"]))["id"] == made["id"]
    looks = [(await asyncio.to_thread(sdk.Domains.get, made["id"]))["status"] for _ in range(2)]
    assert looks == ["pending", "verified"]
    assert (await asyncio.to_thread(sdk.Domains.remove, made["id"]))["deleted"] is True
    with pytest.raises(ResendError) as gone:
        await asyncio.to_thread(sdk.Domains.get, made["id"])
    assert gone.value.code == 404


async def test_the_sdk_knows_the_errors(house: ResendVendor, sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.misbehave(Trouble(Fault.RATE_LIMITED, Moment.CONNECT, 1))
    with pytest.raises(RateLimitError):
        await asyncio.to_thread(sdk.Emails.send, PARAMS)
    with pytest.raises(ResendError) as unverified:
        await asyncio.to_thread(sdk.Emails.send, {**PARAMS, "from": "a@unknown.example"})
    assert unverified.value.code == 403
    monkeypatch.setattr(resend, "api_key", "re_wrong")
    with pytest.raises(InvalidApiKeyError):
        await asyncio.to_thread(sdk.Emails.send, PARAMS)


async def test_a_mail_is_sent_once_however_often_it_is_asked_for(house: ResendVendor, mailer: ResendMail) -> None:
    house.misbehave(Trouble(Fault.DROP, Moment.FIRST, 1))
    with pytest.raises(Upstream) as broken:
        await mailer.send(MAIL, "delivery-1", None)
    assert broken.value.retryable
    assert len(account(house).emails) == 1
    id = await mailer.send(MAIL, "delivery-1", None)
    assert list(account(house).emails) == [id]
    changed = Mail("other@resend.dev", MAIL.to, MAIL.subject, MAIL.text, MAIL.html)
    assert await mailer.send(changed, "delivery-1", None) == ""
    assert len(account(house).emails) == 1
    sent = account(house).emails[id]
    assert (sent["from"], sent["to"], sent["text"], sent["html"]) == (TEST_SENDER, list(MAIL.to), MAIL.text, MAIL.html)


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        (Fault.RATE_LIMITED, True),
        (Fault.OVERLOADED, True),
        (Fault.DROP, True),
        (Fault.GARBAGE, True),
        (Fault.UNAUTHORISED, False),
    ],
)
async def test_what_goes_wrong_says_whether_it_passes(
    house: ResendVendor, mailer: ResendMail, fault: Fault, retryable: bool
) -> None:
    house.misbehave(Trouble(fault, Moment.CONNECT, 1))
    with pytest.raises(Upstream) as failed:
        await mailer.send(MAIL, "delivery-1", None)
    assert (failed.value.provider, failed.value.retryable) == ("resend", retryable)
    assert await mailer.send(MAIL, "delivery-1", None)


async def test_a_key_never_stands_in_words(house: ResendVendor, mailer: ResendMail) -> None:
    wrong = SecretStr("re_wrong_and_secret")
    with pytest.raises(Upstream) as refused:
        await mailer.send(MAIL, "delivery-1", wrong)
    assert "re_wrong" not in f"{refused.value!r} {vars(refused.value)}"
    assert not refused.value.retryable
    account(house).restricted = True
    with pytest.raises(Upstream, match="only send"):
        await mailer.domains(None)
    assert await mailer.send(MAIL, "delivery-1", None)


async def test_a_domain_that_is_not_verified_sends_nothing(house: ResendVendor, mailer: ResendMail) -> None:
    mail = Mail("Reports <reports@example.com>", MAIL.to, MAIL.subject, MAIL.text, MAIL.html)
    with pytest.raises(Upstream, match=r"example\.com domain is not verified") as refused:
        await mailer.send(mail, "delivery-1", None)
    assert not refused.value.retryable
    await verified(house, mailer)
    assert await mailer.send(mail, "delivery-1", None)


async def test_domains_come_with_their_records_and_go(house: ResendVendor, mailer: ResendMail) -> None:
    id = await verified(house, mailer)
    domain = await mailer.domain(id, None)
    assert {(record.record, record.type) for record in domain.records} == {
        ("SPF", "MX"),
        ("SPF", "TXT"),
        ("DKIM", "TXT"),
    }
    assert [record.priority for record in domain.records] == [10, None, None]
    failing = await mailer.create_domain("lost.invalid", None)
    await mailer.verify_domain(failing.id, None)
    assert [(await mailer.domain(failing.id, None)).status for _ in range(2)] == ["pending", "failed"]
    await mailer.delete_domain(failing.id, None)
    for gone in (mailer.domain, mailer.verify_domain, mailer.delete_domain):
        with pytest.raises(NotFound):
            await gone(failing.id, None)


async def test_all_pages_of_domains_are_read(house: ResendVendor, mailer: ResendMail) -> None:
    for number in range(205):
        account(house).domains[f"id-{number}"] = {
            "id": f"id-{number}",
            "name": f"d{number}.example",
            "status": "verified",
        }
    assert len({domain.id for domain in await mailer.domains(None)}) == 205


async def test_a_domain_that_is_not_taken_says_why(mailer: ResendMail) -> None:
    await mailer.create_domain("example.com", None)
    for name, words in (("example.com", "registered already"), ("no domain", "invalid")):
        with pytest.raises(Invalid, match=words) as refused:
            await mailer.create_domain(name, None)
        assert refused.value.details[0].startswith("domain_name: ")


async def test_without_a_key_it_is_said_what_to_do(house: ResendVendor) -> None:
    async with ResendMail(house.url) as keyless:
        assert not keyless.has_key(None)
        with pytest.raises(Invalid, match="POST /byok") as refused:
            await keyless.send(MAIL, "delivery-1", None)
        assert refused.value.code == "mail_not_configured"
        assert await keyless.send(MAIL, "delivery-1", SecretStr(house.key))


async def test_a_resend_that_is_away_may_be_asked_again() -> None:
    async with ResendMail(f"http://127.0.0.1:{free_port()}", SecretStr("re_1")) as mailer:
        with pytest.raises(Upstream) as away:
            await mailer.domains(None)
    assert (away.value.provider, away.value.retryable) == ("resend", True)
