"""Digest authentication of callers: what a right answer is, and all that is none."""

import pytest

from trunkline.ports.carrier import Proof
from trunkline.telephony.sip.digest import NONCE_SECONDS, Doorkeeper, parts_of, response

pytestmark = pytest.mark.unit

HOME, AWAY = "192.0.2.7", "192.0.2.8"


def answer(challenge: str, username: str = "ann", password: str = "s3cret", **changes: str) -> str:
    """The Authorization header of a caller that was challenged so."""
    asked = parts_of(challenge)
    parts = {
        "username": username,
        "realm": asked["realm"],
        "nonce": asked["nonce"],
        "uri": "sip:+31201234567@192.0.2.1",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "algorithm": asked["algorithm"],
        **changes,
    }
    given = {"response": response(parts, asked["algorithm"], "INVITE", password), **parts}
    plain = ("nc", "qop", "algorithm")
    return "Digest " + ", ".join(f"{k}={v}" if k in plain else f'{k}="{v}"' for k, v in given.items())


def check(door: Doorkeeper, *answers: str, address: str = HOME, now: float = 11.0) -> Proof:
    return door.check(answers, address, now, "ann", "s3cret")


def challenge(door: Doorkeeper, now: float = 10.0) -> str:
    name, value = door.challenge(HOME, now)
    assert name == "WWW-Authenticate"
    return value


def test_the_response_is_that_of_the_standards_example() -> None:
    """RFC 7616 section 3.9.1."""
    parts = {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
    }
    assert response(parts, "MD5", "GET", "Circle of Life") == "8ca523f5e9506fed4657c9700eebdbec"
    assert response(parts, "SHA-256", "GET", "Circle of Life") == (
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    )


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_right_answer_is_good_once(algorithm: str) -> None:
    door = Doorkeeper(algorithm)
    right = answer(challenge(door))
    assert check(door, right) is Proof.GOOD
    assert check(door, right) is Proof.STALE


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong"},
        {"username": "bob"},
        {"response": "0" * 32},
        {"nc": "1"},
        {"qop": "auth-int"},
        {"cnonce": ""},
        {"algorithm": "SHA-256"},
        {"algorithm": "AKAv1-MD5"},
        {"response": "é"},
    ],
)
def test_a_wrong_answer_is_wrong(changes: dict[str, str]) -> None:
    door = Doorkeeper()
    assert check(door, answer(challenge(door), **changes)) is Proof.WRONG


def test_an_answer_is_stale_when_it_is_late_from_elsewhere_or_to_no_challenge_of_ours() -> None:
    door = Doorkeeper()
    right = answer(challenge(door))
    assert check(door, right, now=10.5 + NONCE_SECONDS) is Proof.STALE
    assert check(door, right, address=AWAY) is Proof.STALE
    assert check(door, answer(challenge(Doorkeeper()))) is Proof.STALE
    for nonce in ("", "x", "ff.0.0", "\u00e9", "zz.zz." + "0" * 32):
        assert check(door, answer(challenge(door), nonce=nonce)) is not Proof.GOOD
    assert check(door, right) is Proof.GOOD, "none of the others used it up"


def test_other_realms_and_other_schemes_prove_nothing_and_hide_nothing() -> None:
    door = Doorkeeper()
    right = answer(challenge(door))
    other = 'Digest username="ann", realm="elsewhere", nonce="x", response="y"'
    assert check(door) is check(door, "Basic YW5u") is check(door, other) is Proof.NONE
    assert check(door, "", other, right) is Proof.GOOD


def test_a_stale_challenge_says_so() -> None:
    door = Doorkeeper()
    assert "stale" not in challenge(door)
    assert parts_of(door.challenge(HOME, 1.0, stale=True)[1])["stale"] == "true"


def test_an_unknown_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="MD5, SHA-256"):
        Doorkeeper("SHA-512")
