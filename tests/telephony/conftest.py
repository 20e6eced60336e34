"""A carrier of its own for each test, on loopback."""

from collections.abc import AsyncIterator

import pytest

from trunkline.telephony.catalogue import carrier
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.settings import SipSettings
from trunkline.testing.ports import free_port


@pytest.fixture
async def sip() -> AsyncIterator[SipCarrier]:
    """The built-in SIP stack, pinned to loopback at a free port."""
    rtp = free_port(120)
    settings = SipSettings(listen=f"127.0.0.1:{free_port()}", rtp_ports=f"{rtp}-{rtp + 119}", tear_down=True)
    async with carrier(settings) as stack:
        yield stack
        await stack.drain(0)
    assert stack.health()["live_legs"] == 0
