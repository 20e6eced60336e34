"""Calls that go out, against SIPp: what the network sees, what the line says, and how each failure ends."""

import asyncio
import hashlib
import re

import pytest

from tests.peers import SippUas, deaf_port
from tests.telephony.calling import CALLER_ID, NUMBER, call, trunk
from trunkline.domain.call import EndReason
from trunkline.ports.line import Answered, Closed, Held, Ringing
from trunkline.telephony.sip import line as line_module
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room


async def test_a_call_rings_is_answered_echoes_and_is_hung_up_by_us(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        assert await phone.next() == Ringing(early_media=False)
        assert await phone.next() == Answered()
        assert phone.line.sip.status_code == 200
        assert phone.line.sip.codec == "pcmu"
        assert phone.line.sample_rate_hz == 8000
        await phone.line.hang_up()
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert phone.line.read() == b""
        assert phone.line.write(bytes(320)) == 0
        assert (phone.line.buffered(), phone.line.flush()) == (0, 0)
        assert await peer.ended() == 0
        assert phone.line.sip.call_id == peer.request("INVITE")["Call-ID"]


async def test_the_caller_id_stands_in_from_and_in_the_asserted_identity(sip: SipCarrier) -> None:
    with SippUas(calls=2) as peer:
        port = peer.start()
        for caller_id, name in ((CALLER_ID, None), ("+442071234567", 'Dr. "Who"')):
            phone = await call(sip, trunk(port), caller_id=caller_id, caller_name=name)
            await phone.until(Answered)
            await phone.line.hang_up()
            await phone.until(Closed)
        assert await peer.ended() == 0
        first, second = [request for request in peer.requests("INVITE") if "P-Asserted-Identity" in request]
        assert first["From"].startswith(f"<sip:{CALLER_ID}@127.0.0.1:{port}>;tag=")
        assert first["P-Asserted-Identity"] == f"<sip:{CALLER_ID}@127.0.0.1:{port}>"
        assert first["uri"] == f"sip:{NUMBER}@127.0.0.1:{port};transport=udp"
        assert second["From"].startswith(f'"Dr. Who" <sip:+442071234567@127.0.0.1:{port}>;tag=')
        assert second["P-Asserted-Identity"] == f'"Dr. Who" <sip:+442071234567@127.0.0.1:{port}>'


async def test_a_sip_uri_is_dialled_as_it_is_through_the_trunks_account(sip: SipCarrier) -> None:
    with SippUas() as peer:
        port = peer.start()
        phone = await call(sip, trunk(5060, host="trunk.invalid"), f"sip:ann@127.0.0.1:{port}")
        await phone.until(Answered)
        await phone.line.hang_up()
        await phone.until(Closed)
        assert await peer.ended() == 0
        assert peer.request("INVITE")["uri"].startswith(f"sip:ann@127.0.0.1:{port}")
        assert f"<sip:{CALLER_ID}@trunk.invalid:5060>" in peer.request("INVITE")["From"]


async def test_a_trunk_may_be_named_by_a_host_name(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start(), host="localhost"))
        await phone.until(Answered)
        await phone.line.hang_up()
        await phone.until(Closed)


async def test_a_call_over_tcp_is_answered(sip: SipCarrier) -> None:
    with SippUas(transport="tcp") as peer:
        phone = await call(sip, trunk(peer.start(), transport="tcp"))
        await phone.until(Answered)
        await phone.line.hang_up()
        await phone.until(Closed)
        assert await peer.ended() == 0
        assert "SIP/2.0/TCP" in peer.request("INVITE")["Via"]


async def test_early_media_is_heard_before_the_answer(sip: SipCarrier) -> None:
    with SippUas("uas_early") as peer:
        phone = await call(sip, trunk(peer.start()))
        assert await phone.next() == Ringing(early_media=False)
        assert await phone.next() == Ringing(early_media=True)
        assert phone.line.sip.codec == "pcmu"
        assert len(await phone.talk(0.5, bytes(8000))) > 3000
        assert await phone.next() == Answered()
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert await peer.ended() == 0


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("486 Busy Here", EndReason.BUSY),
        ("600 Busy Everywhere", EndReason.BUSY),
        ("603 Decline", EndReason.DECLINED),
        ("403 Forbidden", EndReason.DECLINED),
        ("404 Not Found", EndReason.INVALID_DESTINATION),
        ("484 Address Incomplete", EndReason.INVALID_DESTINATION),
        ("480 Temporarily Unavailable", EndReason.NO_ANSWER),
        ("408 Request Timeout", EndReason.NO_ANSWER),
        ("503 Service Unavailable", EndReason.TRUNK_ERROR),
        ("302 Moved Temporarily", EndReason.TRUNK_ERROR),
    ],
)
async def test_each_refusal_has_its_end_reason(sip: SipCarrier, status: str, reason: EndReason) -> None:
    with SippUas("uas_final", keys={"status": status}) as peer:
        phone = await call(sip, trunk(peer.start()))
        closed = await phone.until(Closed)
        assert closed.reason is reason
        assert closed.error == f"the trunk answered {status}"
        assert f"{phone.line.sip.status_code} {phone.line.sip.reason}" == status
        assert phone.line.sip.call_id is not None
        assert await peer.ended() == 0


async def test_a_digest_challenge_is_answered(sip: SipCarrier) -> None:
    with SippUas("uas_auth") as peer:
        phone = await call(sip, trunk(peer.start(), auth_username="bot", auth_password="s3cret"))
        await phone.until(Answered)
        assert phone.line.sip.status_code == 200
        await phone.line.hang_up()
        await phone.until(Closed)
        assert await peer.ended() == 0


async def test_a_proxys_challenge_is_answered_with_the_right_digest(sip: SipCarrier) -> None:
    with SippUas("uas_proxy_auth") as peer:
        phone = await call(sip, trunk(peer.start(), auth_username="bot", auth_password="s3cret"))
        await phone.until(Answered)
        await phone.line.hang_up()
        await phone.until(Closed)
        assert await peer.ended() == 0
        answer = next(request for request in peer.requests("INVITE") if "Proxy-Authorization" in request)
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', answer["Proxy-Authorization"]))
        secret, method = _md5(f"bot:{given['realm']}:s3cret"), _md5(f"INVITE:{given['uri']}")
        parts = (secret, given["nonce"], given["nc"], given["cnonce"], given["qop"], method)
        assert given["response"] == _md5(":".join(parts))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_a_wrong_password_ends_trunk_auth_failed(sip: SipCarrier) -> None:
    with SippUas("uas_auth") as peer:
        phone = await call(sip, trunk(peer.start(), auth_username="bot", auth_password="wrong"))
        assert (await phone.until(Closed)).reason is EndReason.TRUNK_AUTH_FAILED
        assert phone.line.sip.status_code == 401


async def test_a_challenge_without_credentials_ends_trunk_auth_failed(sip: SipCarrier) -> None:
    with SippUas("uas_auth") as peer:
        phone = await call(sip, trunk(peer.start()))
        assert (await phone.until(Closed)).reason is EndReason.TRUNK_AUTH_FAILED


async def test_no_response_at_all_ends_trunk_unreachable(sip: SipCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "SILENCE_SECONDS", 1.0)
    with deaf_port() as port:
        phone = await call(sip, trunk(port))
        closed = await phone.until(Closed)
    assert closed == Closed(EndReason.TRUNK_UNREACHABLE, "the trunk sent no response to the INVITE within 1 s")


async def test_a_trunk_that_only_says_trying_is_waited_for_until_the_ring_time_is_over(
    sip: SipCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "SILENCE_SECONDS", 0.6)
    with SippUas("uas_trying") as peer:
        phone = await call(sip, trunk(peer.start()), ring_seconds=1.5)
        assert await phone.until(Closed) == Closed(EndReason.NO_ANSWER, "no answer within 1.5 s")
        assert await peer.ended() == 0


async def test_a_phone_that_rings_too_long_is_cancelled(sip: SipCarrier) -> None:
    with SippUas("uas_ringing") as peer:
        phone = await call(sip, trunk(peer.start()), ring_seconds=1.0)
        assert await phone.next() == Ringing(early_media=False)
        assert (await phone.next()) == Closed(EndReason.NO_ANSWER, "no answer within 1 s")
        assert await peer.ended() == 0
        assert peer.request("CANCEL")["CSeq"].endswith("CANCEL")


async def test_hanging_up_while_it_rings_sends_cancel(sip: SipCarrier) -> None:
    with SippUas("uas_ringing") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Ringing)
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert await peer.ended() == 0


async def test_hanging_up_before_anything_was_sent_leaves_nothing_behind(sip: SipCarrier) -> None:
    with SippUas("uas_ringing") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert sip.health()["live_legs"] == 0
        assert "INVITE" not in peer.messages()


async def test_a_refused_connection_ends_trunk_unreachable(sip: SipCarrier) -> None:
    for transport in ("tcp", "tls"):
        phone = await call(sip, trunk(free_port(), transport=transport))
        assert await phone.until(Closed) == Closed(EndReason.TRUNK_UNREACHABLE, "the trunk refused the connection")


async def test_a_name_without_an_address_ends_trunk_unreachable(sip: SipCarrier) -> None:
    phone = await call(sip, trunk(5060, host="no-such-host.invalid"))
    assert await phone.until(Closed, 12) == Closed(EndReason.TRUNK_UNREACHABLE, "the trunk's host name has no address")


async def test_an_address_that_loopback_cannot_reach_says_what_to_set(sip: SipCarrier) -> None:
    phone = await call(sip, trunk(5060, host="192.0.2.7"))
    closed = await phone.until(Closed)
    assert closed.reason is EndReason.TRUNK_UNREACHABLE
    assert closed.error is not None
    assert "set TRUNKLINE_SIP_LISTEN to" in closed.error


@pytest.mark.parametrize("host", ["a..b", "bad_host!", "[::1]", "x" * 300, ""])
async def test_a_host_that_is_none_never_reaches_the_stack(sip: SipCarrier, host: str) -> None:
    phone = await call(sip, trunk(5060, host=host))
    assert (await phone.until(Closed)).reason is EndReason.TRUNK_UNREACHABLE


@pytest.mark.parametrize("destination", ["hello world", "tel:+31612345678", "sips:a@b.c", "sip:a@b;transport=sctp", ""])
async def test_a_destination_that_cannot_be_dialled_is_invalid(sip: SipCarrier, destination: str) -> None:
    phone = await call(sip, trunk(5060), destination)
    assert (await phone.until(Closed)).reason is EndReason.INVALID_DESTINATION


async def test_a_trunk_that_cannot_be_used_ends_trunk_error(sip: SipCarrier) -> None:
    for wrong in ({"auth_username": "a", "auth_password": 'quo"te'}, {"codecs": ("gsm",)}, {"srtp": "maybe"}):
        phone = await call(sip, trunk(5060, **wrong))
        closed = await phone.until(Closed)
        assert closed.reason is EndReason.TRUNK_ERROR
        assert "quo" not in (closed.error or "")


async def test_the_peers_bye_ends_user_hangup(sip: SipCarrier) -> None:
    with SippUas("uas_bye") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        assert await peer.ended() == 0


async def test_an_answer_with_a_codec_that_nobody_offered_ends_trunk_error(sip: SipCarrier) -> None:
    with SippUas("uas_media_refused") as peer:
        phone = await call(sip, trunk(peer.start()))
        assert (await phone.until(Closed)).reason is EndReason.TRUNK_ERROR


async def test_hold_and_resume_are_told_and_sound_comes_back(sip: SipCarrier) -> None:
    with SippUas("uas_hold") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        assert len(await phone.talk(0.3, bytes(8000))) > 1500
        assert await phone.next() == Held(True)
        phone.line.read()
        assert len(await phone.talk(0.3, bytes(8000))) < 1000
        assert await phone.next() == Held(False)
        assert len(await phone.talk(0.3, bytes(8000))) > 1500
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        assert await peer.ended() == 0


async def test_an_answer_in_alaw_is_named(sip: SipCarrier) -> None:
    with SippUas("uas_alaw") as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        assert phone.line.sip.codec == "pcma"
        await phone.line.hang_up()
        await phone.until(Closed)


async def test_many_calls_at_once_lose_no_event(sip: SipCarrier) -> None:
    with SippUas(calls=None) as peer:
        plan = trunk(peer.start())
        phones = [await call(sip, plan, caller_id=f"+312000000{n % 4}") for n in range(24)]
        for phone in phones:
            await phone.until(Answered)
        assert sip.health() == {"status": "ok", "listen": sip.listen, "live_legs": 24, "agents": 5}
        for phone in phones:
            await phone.line.hang_up()
        for phone in phones:
            assert await phone.next() == Closed(None)


class LatePhone(asyncio.DatagramProtocol):
    """Answers the first INVITE only when it is told to, and writes down what it is sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.invited = asyncio.Event()
        self._caller: tuple[str, int] = ("", 0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data.decode())
        self._caller = addr
        self.invited.set()

    def answer(self, transport: asyncio.DatagramTransport, status: str) -> None:
        """Answers the INVITE that came first."""
        copied = [
            line + (";tag=late" if line.startswith("To:") else "")
            for line in self.heard[0].split("\r\n")
            if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
        ]
        host, port = transport.get_extra_info("sockname")
        lines = [f"SIP/2.0 {status}", *copied, f"Contact: <sip:{host}:{port}>", "Content-Length: 0", "", ""]
        transport.sendto("\r\n".join(lines).encode(), self._caller)


async def test_a_call_given_up_before_the_first_response_is_cancelled_when_it_rings_at_last(sip: SipCarrier) -> None:
    """The stack alone would forget the INVITE, and the phone would ring on."""
    loop = asyncio.get_running_loop()
    transport, late = await loop.create_datagram_endpoint(LatePhone, local_addr=("127.0.0.1", 0))
    try:
        phone = await call(sip, trunk(transport.get_extra_info("sockname")[1]))
        await asyncio.wait_for(late.invited.wait(), 5)
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert phone.line.write(bytes(320)) == 0
        late.answer(transport, "180 Ringing")
        await asyncio.sleep(0.4)
        assert late.heard[-1].startswith("CANCEL ")
        assert sip.health()["live_legs"] == 0
    finally:
        transport.close()


async def test_a_call_given_up_on_a_trunk_that_stays_silent_ends_with_the_time_for_the_first_response(
    sip: SipCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "SILENCE_SECONDS", 0.6)
    with deaf_port() as port:
        phone = await call(sip, trunk(port))
        await asyncio.sleep(0.2)
        await phone.line.hang_up()
        assert await phone.next() == Closed(None)
        assert sip.health()["live_legs"] == 1
        await asyncio.sleep(0.7)
        assert sip.health()["live_legs"] == 0
