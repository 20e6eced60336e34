"""Sound, keys and codecs, against SIPp's echo and Debian's baresip."""

import asyncio
import datetime
import ipaddress
import struct
import wave
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from tests.peers import BaresipPeer, SippUas
from tests.telephony.calling import call, trunk
from trunkline.audio.g711 import pcm_to_ulaw
from trunkline.domain.call import EndReason
from trunkline.ports.line import Answered, Closed, Digit
from trunkline.telephony.catalogue import carrier
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.settings import SipSettings
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

LEVELS = [-(1 << bits) * 132 + 132 - (1 << bits) * 4 for bits in range(7)]


def tone(hertz: float, seconds: float, rate_hz: int) -> bytes:
    """A sine at a quarter of full scale."""
    samples = 8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return samples.astype("<i2").tobytes()


def loudest(pcm: bytes, rate_hz: int) -> tuple[float, float]:
    """The strongest frequency of a sound in Hz, and its level (RMS)."""
    samples: NDArray[np.float64] = np.frombuffer(pcm, "<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples), float(np.sqrt(np.mean(samples**2)))


async def test_what_is_played_comes_back_whole_and_in_order(sip: SipCarrier) -> None:
    """Each frame is one constant that mu-law carries exactly, so a lost, doubled or stretched frame shows."""
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        # the codes of mu-law with a zero mantissa decode to (33 << segment) * 4 - 132
        constants = [(33 << segment) * 4 - 132 for segment in range(1, 8)]
        frames = [np.full(160, constants[n % 7] * (1 if n % 2 else -1), "<i2").tobytes() for n in range(50)]
        line = phone.line
        assert line.write(b"".join(frames)) == 16_000
        assert 15_000 < line.buffered() <= 16_000
        heard = bytearray()
        for _ in range(70):
            heard += line.read()
            await asyncio.sleep(0.02)
        assert line.buffered() == 0
        found = heard.index(frames[0])
        assert bytes(heard[found : found + 16_000]) == b"".join(frames)
        await line.hang_up()
        await phone.until(Closed)


async def test_a_flush_drops_what_waits_and_keeps_what_is_written_after_it(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        line, before, after = phone.line, np.full(8000, 4092, "<i2").tobytes(), np.full(800, -4092, "<i2").tobytes()
        assert line.write(before) == 16_000
        await asyncio.sleep(0.1)
        waiting = line.buffered()
        assert 12_000 < waiting < 16_000
        assert line.flush() == pytest.approx(waiting, abs=640)
        assert line.buffered() == 0
        assert line.write(after) == 1600
        assert line.buffered() == 1600
        heard = await phone.talk(0.5)
        samples = np.frombuffer(heard, "<i2")
        assert int(np.sum(samples == -4092)) == 800
        assert int(np.sum(samples == 4092)) <= (16_000 - waiting) // 2 + 320
        assert (line.buffered(), line.flush()) == (0, 0)
        await line.hang_up()
        await phone.until(Closed)


async def test_a_line_takes_two_seconds_and_says_how_much_it_took(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start()))
        assert phone.line.write(bytes(320)) == 0
        await phone.until(Answered)
        taken = phone.line.write(bytes(200_000))
        assert 32_000 <= taken < 200_000
        assert phone.line.buffered() == pytest.approx(taken, abs=640)
        await phone.line.hang_up()
        await phone.until(Closed)


async def test_keys_come_in_by_rfc_4733_and_by_sip_info(sip: SipCarrier) -> None:
    with SippUas("uas_dtmf", echo=False) as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        assert [await phone.next() for _ in range(4)] == [Digit(key) for key in "15#7"]
        assert await phone.next() == Closed(EndReason.USER_HANGUP)
        assert await peer.ended() == 0


async def test_keys_go_out_by_rfc_4733_while_sound_plays(sip: SipCarrier) -> None:
    with BaresipPeer() as peer:
        phone = await call(sip, trunk(peer.start()))
        await phone.until(Answered)
        playing = asyncio.create_task(phone.talk(2.2, tone(440, 2.2, 8000)))
        await phone.line.send_digits("9w*4d")
        pressed = await peer.happened("CALL_DTMF_START", 4)
        assert [event["param"] for event in pressed] == ["9", "*", "4", "D"]
        await playing
        await phone.line.hang_up()
        await phone.until(Closed)
        with pytest.raises(OSError, match="the line is closed"):
            await phone.line.send_digits("1")


@pytest.mark.parametrize(
    ("codec", "theirs", "rate_hz", "srtp"),
    [
        ("pcma", "PCMA", 8_000, "off"),
        ("pcmu", "PCMU", 8_000, "required"),
        ("g722", "G722/16000/1", 16_000, "off"),
        ("opus", "opus/48000/2", 16_000, "optional"),
    ],
)
async def test_each_codec_carries_sound_both_ways_to_baresip(
    sip: SipCarrier, codec: str, theirs: str, rate_hz: int, srtp: str
) -> None:
    peer_rate = 48_000 if codec == "opus" else rate_hz
    encryption = {"off": None, "optional": "srtp", "required": "srtp-mand"}[srtp]
    with BaresipPeer(
        codecs=theirs, rate_hz=peer_rate, tone=tone(700, 1, peer_rate), media_encryption=encryption
    ) as peer:
        phone = await call(sip, trunk(peer.start(), codecs=(codec,), srtp=srtp))
        await phone.until(Answered)
        assert (phone.line.sip.codec, phone.line.sample_rate_hz) == (codec, rate_hz)
        heard = await phone.talk(1.6, tone(440, 1.6, rate_hz))
        hertz, level = loudest(heard[len(heard) // 2 :], rate_hz)
        assert hertz == pytest.approx(700, abs=15)
        assert level > 2000
        assert len(heard) == pytest.approx(1.6 * 2 * rate_hz, rel=0.3)
        await phone.line.hang_up()
        await phone.until(Closed)
        await peer.happened("CALL_CLOSED")
        await asyncio.sleep(0.2)
        hertz, level = loudest(_wav(peer.heard)[rate_hz // 2 :], peer_rate)
        assert hertz == pytest.approx(440, abs=15)


async def test_srtp_that_the_other_side_does_not_have_ends_the_call(sip: SipCarrier) -> None:
    with SippUas() as peer:
        phone = await call(sip, trunk(peer.start(), srtp="required"))
        closed = await phone.until(Closed, 10) if not isinstance(first := await phone.next(), Closed) else first
        assert closed.reason is EndReason.TRUNK_ERROR


async def test_tls_is_checked_and_carries_a_call(tmp_path: Path) -> None:
    certificate, authority = _certificate(tmp_path)
    with BaresipPeer(certificate=certificate, media_encryption="srtp-mand") as peer:
        peer.start()
        rtp = free_port(20)
        settings = SipSettings(
            listen=f"127.0.0.1:{free_port()}", rtp_ports=f"{rtp}-{rtp + 19}", tls_ca=authority, tear_down=True
        )
        async with carrier(settings) as trusting:
            plan = trunk(peer.tls_port, transport="tls", srtp="required")
            dns, options, _ = await trusting.probe(plan)
            assert (dns.ok, options.ok, options.detail) == (True, True, "404 Not Found")
            phone = await call(trusting, plan)
            await phone.until(Answered)
            await phone.line.hang_up()
            await phone.until(Closed)
        async with carrier(SipSettings(listen=f"127.0.0.1:{free_port()}", tear_down=True)) as doubting:
            phone = await call(doubting, plan)
            assert (await phone.until(Closed, 12)).reason is EndReason.TRUNK_UNREACHABLE
            _, options, _ = await doubting.probe(plan)
            assert options.ok is False


def _wav(path: Path) -> bytes:
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return samples[:: sound.getnchannels()].tobytes()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate for 127.0.0.1: with its key, and alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    alone = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both, authority = folder / "both.pem", folder / "ca.pem"
    both.write_bytes(alone + secret)
    authority.write_bytes(alone)
    return both, authority


class _Overtaking(asyncio.DatagramProtocol):
    """Answers with 20 ms packets of one constant each, every one up to 50 ms late."""

    def __init__(self, values: list[int]) -> None:
        self._values = values
        self._address: tuple[str, int] | None = None
        self._known = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._address = addr
        self._known.set()

    async def play(self) -> None:
        """Sends them all."""
        loop, late = asyncio.get_running_loop(), np.random.default_rng(5)
        await self._known.wait()
        begin = loop.time()
        for number, value in enumerate(self._values):
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 77)
            packet = header + pcm_to_ulaw(np.full(160, value, "<i2").tobytes())
            loop.call_later(float(late.uniform(0.0, 0.05)), self._transport.sendto, packet, self._address)
            await asyncio.sleep(max(0.0, begin + (number + 1) * 0.02 - loop.time()))


async def test_packets_that_overtook_each_other_are_heard_in_their_order(sip: SipCarrier) -> None:
    constants = [sign * ((33 << segment) * 4 - 132) for segment in range(1, 8) for sign in (1, -1)]
    values = [constants[number % len(constants)] for number in range(250)]
    transport, peer = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Overtaking(values), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    with SippUas("uas_elsewhere", echo=False, keys={"rtp": str(port)}) as uas:
        phone = await call(sip, trunk(uas.start()))
        await phone.until(Answered)
        playing = asyncio.create_task(peer.play())
        heard = np.frombuffer(await phone.talk(5.6), "<i2").reshape(-1, 160)[:, 80]
        await playing
        await phone.line.hang_up()
        await phone.until(Closed)
    transport.close()
    places = [constants.index(int(value)) for value in heard if value]
    steps = [(then - now) % len(constants) for now, then in pairwise(places)]
    assert len(places) >= 235
    assert all(1 <= step <= 4 for step in steps)
