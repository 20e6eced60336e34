"""Trunks that want REGISTER, trunks that changed, and testing a trunk."""

import asyncio

import pytest

from tests.peers import BaresipPeer, SippUac, SippUas, deaf_port
from tests.telephony.calling import CALLER_ID, call, trunk
from trunkline.base.errors import Upstream
from trunkline.domain.call import EndReason
from trunkline.ports.carrier import Offer
from trunkline.ports.line import Answered, Closed
from trunkline.telephony.sip import probe
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

BUSY = {"status": "486"}
CREDENTIALS = {"register": True, "auth_username": "bot", "auth_password": "s3cret"}


async def test_a_trunk_that_wants_it_is_registered_once_before_the_first_call(sip: SipCarrier) -> None:
    with SippUas("uas_registrar", calls=None) as peer:
        plan = trunk(peer.start(), **CREDENTIALS)
        for _ in range(2):
            phone = await call(sip, plan)
            await phone.until(Answered)
            await phone.line.hang_up()
            await phone.until(Closed)
        registers = list(peer.requests("REGISTER"))
        assert len(registers) == 2  # without credentials, then with
        assert "<sip:bot@127.0.0.1:" in registers[1]["To"]
        assert f"<sip:{CALLER_ID}@" in peer.request("INVITE")["From"]
        await sip.forget(plan.id)
        assert sip.health()["agents"] == 3


async def test_a_changed_trunk_registers_anew_and_the_old_revision_no_more(sip: SipCarrier) -> None:
    with SippUas("uas_registrar", calls=None) as peer:
        port = peer.start()
        for revision in (1, 2):
            phone = await call(sip, trunk(port, revision=revision, **CREDENTIALS))
            await phone.until(Answered)
            await phone.line.hang_up()
            await phone.until(Closed)
        with_answer = [r for r in peer.requests("REGISTER") if r.get("Expires") != "0" and "Authorization" in r]
        assert len({request["Call-ID"] for request in with_answer}) == 2


async def test_a_registrar_that_refuses_us_ends_trunk_auth_failed(sip: SipCarrier) -> None:
    with SippUas("uas_registrar", calls=None) as peer:
        wrong = CREDENTIALS | {"auth_password": "wrong"}
        phone = await call(sip, trunk(peer.start(), **wrong))
        closed = await phone.until(Closed)
        assert closed.reason is EndReason.TRUNK_AUTH_FAILED
        assert closed.error is not None
        assert closed.error.startswith("the trunk refused our REGISTER: 403")
        assert "INVITE" not in [line.partition(" ")[0] for line in peer.messages().splitlines()]


async def test_a_probe_takes_any_answer_as_a_sign_of_life_over_udp_and_tcp(sip: SipCarrier) -> None:
    with BaresipPeer() as peer:
        port = peer.start()
        for transport in ("udp", "tcp"):
            dns, options, register = await sip.probe(trunk(port, transport=transport))
            assert (dns.name, dns.ok, dns.detail) == ("dns", True, "127.0.0.1")
            assert (options.name, options.ok, options.detail) == ("options", True, "404 Not Found")
            assert (register.name, register.ok) == ("register", None)


async def test_a_probe_registers_where_the_trunk_wants_it(sip: SipCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE_SECONDS", 0.3)
    with SippUas("uas_registrar", calls=None) as peer:
        port = peer.start()
        _, _, register = await sip.probe(trunk(port, **CREDENTIALS))
        assert (register.ok, register.detail) == (True, "registered")
        _, _, again = await sip.probe(trunk(port, id="other", **(CREDENTIALS | {"auth_password": "wrong"})))
        assert again.ok is False
        assert "403" in again.detail


async def test_a_probe_names_the_step_that_fails(sip: SipCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE_SECONDS", 0.6)
    lost, options, register = await sip.probe(trunk(5060, host="no-such-host.invalid"))
    assert (lost.ok, options.ok, register.ok) == (False, None, None)
    with deaf_port() as port:
        _, deaf, _ = await sip.probe(trunk(port))
    assert (deaf.ok, deaf.detail) == (False, "no answer within 0.6 s")
    _, refused, _ = await sip.probe(trunk(free_port(), transport="tcp"))
    assert refused.ok is False
    _, closed, _ = await sip.probe(trunk(free_port()))
    assert closed.ok is False


async def test_who_is_kept_registered_gets_the_calls_of_its_account(sip: SipCarrier) -> None:
    found: asyncio.Queue[Offer] = asyncio.Queue()

    async def read() -> None:
        async for offer in sip.offers():
            found.put_nowait(offer)

    reader = asyncio.create_task(read())
    with (
        SippUas("uas_registrar", calls=None) as registrar,
        SippUac("uac_status", sip.listen, "bot", keys=BUSY) as phone,
    ):
        plan = trunk(registrar.start(), **CREDENTIALS)
        for _ in range(2):
            await sip.keep_registered(plan)
        assert len(list(registrar.requests("REGISTER"))) == 2  # without credentials, then with
        phone.start()
        offer = await asyncio.wait_for(found.get(), 5)
        assert (offer.called, offer.to, offer.caller) == ("bot", "bot", "+31205550001")
        await offer.reject(486)
        assert await phone.ended() == 0
        await sip.forget(plan.id)
    reader.cancel()


async def test_a_registrar_that_refuses_is_told_of(sip: SipCarrier) -> None:
    with SippUas("uas_registrar", calls=None) as peer, pytest.raises(Upstream, match="403"):
        await sip.keep_registered(trunk(peer.start(), **CREDENTIALS | {"auth_password": "wrong"}))
