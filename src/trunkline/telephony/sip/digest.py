"""Digest access authentication for calls that come in (RFC 3261 section 22, RFC 7616, RFC 8760). No input or output.

A nonce is signed by this process, holds for one address and half a minute, and is good for one call: what somebody
overheard cannot be played again.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trunkline.ports.carrier import Proof

REALM = "trunkline"
NONCE_SECONDS = 30.0
ALGORITHMS: dict[str, Callable[..., Any]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
"""Those that are known. Offering two at once is what the standard wants and what common phones fail at: they give up at
the first name that they do not know, wherever it stands. So an installation offers one, MD5 unless it is set."""

_MOST_USED = 20_000
_SCHEME = re.compile(r"\s*Digest\s+", re.IGNORECASE)
_PART = re.compile(r'([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)')
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


class Doorkeeper:
    """Challenges callers, by one of ``ALGORITHMS``, and checks what they answer. ``now`` is monotonic seconds."""

    def __init__(self, algorithm: str = "MD5") -> None:
        if algorithm not in ALGORITHMS:
            raise ValueError(f"the digest must be one of {', '.join(ALGORITHMS)}, not {algorithm!r}")
        self._algorithm = algorithm
        self._secret = secrets.token_bytes(32)
        self._used: dict[str, float] = {}

    def challenge(self, address: str, now: float, *, stale: bool = False) -> tuple[str, str]:
        """The header of a 401 for a caller at ``address``."""
        more = ", stale=true" if stale else ""
        nonce = self._nonce(address, now)
        value = f'Digest realm="{REALM}", nonce="{nonce}", algorithm={self._algorithm}, qop="auth"{more}'
        return "WWW-Authenticate", value

    def check(self, answers: Sequence[str], address: str, now: float, username: str, password: str) -> Proof:
        """What the Authorization headers of an INVITE from ``address`` prove about one pair of credentials. A nonce
        that proved them is used up."""
        given = next((parts for parts in map(parts_of, answers) if parts.get("realm") == REALM), None)
        if given is None:
            return Proof.NONE
        if not _is_right(given, self._algorithm, username, password):
            return Proof.WRONG
        nonce = given["nonce"]
        if not self._is_fresh(nonce, address, now):
            return Proof.STALE
        self._use(nonce, now)
        return Proof.GOOD

    def _nonce(self, address: str, now: float) -> str:
        text = f"{int(now * 1000):x}.{secrets.token_hex(8)}"
        return f"{text}.{self._signed(text, address)}"

    def _signed(self, text: str, address: str) -> str:
        return hmac.new(self._secret, f"{text} {address}".encode(), hashlib.sha256).hexdigest()[:32]

    def _is_fresh(self, nonce: str, address: str, now: float) -> bool:
        text, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signed(text, address).encode()):
            return False
        made_at = int(text.partition(".")[0], 16) / 1000
        return nonce not in self._used and now - made_at <= NONCE_SECONDS

    def _use(self, nonce: str, now: float) -> None:
        for old in [known for known, until in self._used.items() if until < now or len(self._used) > _MOST_USED]:
            del self._used[old]
        self._used[nonce] = now + NONCE_SECONDS


def parts_of(header: str) -> Mapping[str, str]:
    """The parts of an Authorization header by name, in lower case; none where its scheme is another."""
    scheme = _SCHEME.match(header)
    if scheme is None:
        return {}
    found: dict[str, str] = {}
    for name, quoted, plain in _PART.findall(header, scheme.end()):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else plain)
    return found


def response(parts: Mapping[str, str], algorithm: str, method: str, password: str) -> str:
    """The response that belongs to the parts of an Authorization header (RFC 7616 section 3.4.1, ``qop=auth``)."""

    def digest(text: str) -> str:
        return str(ALGORITHMS[algorithm](text.encode(), usedforsecurity=False).hexdigest())

    who = digest(f"{parts['username']}:{parts['realm']}:{password}")
    what = digest(f"{method}:{parts['uri']}")
    return digest(f"{who}:{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}:{what}")


def _is_right(parts: Mapping[str, str], algorithm: str, username: str, password: str) -> bool:
    whole = all(parts.get(name) for name in ("username", "nonce", "uri", "response", "cnonce", "nc"))
    if not whole or parts.get("qop") != "auth" or parts.get("algorithm", "MD5").upper() != algorithm:
        return False
    if not _COUNT.fullmatch(parts["nc"]) or parts["username"] != username:
        return False
    wanted = response(parts, algorithm, "INVITE", password)
    return hmac.compare_digest(wanted.encode(), parts["response"].lower().encode())
