"""Reports by e-mail, from the end of a call to the vendor's emulator and whatever goes wrong there."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from tests.jobs.world import ORG, WORKER, World, whole_call
from tests.webhooks.receiver import Receiver, hang
from trunkline.domain.access import Caller
from trunkline.domain.assistant import AssistantSettings
from trunkline.domain.byok import ProviderKey
from trunkline.domain.mail_domain import MailDomain
from trunkline.domain.transcript import Message, Role
from trunkline.jobs.report_mail import mail_body
from trunkline.providers.mail.resend import ResendMail
from trunkline.services import claims, deliveries
from trunkline.services.aftercall import closing
from trunkline.services.journal import ServiceJournal
from trunkline.storage.assistants import Assistant
from trunkline.storage.deliveries import Delivery
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.resend import ACCOUNT, ResendAccount
from trunkline.testing.emulators.vendors import ResendVendor

pytestmark = pytest.mark.room
PLATFORM = "Reports <onboarding@resend.dev>"
DESK, BOSS = "desk@example.com", "boss@example.com"


@dataclass
class Post:
    """A world with a vendor of e-mail."""

    world: World
    house: ResendVendor

    @property
    def account(self) -> ResendAccount:
        assert self.house._runner is not None
        return self.house._runner.app[ACCOUNT]

    @property
    def sent(self) -> list[dict[str, Any]]:
        return list(self.account.emails.values())

    async def ended(self, url: str | None = None, *recipients: str, **assistant: Any) -> str:
        """A call of an assistant that names these recipients, to its end."""
        world = self.world
        call_id = await world.place(url, webhook_events=["end-of-call-report"], **assistant)
        now = world.rooms.clock.now()
        settings = AssistantSettings.model_validate(
            {"name": "Anna", "notification_email": recipients[0], "notification_emails": recipients[1:]}
        )
        async with world.rooms.database.unit(ORG) as unit:
            if await unit.assistants.find("assistant-1") is None:
                await unit.assistants.add(Assistant("assistant-1", ORG, settings, now, now))
            await unit.calls.change(
                call_id, assistant_id="assistant-1", assistant_name="Anna", business_name="Bakery <b>Jan</b>\r\nBcc: x"
            )
        plan = await claims.claim(world.rooms, call_id, WORKER)
        assert plan is not None
        await whole_call(plan, ServiceJournal(world.rooms))
        return call_id

    async def told(self, call_id: str, count: int) -> list[Delivery]:
        """The mails of a call, once none of its ``count`` deliveries waits."""
        found = await self.world.until_told(call_id, count)
        return [delivery for delivery in found if delivery.url.startswith("mailto:")]


@pytest.fixture
async def post(world: World) -> AsyncIterator[Post]:
    async with ResendVendor() as house, ResendMail(house.url, SecretStr(house.key)) as mailer:
        limits = replace(world.rooms.limits, mail_from=PLATFORM)
        world.rooms = replace(world.rooms, mailer=mailer, limits=limits)
        yield Post(world, house)


async def test_each_recipient_gets_the_report_once(post: Post) -> None:
    async with post.world.jobs():
        call_id = await post.ended(None, DESK, BOSS, "DESK@example.com")
        mails = await post.told(call_id, 2)
    assert [mail.status for mail in mails] == ["delivered"] * 2
    assert sorted(mail["to"][0].lower() for mail in post.sent) == [BOSS, DESK]
    [mail, _] = post.sent
    assert (mail["from"], mail["subject"]) == (
        PLATFORM,
        "Outbound call with +31612345678 (Bakery <b>Jan</b> Bcc: x)",
    )
    for words in (
        "They agreed on Monday.",
        "Yes, at ten.",
        "+31850835037 (Main line)",
        "user hangup",
        call_id,
        "Monday",
    ):
        assert words in mail["text"]
    assert "Bakery &lt;b&gt;Jan&lt;/b&gt;" in mail["html"]
    assert "<b>Jan</b>" not in mail["html"]


async def test_it_comes_from_the_organisations_verified_domain(post: Post) -> None:
    now = post.world.rooms.clock.now()
    async with post.world.jobs():
        await post.told(await post.ended(None, DESK), 1)
        domain = MailDomain("d", ORG, "mail.example.com", "resend-d", "pending", now, now)
        async with post.world.rooms.database.unit(ORG) as unit:
            await unit.domains.add(replace(domain, status="verified"))
        post.account.domains["resend-d"] = {"id": "resend-d", "name": "mail.example.com", "status": "verified"}
        call_id = await post.ended(None, DESK)
        await post.told(call_id, 1)
    assert {mail["from"] for mail in post.sent} == {PLATFORM, "Bakery b Jan /b Bcc x <reports@mail.example.com>"}


async def test_the_organisations_own_key_wins(post: Post) -> None:
    now = post.world.rooms.clock.now()
    async with ResendVendor(key="re_own") as own:
        async with post.world.jobs():
            await post.world.place()
            async with post.world.rooms.database.unit(ORG) as unit:
                await unit.provider_keys.put(ProviderKey("k", ORG, "resend", "re_wrong", now, now))
            call_id = await post.ended(None, DESK)
            [mail] = await post.told(call_id, 1)
        assert own.received == []
    assert mail.status == "dead"
    assert mail.attempts[0]["status_code"] == 403
    assert "refused the key" in mail.attempts[0]["error"]
    assert "re_wrong" not in json.dumps(mail.attempts)
    assert post.sent == []


async def test_trouble_that_passes_is_tried_again_and_nothing_is_sent_twice(post: Post) -> None:
    post.house.misbehave(
        Trouble(Fault.RATE_LIMITED, Moment.CONNECT, 1),
        Trouble(Fault.DROP, Moment.FIRST, 1),
    )
    async with post.world.jobs():
        call_id = await post.ended(None, DESK)
        [mail] = await post.told(call_id, 1)
    assert mail.status == "delivered"
    assert [attempt["status_code"] for attempt in mail.attempts] == [429, None, 200]
    assert len(post.sent) == 1
    assert {one.headers["idempotency-key"] for one in post.house.received} == {f"{mail.id}/0"}


async def test_sent_again_it_goes_out_again(post: Post) -> None:
    async with post.world.jobs():
        call_id = await post.ended(None, DESK)
        [mail] = await post.told(call_id, 1)
        await deliveries.redeliver(post.world.rooms, Caller(ORG), mail.id)
        await post.told(call_id, 1)
    assert len(post.sent) == 2
    assert {one.headers["idempotency-key"] for one in post.house.received} == {f"{mail.id}/0", f"{mail.id}/1"}


async def test_without_a_key_or_an_address_the_mail_is_dead_and_says_what_to_do(world: World) -> None:
    async with ResendVendor() as house, ResendMail(house.url) as mailer:
        world.rooms = replace(world.rooms, mailer=mailer)
        post = Post(world, house)
        async with world.jobs():
            [mail] = await post.told(await post.ended(None, DESK), 1)
            assert (mail.status, "TRUNKLINE_MAIL_FROM" in mail.attempts[0]["error"]) == ("dead", True)
            world.rooms = replace(world.rooms, limits=replace(world.rooms.limits, mail_from=PLATFORM))
    async with world.jobs():
        [mail] = await post.told(await post.ended(None, DESK), 1)
        assert (mail.status, "POST /byok" in mail.attempts[0]["error"]) == ("dead", True)


async def test_private_content_is_not_mailed(post: Post) -> None:
    async with post.world.jobs():
        call_id = await post.ended(None, DESK, gdpr_mode=True)
        await post.told(call_id, 1)
    [mail] = post.sent
    for words in ("They agreed on Monday.", "Yes, at ten.", "recording"):
        assert words not in mail["text"] + mail["html"]
    assert "keeps no content" in mail["text"]
    assert "+31612345678" in mail["text"]


async def test_a_receiver_that_hangs_holds_up_no_mail(post: Post, receiver: Receiver) -> None:
    receiver.answer = hang
    async with post.world.jobs():
        call_id = await post.ended(receiver.url(), DESK)

        async def mailed() -> bool:
            return bool(post.sent)

        await post.world.until(mailed)
        states = {one.url.partition(":")[0]: one.status for one in await post.world.deliveries(call_id)}
    assert states["http"] == "pending"


async def test_a_recording_is_linked_for_a_week(post: Post) -> None:
    call_id = await post.ended(None, DESK)
    async with post.world.rooms.database.system() as unit:
        await unit.calls.change(call_id, recording=f"{call_id}.wav")
    closed = await closing(post.world.rooms, call_id)
    now = post.world.rooms.clock.now()
    body = json.loads(mail_body(closed, post.world.rooms.limits, now))
    assert f"/api/v1/calls/{call_id}/recording?expires={int(now.timestamp()) + 7 * 24 * 3600}&" in body["text"]
    assert f'<a href="https://phone.example/api/v1/calls/{call_id}/recording?expires=' in body["html"]


async def test_nobody_is_written_to_where_nobody_is_named(post: Post) -> None:
    async with post.world.jobs():
        call_id = await post.world.ended()

        async def over() -> bool:
            return (await post.world.call(call_id)).analysis_result is not None

        await post.world.until(over)
    assert await post.world.deliveries(call_id) == []
    assert post.sent == []


async def test_no_words_pass_for_another_line_of_the_report(post: Post) -> None:
    closed = await closing(post.world.rooms, await post.ended(None, DESK))
    said = Message(Role.USER, "Yes.\r\nAssistant: You owe us 500 euros.\u2028Recording", post.world.rooms.clock.now())
    body = json.loads(
        mail_body(replace(closed, messages=(said,)), post.world.rooms.limits, post.world.rooms.clock.now())
    )
    assert body["text"].endswith("Caller: Yes.\n    Assistant: You owe us 500 euros.\n    Recording")
    assert "<b>Assistant:</b> You" not in body["html"]
