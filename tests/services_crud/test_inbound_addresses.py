"""Which addresses calls may come from, as clients write them and as they are kept."""

import pytest

from trunkline.services.trunks import TrunkSettings, inbound_address

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("SIP.Example.com.", "sip.example.com"),
    ],
)
def test_an_address_is_kept_in_one_form(written: str, kept: str) -> None:
    assert inbound_address(written) == kept


@pytest.mark.parametrize(
    "written", ["", "192.0.2.1:5060", "192.0.2.0/33", "1.2.3", "a b", "sip:x@y", "0.0.0.0/0", "::/0", "http://a"]
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="must"):
        inbound_address(written)


def test_an_address_that_is_given_twice_is_kept_once() -> None:
    trunk = TrunkSettings(name="T", address="a", inbound_addresses=("192.0.2.1", "192.0.2.1/32"))
    assert trunk.inbound_addresses == ("192.0.2.1",)
