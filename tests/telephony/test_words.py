"""The parts of the SIP room that need no network: addresses, reasons, the ladder's reading, resampling, one leg."""

import time

import numpy as np
import pytest

from tests.telephony.calling import trunk
from trunkline.domain.call import EndReason
from trunkline.ports.carrier import Dial
from trunkline.ports.line import Closed
from trunkline.telephony.sip import accounts, reasons
from trunkline.telephony.sip.addresses import Undialable, domain_of, header, target_uri, trunk_domain, user_of
from trunkline.telephony.sip.ladder import Ladder
from trunkline.telephony.sip.leg import TRANSFERRED, Leg, Stage
from trunkline.telephony.sip.message import SipMessage, host_of, parse, without_secrets
from trunkline.telephony.sip.resample import Higher, Lower
from trunkline.telephony.sip.settings import SipSettings

pytestmark = pytest.mark.unit

ANSWER = (
    "RX UDP 192.0.2.9:5060 -> 127.0.0.1:5090\nSIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5090\r\n"
    'Call-ID: abc@x\r\nCSeq: 7 INVITE\r\nAuthorization: Digest response="0123"\r\nContent-Type: application/sdp\r\n\r\n'
    "v=0\r\nm=audio 4000 RTP/AVP 101 96 0\r\na=rtpmap:101 telephone-event/8000\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n"
)


def message(
    status: int, *, received: bool = True, codec: str | None = None, reason: str = "", call_id: str = "abc"
) -> SipMessage:
    return SipMessage(received, "192.0.2.9:5060", call_id, "INVITE", status, reason, "", codec)


def test_a_number_is_dialled_at_the_trunk_over_its_transport() -> None:
    assert target_uri("+31201234567", "sip.example.com:5061", "tls") == (
        "sip:+31201234567@sip.example.com:5061;transport=tls"
    )
    assert trunk_domain(trunk(None, host="sip.example.com")) == "sip.example.com"


def test_a_sip_uri_is_dialled_as_it_is() -> None:
    for uri in ("sip:ann@example.com", "sip:ann@10.0.0.1:5070;transport=tcp", "sip:example.com", "sip:+31;ext=2@x.nl"):
        if ";ext" in uri:
            with pytest.raises(Undialable):
                target_uri(uri, "x", "udp")
        else:
            assert target_uri(uri, "x", "udp") == uri


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "ann",
        "tel:+31",
        "sips:a@b",
        "sip:a@b..c",
        "sip:a@b:99999",
        "sip:a@b;transport=ws",
        "sip:a@b\r\nX: y",
        "sip:a b@c",
    ],
)
def test_what_the_stack_must_not_be_given_is_undialable(destination: str) -> None:
    with pytest.raises(Undialable):
        target_uri(destination, "example.com", "udp")


def test_the_parts_of_an_address_are_found() -> None:
    assert user_of('"Ann" <sip:+3120@example.com>;tag=1') == "+3120"
    assert user_of("sip:example.com") == ""
    assert domain_of("<sip:+3120@example.com:5070;transport=tcp>") == "example.com:5070"


def test_closing_words_become_reasons() -> None:
    assert reasons.for_close("486 Busy Here") == (EndReason.BUSY, "the trunk answered 486 Busy Here")
    assert reasons.for_close("418 I'm a teapot")[0] is EndReason.TRUNK_ERROR
    assert reasons.for_close("Connection refused [111]") == (
        EndReason.TRUNK_UNREACHABLE,
        "the trunk refused the connection",
    )
    assert reasons.for_close("Odd thing [7]") == (
        EndReason.TRUNK_UNREACHABLE,
        "the trunk could not be reached: Odd thing",
    )


def test_the_ladder_reads_status_source_and_the_answers_codec() -> None:
    assert parse(ANSWER) == SipMessage(True, "192.0.2.9:5060", "abc@x", "INVITE", 200, "OK", "", "opus", cseq=7)
    invite = "RX TCP 192.0.2.9:5060 -> 127.0.0.1:5090\nINVITE sip:+31@x SIP/2.0\r\ni: abc\r\nCSeq: 1 INVITE\r\n\r\n"
    assert parse(invite) == SipMessage(True, "192.0.2.9:5060", "abc", "INVITE", 0, "", "sip:+31@x", None, cseq=1)
    assert parse("aucodec: PCMU/8000/1") is None
    assert parse("RX UDP a -> b\n\x00\x01garbage") is None


def test_a_traced_message_keeps_no_secret() -> None:
    shown = without_secrets(ANSWER)
    assert "0123" not in shown
    assert "c2VjcmV0" not in shown
    assert "Authorization: [redacted]" in shown


@pytest.mark.parametrize(
    "secret",
    [
        "\r\nproxy-AUTHORIZATION :\r\n\tDigest response=KEY\r\n",
        "\r\nAuthorization: Digest a=b,\r\n \r\n  response=KEY\r\n",
        "\r\nAuthentication-Info: rspauth=KEY\r\n",
        "\r\n\r\nv=0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY\nm=audio 4000 RTP/SAVP 0\n",
        "\r\n\r\nv=0\r\na=crypto: 1\tAES_CM_128_HMAC_SHA1_80  inline:KEY\r\n",
        "\r\n\r\nv=0\r\nk=base64:KEY\r\n",
        "\r\n\r\nv=0\na=ice-pwd:KEY\n",
    ],
)
def test_a_secret_is_cut_however_it_is_spelt(secret: str) -> None:
    shown = without_secrets("INVITE sip:x SIP/2.0" + secret + "X-Last: 1")
    assert "KEY" not in shown
    assert shown.endswith("X-Last: 1")


@pytest.mark.parametrize("cseq", ["9" * 25, "9" * 5000, "-1", "٣"])
def test_a_number_that_no_message_may_have_makes_it_none(cseq: str) -> None:
    assert parse(f"RX UDP a -> b\nINFO sip:x SIP/2.0\r\nCall-ID: x\r\nCSeq: {cseq} INFO\r\n\r\n") is None


@pytest.mark.parametrize("status", ["²", "٣٣٣", "9" * 25, "9" * 5000, "20", "2000", "-200", "000"])
def test_a_status_that_is_none_makes_it_no_answer(status: str) -> None:
    assert parse(f"RX UDP a -> b\nSIP/2.0 {status} OK\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n") is None


def test_a_host_is_looked_for_in_time_that_grows_with_the_text_alone() -> None:
    began = time.process_time()
    assert host_of("INVITE x SIP/2.0\r\nFrom: " + "sip::" * 100_000 + "\r\n", "From", "f") is None
    assert time.process_time() - began < 2
    assert host_of('X\r\nFrom: "Ann" <sip:+3120@Example.com:5060>;tag=1\r\n', "From", "f") == "example.com"
    assert host_of("X\r\nf: <sip:[2001:db8::1]:5060>\r\n", "From", "f") == "[2001:db8::1]"


def test_strangers_fill_little_memory_however_much_they_send() -> None:
    ladder = Ladder(trace=False)
    filler = "x" * 60_000
    for number in range(3000):
        text = f"RX UDP a -> b\nINFO sip:x SIP/2.0\r\nCall-ID: {number % 3}\r\nCSeq: {number} INFO\r\n\r\n{filler}"
        found = parse(text)
        assert found is not None
        ladder._deliver(found)
    ladder.watch("0", lambda _message: None)
    ladder._deliver(message(200, call_id="0"))
    kept = {name: exchange.messages() for name in "012" if (exchange := ladder.exchange(name)) is not None}
    assert {name: len(messages) for name, messages in kept.items()} == {"0": 13, "1": 12, "2": 12}
    assert max(len(one.raw) for messages in kept.values() for one in messages) <= 8192


def test_a_leg_knows_the_last_status_of_its_invite_and_the_codec() -> None:
    leg = Leg(inbound=False)
    leg.note(message(180, reason="Ringing"))
    leg.note(message(200, codec="g722", reason="OK"))
    leg.note(message(200, received=False, codec="pcmu", reason="Answering"))
    assert (leg.facts.status_code, leg.facts.reason, leg.facts.codec, leg.heard) == (200, "OK", "pcmu", True)


def test_who_ended_a_leg_decides_its_reason() -> None:
    ours, theirs, late, caller = Leg(inbound=False), Leg(inbound=False), Leg(inbound=False), Leg(inbound=True)
    ours.end(EndReason.NO_ANSWER, "no answer")
    ours.end(None)
    assert ours.close("Rejected by user") == Closed(EndReason.NO_ANSWER, "no answer")
    theirs.stage = Stage.UP
    assert theirs.close("Connection reset by peer [104]") == Closed(EndReason.USER_HANGUP)
    late.note(message(100))
    assert late.close("Protocol error [71]").reason is EndReason.TRUNK_ERROR
    assert caller.close("Connection reset by peer [104]") == Closed(EndReason.USER_HANGUP)
    assert Leg(inbound=False).close(TRANSFERRED) == Closed(EndReason.TRANSFERRED)


def test_secrets_stand_in_no_representation() -> None:
    plan = trunk(5060, auth_username="bot", auth_password="s3cret")
    assert "s3cret" not in repr(plan)
    assert "s3cret" not in repr(Dial(plan, "+31", "+32"))


def test_an_account_names_credentials_codecs_srtp_and_stun() -> None:
    plan = trunk(5061, transport="tls", srtp="required", auth_username="bot@x", auth_password="p w", codecs=("opus",))
    settings = SipSettings(stun="stun.example.com:3478")
    line = accounts.dialling(Dial(plan, "+31", "+3120", 'A "B" <c>'), settings)
    assert line.startswith('"A B c" <sip:+3120@127.0.0.1:5061;transport=tls>;')
    for part in ('auth_pass="p w"', "auth_user=bot@x", "regint=0", "opus/48000/2", "mediaenc=srtp-mand"):
        assert part in line
    assert "stunserver=stun:stun.example.com:3478" in line
    assert accounts.registering(plan, "+3120", settings).startswith("<sip:bot@127.0.0.1:5061;transport=tls>;")


@pytest.mark.parametrize(("factor", "channels"), [(1, 2), (2, 1), (3, 2), (6, 2)])
def test_sound_survives_a_change_of_rate_and_back_in_any_pieces(factor: int, channels: int) -> None:
    rate = 48_000 // factor if factor > 2 else 8_000
    samples = (9000 * np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)).astype("<i2")
    up, down = Higher(factor, channels), Lower(factor, channels)
    wide = b"".join(up.push(samples[n : n + 160].tobytes()) for n in range(0, len(samples), 160))
    assert len(wide) == len(samples) * 2 * factor * channels
    back = b"".join(down.push(wide[n : n + 1000]) for n in range(0, len(wide), 1000))
    late = 0 if factor == 1 else 16
    found = np.frombuffer(back, "<i2").astype(float)
    assert len(found) == len(samples)
    assert np.max(np.abs(found[late + 40 :] - samples[40 : len(samples) - late])) < 100


@pytest.mark.parametrize(("listen", "interface"), [("0.0.0.0:5060", None), ("127.0.0.1:5060", "127.0.0.1")])
def test_a_loopback_address_pins_the_stack(listen: str, interface: str | None) -> None:
    settings = SipSettings(listen=listen, tls_ca="/etc/ca.pem")
    assert settings.interface == interface
    assert "audio_jitter_buffer_type adaptive\naudio_jitter_buffer_ms 10-100\n" in settings.stack_lines(listen)
    assert "sip_cafile /etc/ca.pem\n" in settings.stack_lines(listen)


@pytest.mark.parametrize("name", ["Via", "VIA", "via", "v", "V"])
def test_a_header_is_found_however_it_is_written(name: str) -> None:
    assert header({"CSeq": "1 INVITE", name: "SIP/2.0/UDP 192.0.2.9"}, "Via", "v") == "SIP/2.0/UDP 192.0.2.9"
    assert header({"Vias": "x"}, "Via", "v") == ""
