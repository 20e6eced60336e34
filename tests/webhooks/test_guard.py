"""Which addresses are refused, whatever they look like."""

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from trunkline.webhooks.guard import AddressRefused, Guard, GuardedResolver

pytestmark = pytest.mark.unit

FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.251",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2001:0:53aa:64c::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check_address(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:400e:80e::200e"])
def test_a_public_address_is_allowed(address: str) -> None:
    Guard().check_address(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/hook",
        "example.com/hook",
        "https://",
        "https:///hook",
        "https://user@example.com/hook",
        "https://user:word@example.com/hook",
        "https://example.com:22/hook",
        "https://example.com:25/hook",
        "https://example.com:0/hook",
        "https://example.com:99999/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[fe80::1%25eth0]/hook",
        "https://[::ffff:7f00:1]/hook",
        "https://[64:ff9b::10.0.0.1]/hook",
        "https://[2002:a00:1::1]/hook",
        "https://2130706433/hook",
        "https://017700000001/hook",
        "https://0x7f000001/hook",
        "https://0x7f.1/hook",
        "https://0177.0.0.1/hook",
        "https://127.1/hook",
        "https://127.0.0.1./hook",
        "https://\uff11\uff12\uff17.0.0.1/hook",
        "https://\u2460\u2461\u2466.0.0.1/hook",
        "https://127\u30020\u30020\u30021/hook",
        "https://example.com\\@127.0.0.1/hook",
        "file:///etc/passwd",
        "https://.;[_2]@",
        "",
    ],
)
def test_a_url_that_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "https://example.com:8443/", "https://8.8.8.8/", "https://7.example/"]
)
def test_a_public_https_url_is_allowed(url: str) -> None:
    assert str(Guard().check_url(url)) == url


def test_what_is_on_the_allow_list_may_be_private() -> None:
    guard = Guard.of(allowed=["10.1.0.0/16", "fd00::/64", "internal.example"])
    guard.check_address(ipaddress.ip_address("10.1.2.3"))
    guard.check_address(ipaddress.ip_address("fd00::7"))
    guard.check_address(ipaddress.ip_address("192.168.0.9"), "Internal.example.")
    with pytest.raises(AddressRefused):
        guard.check_address(ipaddress.ip_address("10.2.0.1"))


def test_development_mode_allows_http_and_private_addresses_but_no_credentials() -> None:
    guard = Guard(allow_insecure=True)
    guard.check_url("http://127.0.0.1:9000/hook")
    guard.check_address(ipaddress.ip_address("127.0.0.1"))
    with pytest.raises(AddressRefused):
        guard.check_url("http://user:word@127.0.0.1/")


class ChangingResolver(AbstractResolver):
    """Gives a public address when it is asked first and a private one after, as a rebinding attacker's server does."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in found
        ]

    async def close(self) -> None:
        return None


async def test_every_answer_of_the_name_server_is_judged() -> None:
    resolver = GuardedResolver(Guard(), ChangingResolver(["93.184.216.34"], ["127.0.0.1"]))
    assert [entry["host"] for entry in await resolver.resolve("rebind.example", 443)] == ["93.184.216.34"]
    with pytest.raises(AddressRefused):
        await resolver.resolve("rebind.example", 443)


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    resolver = GuardedResolver(Guard(), ChangingResolver(["93.184.216.34", "10.0.0.8"]))
    with pytest.raises(AddressRefused):
        await resolver.resolve("mixed.example", 443)
