"""Calls that come in, from SIPp."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.peers import SippUac
from tests.telephony.calling import Phone
from trunkline.domain.call import EndReason
from trunkline.ports.carrier import Offer
from trunkline.ports.line import Answered, Closed
from trunkline.telephony.sip.carrier import SipCarrier

pytestmark = pytest.mark.room


@pytest.fixture
async def offers(sip: SipCarrier) -> AsyncIterator["asyncio.Queue[Offer]"]:
    """The calls that come in, as they come."""
    found: asyncio.Queue[Offer] = asyncio.Queue()

    async def read() -> None:
        async for offer in sip.offers():
            found.put_nowait(offer)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    yield found
    task.cancel()


async def test_an_offer_says_who_calls_whom_from_where_and_is_answered(
    sip: SipCarrier, offers: "asyncio.Queue[Offer]"
) -> None:
    with SippUac("uac_call", sip.listen, user="+31201112233") as peer:
        port = peer.start()
        offer = await asyncio.wait_for(offers.get(), 5)
        assert (offer.caller, offer.called, offer.source) == ("+31205550001", "+31201112233", f"127.0.0.1:{port}")
        line = await offer.answer()
        phone = Phone(line)  # type: ignore[arg-type]
        assert await phone.next() == Answered()
        assert line.sip.codec == "pcmu"
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        assert await peer.ended() == 0
        assert len(list(peer.requests("INVITE"))) == 0  # the stack's needless re-INVITE stays away


async def test_a_call_that_came_in_is_hung_up_by_us(sip: SipCarrier, offers: "asyncio.Queue[Offer]") -> None:
    with SippUac("uac_stays", sip.listen) as peer:
        peer.start()
        line = await (await asyncio.wait_for(offers.get(), 5)).answer()
        phone = Phone(line)  # type: ignore[arg-type]
        await phone.until(Answered)
        heard = await phone.talk(0.5, bytes(range(0, 250, 2)) * 64)
        assert len(heard) > 2000
        await line.hang_up()
        assert await phone.next() == Closed(None)
        assert await peer.ended() == 0


async def test_a_rejected_call_gets_486(sip: SipCarrier, offers: "asyncio.Queue[Offer]") -> None:
    with SippUac("uac_refused", sip.listen) as peer:
        peer.start()
        await (await asyncio.wait_for(offers.get(), 5)).reject()
        assert await peer.ended() == 0


async def test_a_call_that_nobody_reads_gets_486(sip: SipCarrier) -> None:
    with SippUac("uac_refused", sip.listen) as peer:
        peer.start()
        assert await peer.ended() == 0
    assert sip.health()["live_legs"] == 0


async def test_a_caller_that_cancels_before_the_answer_closes_the_line(
    sip: SipCarrier, offers: "asyncio.Queue[Offer]"
) -> None:
    with SippUac("uac_cancel", sip.listen) as peer:
        peer.start()
        offer = await asyncio.wait_for(offers.get(), 5)
        assert await peer.ended() == 0
        line = await offer.answer()
        assert await Phone(line).next() == Closed(EndReason.USER_HANGUP)  # type: ignore[arg-type]


async def test_a_draining_carrier_takes_no_more_calls(sip: SipCarrier, offers: "asyncio.Queue[Offer]") -> None:
    await sip.drain(0)
    with SippUac("uac_refused", sip.listen) as peer:
        peer.start()
        assert await peer.ended() == 0
    assert offers.empty()
