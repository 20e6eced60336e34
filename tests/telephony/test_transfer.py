"""Handing a party over by REFER, and being asked to call somebody."""

import pytest

from tests.peers import SippUas
from tests.telephony.calling import call, trunk
from trunkline.domain.call import EndReason
from trunkline.ports.line import Answered, Closed, TransferFailed
from trunkline.telephony.sip.carrier import SipCarrier

pytestmark = pytest.mark.room


async def test_a_blind_transfer_ends_the_leg_when_the_target_answered(sip: SipCarrier) -> None:
    with SippUas("uas_refer") as peer:
        port = peer.start()
        phone = await call(sip, trunk(port))
        await phone.until(Answered)
        await phone.line.transfer("+31209998877")
        assert await phone.next() == Closed(EndReason.TRANSFERRED)
        assert await peer.ended() == 0
        assert peer.request("REFER")["Refer-To"].strip("<>") == f"sip:+31209998877@127.0.0.1:{port};transport=udp"


async def test_a_target_that_is_busy_fails_the_transfer_and_the_call_goes_on(sip: SipCarrier) -> None:
    with SippUas("uas_refer_failed") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        with pytest.raises(TransferFailed) as failure:
            await phone.line.transfer("sip:agent@127.0.0.1:5099")
        assert (failure.value.status, failure.value.refused) == (486, False)
        assert len(await phone.talk(0.3, bytes(6400))) > 1000
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert await peer.ended() == 0


async def test_a_trunk_that_refuses_refer_fails_the_transfer(sip: SipCarrier) -> None:
    with SippUas("uas_refer_refused", keys={"status": "405 Method Not Allowed"}) as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        with pytest.raises(TransferFailed) as failure:
            await phone.line.transfer("sip:agent@127.0.0.1:5099")
        assert (failure.value.status, failure.value.refused) == (405, True)
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert await peer.ended() == 0


async def test_only_a_call_that_is_up_is_transferred_and_only_to_an_address(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        with pytest.raises(TransferFailed):
            await phone.line.transfer("sip:agent@127.0.0.1:5099")
        await phone.until(Answered)
        with pytest.raises(TransferFailed):
            await phone.line.transfer("the sales department")
        await phone.line.hang_up()
        await phone.until(Closed)
        with pytest.raises(TransferFailed):
            await phone.line.transfer("sip:agent@127.0.0.1:5099")


async def test_a_peer_that_asks_us_to_call_somebody_is_refused(sip: SipCarrier) -> None:
    with SippUas("uas_asks_us") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        assert await peer.ended() == 0
        assert "SIP/2.0 603 Decline" in peer.messages()
        assert sip.health()["live_legs"] == 0
