"""The stack itself: starting, leaving, and what the work-arounds for it promise."""

import asyncio
import subprocess
import sys
from pathlib import Path

import baresip
import pytest
from baresip import Event, StackEvent, UserAgent

from tests.peers import SippUas
from tests.telephony.calling import call, trunk
from trunkline.base.errors import Unavailable
from trunkline.domain.call import EndReason
from trunkline.ports.line import Answered, Closed
from trunkline.telephony.catalogue import carrier
from trunkline.telephony.sip import line as line_module
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.safedial import safe_dial
from trunkline.telephony.sip.settings import SipSettings
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

ONE_CALL = """
import asyncio
from tests.telephony.calling import call, trunk
from trunkline.ports.line import Answered, Closed
from trunkline.telephony.catalogue import carrier
from trunkline.telephony.sip.settings import SipSettings

async def main() -> None:
    async with carrier(SipSettings(listen="127.0.0.1:0")) as sip:
        phone = await call(sip, trunk({port}))
        await phone.until(Answered)
        await phone.talk(0.2, bytes(3200))
    assert isinstance(await phone.next(), Closed)

asyncio.run(main())
"""


def test_the_version_whose_private_parts_we_use_is_pinned() -> None:
    assert baresip.__version__ == "0.5.2a3"


async def test_a_dial_loses_no_event_that_comes_before_the_call_object(sip: SipCarrier) -> None:
    """The stack reports a refused connection before ``dial()`` returns: the plain dial never hears of it."""
    agent = await UserAgent.create(sip._runtime, f"<sip:a@127.0.0.1:{free_port()};transport=tcp>;regint=0")
    heard: list[StackEvent] = []
    call_of_stack = await safe_dial(
        sip._runtime, agent, f"sip:b@127.0.0.1:{free_port()};transport=tcp", {}, heard.append
    )
    await asyncio.sleep(0.2)
    kinds = [event.event for event in heard]
    assert kinds[0] is Event.CALL_OUTGOING
    assert kinds.count(Event.CALL_CLOSED) == 1
    assert call_of_stack.state is baresip.CallState.CLOSED


async def test_a_leg_that_the_stack_never_closes_is_closed_by_us(
    sip: SipCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "CLOSE_SECONDS", 0.3)
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        stuck = phone.line._call
        assert stuck is not None
        stuck.off(phone.line.hear)
        await phone.line.hang_up()
        assert await phone.next(2) == Closed(None)
        assert sip.health()["live_legs"] == 0


async def test_more_legs_than_the_stack_holds_are_refused() -> None:
    with SippUas(calls=None) as peer:
        port = peer.start()
        async with carrier(SipSettings(listen="127.0.0.1:0", max_legs=2, tear_down=True)) as sip:
            first, second, third = [await call(sip, trunk(port)) for _ in range(3)]
            assert (await third.until(Closed)).reason is EndReason.AT_CAPACITY
            await first.until(Answered)
            await second.until(Answered)
        assert await first.next() == Closed(None)
        assert await second.next() == Closed(None)


async def test_draining_waits_for_live_calls_and_refuses_new_ones(sip: SipCarrier) -> None:
    with SippUas("uas_bye") as peer:
        plan = trunk(peer.start())
        phone = await call(sip, plan)
        await phone.until(Answered)
        draining = asyncio.create_task(sip.drain(5))
        await asyncio.sleep(0)
        late = await call(sip, plan)
        assert (await late.until(Closed)).reason is EndReason.AT_CAPACITY
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        await draining


async def test_a_port_that_is_taken_is_said() -> None:
    with SippUas() as peer:
        port = peer.start()
        other = carrier(SipSettings(listen=f"127.0.0.1:{port}", tear_down=True))
        with pytest.raises(Unavailable, match=r"Address already in use.*TRUNKLINE_SIP_LISTEN"):
            await other.__aenter__()


def test_a_process_that_leaves_the_stack_standing_ends_cleanly() -> None:
    with SippUas() as peer:
        script = ONE_CALL.format(port=peer.start())
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


async def test_two_hundred_dials_of_one_caller_make_one_agent(sip: SipCarrier) -> None:
    with SippUas("uas_final", calls=None, keys={"status": "486 Busy Here"}) as peer:
        plan = trunk(peer.start())
        phones = [await call(sip, plan) for _ in range(200)]
        reasons = [(await phone.until(Closed)).reason for phone in phones]
        assert reasons == [EndReason.BUSY] * 200
        assert sip.health()["agents"] == 2
