"""Addresses that clients give us, judged by their text."""

import pytest

from trunkline.base.errors import Invalid
from trunkline.services.addresses import webhook_problem
from trunkline.services.rooms import Limits
from trunkline.services.trunks import host_and_port

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://example.com:8443/a?b=c", "https://[2606:4700::1111]/", "https://8.8.8.8/x"]
)
def test_a_public_https_address_is_good(url: str) -> None:
    assert webhook_problem(url, Limits()) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://example.com",
        "https://",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://10.0.0.1",
        "https://169.254.169.254/latest",
        "https://localhost",
        "https://a.localhost",
        "https://user@example.com",
        "https://example.com:99999",
        "https://example.com:22",
        "https://[bad",
        "https://exam ple.com",
        "file:///etc/passwd",
    ],
)
def test_any_other_address_has_a_problem(url: str) -> None:
    assert webhook_problem(url, Limits())


def test_for_development_http_and_private_addresses_are_good() -> None:
    assert webhook_problem("http://127.0.0.1:9000/hook", Limits(allow_insecure_webhooks=True)) is None
    assert webhook_problem("ftp://127.0.0.1", Limits(allow_insecure_webhooks=True))


def test_what_the_operator_allows_is_good() -> None:
    limits = Limits(webhook_allow_list=("10.1.0.0/16", " LocalHost. "))
    for good in ("https://10.1.2.3/hook", "https://localhost:8443", "https://LOCALHOST./"):
        assert webhook_problem(good, limits) is None
    for bad in ("https://10.2.0.1", "http://10.1.2.3", "https://[::1]"):
        assert webhook_problem(bad, limits)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("sip.example.com", ("sip.example.com", None)),
        ("sip:sip.example.com:5080", ("sip.example.com", 5080)),
        ("127.0.0.1:5060", ("127.0.0.1", 5060)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("_sip._udp.example.com", ("_sip._udp.example.com", None)),
        ("asterisk", ("asterisk", None)),
    ],
)
def test_an_address_of_a_trunk_has_a_host_and_maybe_a_port(address: str, parts: tuple[str, int | None]) -> None:
    assert host_and_port(address) == parts


@pytest.mark.parametrize(
    "address",
    ["", " ", "a b", "a:0", "a:65536", "a:x", "[1.2.3.4", "2001:db8::1", "-a.com", "1.2.3", "a@b", "a;b", "a\r\nb"],
)
def test_any_other_address_of_a_trunk_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        host_and_port(address)
