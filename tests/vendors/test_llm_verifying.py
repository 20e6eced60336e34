"""A key is verified by asking its vendor."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from tests.vendors.conformance_llm import HOUSES, Emulated, emulated
from trunkline.base.errors import Invalid, Upstream
from trunkline.providers.llm.verifying import VERIFIED, verify
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room


@pytest.fixture(params=sorted(HOUSES))
async def one(request: pytest.FixtureRequest) -> AsyncIterator[Emulated]:
    async with emulated(request.param) as running:
        yield running


async def test_a_key_that_is_taken(one: Emulated) -> None:
    await verify(one.vendor, SecretStr(KEY))
    assert one.house.vendor in VERIFIED
    (asked,) = one.house.received
    assert asked.path == f"{one.house.base}/models"


@pytest.mark.parametrize("key", ["sk-wrong-of-somebody", "with\nline", "späte", " padded", ""])
async def test_a_key_that_is_not(one: Emulated, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await verify(one.vendor, SecretStr(key))
    assert one.house.vendor in str(caught.value)
    assert "wrong-of" not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.ERROR])
async def test_a_vendor_that_cannot_be_asked(one: Emulated, fault: Fault) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    with pytest.raises(Upstream) as caught:
        await verify(one.vendor, SecretStr(KEY))
    assert caught.value.retryable


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.GARBAGE, Fault.SILENCE, Fault.HALF_OPEN])
async def test_a_vendor_that_answers_with_nothing_of_use(one: Emulated, fault: Fault) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    hasty = Vendor(one.vendor.name, one.vendor.url, silence_seconds=0.5)
    try:
        with pytest.raises(Upstream) as caught:
            await verify(hasty, SecretStr(KEY))
        assert caught.value.retryable
    finally:
        await hasty.aclose()


async def test_a_vendor_that_is_away(one: Emulated) -> None:
    await one.house.__aexit__(None, None, None)
    with pytest.raises(Upstream):
        await verify(one.vendor, SecretStr(KEY))
