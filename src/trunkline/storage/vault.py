"""The vault: seals what must not lie in the database in clear, with keys that rotate."""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from trunkline.base.errors import Invalid, TrunklineError


class SealBroken(TrunklineError):
    """Something in the database was sealed with a key that this process does not have; give it the old key as well."""

    code = "seal_broken"


class Vault:
    """Seals with the first key and opens with any of them."""

    __slots__ = ("_fernet", "_first", "_newest")

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._newest = Fernet(keys[0])
            self._first = base64.urlsafe_b64decode(keys[0])
        except (ValueError, IndexError):
            raise Invalid(
                "the master key must be 32 random bytes in base64; make one with: openssl rand -base64 32",
                code="invalid_master_key",
            ) from None

    @classmethod
    def load_or_make(cls, path: Path, configured: str | None) -> "Vault":
        """The vault of the configured keys (separated by commas, the newest first), else of the key file, which is
        made readable for its owner alone if there is none."""
        if configured:
            return cls([key.strip() for key in configured.split(",") if key.strip()])
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(path.read_text().split())
        with os.fdopen(handle, "w") as file:
            key = Fernet.generate_key().decode()
            file.write(key + "\n")
        return cls([key])

    def seal(self, text: str) -> str:
        """The sealed form of ``text``, different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises SealBroken where no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken(
                "a stored secret does not open with TRUNKLINE_MASTER_KEY; add the key it was sealed with"
            ) from None

    def resealed(self, sealed: str) -> str | None:
        """The same sealed with the first key; None where it is already. Raises SealBroken where no key fits."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for ``purpose``, from the first master key; it changes when the master key rotates."""
        return hmac.new(self._first, purpose.encode(), hashlib.sha256).digest()

    def seal_maybe(self, text: str | None) -> str | None:
        """``seal``, or None for None."""
        return None if text is None else self.seal(text)

    def open_maybe(self, sealed: str | None) -> str | None:
        """``open``, or None for None."""
        return None if sealed is None else self.open(sealed)
