"""Calls that come in and are refused with a status of our choice, challenged, or let in, by SIPp on the wire."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.peers import SippUac
from tests.telephony.calling import Phone
from tests.telephony.raw import RawCaller, authorization
from trunkline.ports.carrier import Offer, Proof
from trunkline.ports.line import Answered
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.settings import SipSettings
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

CREDENTIALS = {"username": "ann", "password": "s3cret"}


@asynccontextmanager
async def treating(sip: SipCarrier, treat: Callable[[Offer], Awaitable[None]]) -> AsyncIterator[list[Offer]]:
    """Every call that comes in is treated so."""
    seen: list[Offer] = []

    async def read() -> None:
        async for offer in sip.offers():
            seen.append(offer)
            await treat(offer)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    yield seen
    task.cancel()


async def admit(offer: Offer) -> None:
    """As a platform with one trunk does."""
    proof = offer.proves("ann", "s3cret")
    if proof is Proof.GOOD:
        await Phone(await offer.answer()).until(Answered)  # type: ignore[arg-type]
    elif proof is Proof.WRONG:
        await offer.reject(403)
    else:
        await offer.challenge(stale=proof is Proof.STALE)


@pytest.mark.parametrize("status", [403, 404, 480, 486, 503, 603])
async def test_a_call_is_refused_with_the_status_that_is_wanted(sip: SipCarrier, status: int) -> None:
    async with treating(sip, lambda offer: offer.reject(status)) as seen:
        with SippUac("uac_status", sip.listen, keys={"status": str(status)}) as peer:
            peer.start()
            assert await peer.ended() == 0, peer.messages()
        await asyncio.wait_for(seen[0].gone(), 1)
    assert seen[0].withdrawn


async def test_500_refusals_leave_nothing_behind(sip: SipCarrier) -> None:
    threads = len(os.listdir("/proc/self/task"))
    files = len(os.listdir("/proc/self/fd"))
    async with treating(sip, lambda offer: offer.reject(403)) as seen:
        options = ("-r", "100", "-l", "60")
        with SippUac("uac_status", sip.listen, keys={"status": "403"}, calls=500, more=options, echo=False) as peer:
            peer.start()
            assert await peer.ended(35) == 0, peer.output()[-800:]
    assert len(seen) == 500
    assert sip.health()["live_legs"] == 0
    assert len(os.listdir("/proc/self/task")) <= threads + 2
    assert len(os.listdir("/proc/self/fd")) <= files + 4


async def test_a_caller_that_proves_who_it_is_gets_in(sip: SipCarrier) -> None:
    async with treating(sip, admit) as seen:
        with SippUac("uac_auth", sip.listen, keys=CREDENTIALS, host="127.0.0.2") as peer:
            peer.start()
            assert await peer.ended() == 0, peer.messages()
    first, second = seen
    assert first.call_id == second.call_id
    assert str(second.source).startswith("127.0.0.2:")


async def test_a_wrong_password_is_refused(sip: SipCarrier) -> None:
    keys = {**CREDENTIALS, "password": "guess", "status": "403"}
    async with treating(sip, admit):
        with SippUac("uac_auth_refused", sip.listen, keys=keys) as peer:
            peer.start()
            assert await peer.ended() == 0, peer.messages()


async def test_the_source_is_where_a_call_came_from_whatever_it_writes(sip: SipCarrier, tmp_path: Path) -> None:
    """Via, From and Contact of a caller at 127.0.0.3 name 127.0.0.1: that is who the answers go to, not who it is."""
    scenario = tmp_path / "spoofed.xml"
    text = (Path(__file__).parent / "sipp" / "uac_status.xml").read_text()
    scenario.write_text(text.replace("[local_ip]:[local_port];branch", "[local_ip]:[local_port];rport;branch"))
    spoofed = scenario.read_text().replace(
        'From: "Ann" <sip:+31205550001@[local_ip]', "From: <sip:+31205550001@127.0.0.1"
    )
    scenario.write_text(spoofed.replace("Contact: <sip:+31205550001@[local_ip]", "Contact: <sip:ann@127.0.0.1"))
    async with treating(sip, lambda offer: offer.reject(403)) as seen:
        with SippUac(scenario, sip.listen, keys={"status": "403"}, host="127.0.0.3") as peer:
            port = peer.start()
            assert await peer.ended() == 0, peer.messages()
    assert seen[0].source == f"127.0.0.3:{port}"


async def test_a_proof_is_good_once_and_from_nowhere_else(sip: SipCarrier) -> None:
    async with treating(sip, admit):
        with RawCaller(sip.listen) as ann, RawCaller(sip.listen, "127.0.0.2") as eve:
            status, lines = await ann.invite()
            assert status == 401
            proof = authorization(lines, "ann", "s3cret")
            for stolen in (eve, eve):
                status, lines = await stolen.invite(proof)
                assert status == 401
                assert "stale=true" in "".join(lines)
            assert (await ann.invite(proof))[0] == 200
            status, lines = await ann.invite(proof, call_id="again")
            assert status == 401
            assert "stale=true" in "".join(lines)
            fresh = authorization(lines, "ann", "s3cret")
            assert (await ann.invite(fresh, call_id="again"))[0] == 200


async def test_a_second_call_with_the_call_id_of_a_live_one_is_refused_and_harms_it_not(sip: SipCarrier) -> None:
    async with treating(sip, admit) as seen:
        with RawCaller(sip.listen) as ann, RawCaller(sip.listen, "127.0.0.2") as eve:
            _, lines = await ann.invite()
            assert (await ann.invite(authorization(lines, "ann", "s3cret")))[0] == 200
            assert (await eve.invite(call_id=ann.call_id))[0] == 486
            assert not seen[-1].withdrawn
            assert len(seen) == 2


async def test_a_copied_via_does_not_borrow_a_source(sip: SipCarrier) -> None:
    """What a second address sends under the name of a first one's INVITE is a call from nowhere."""
    via = "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKsame"
    async with treating(sip, lambda offer: offer.reject(403)) as seen:
        with RawCaller(sip.listen) as ann, RawCaller(sip.listen, "127.0.0.2") as eve:
            for caller in (ann, eve):
                with suppress(TimeoutError):  # the answers go to where the Via says
                    async with asyncio.timeout(0.4):
                        await caller.invite(via=via, call_id="same")
    assert {offer.source for offer in seen} <= {f"127.0.0.1:{ann.port}", None}


async def test_sha_256_is_asked_for_where_it_is_set() -> None:
    rtp = free_port(20)
    settings = SipSettings(
        listen=f"127.0.0.1:{free_port()}", rtp_ports=f"{rtp}-{rtp + 19}", tear_down=True, digest="SHA-256"
    )
    async with SipCarrier(settings) as sip, treating(sip, admit):
        with RawCaller(sip.listen) as ann:
            status, lines = await ann.invite()
            assert (status, "algorithm=SHA-256" in "".join(lines)) == (401, True)
            assert (await ann.invite(authorization(lines, "ann", "s3cret")))[0] == 200
        await sip.drain(0)
