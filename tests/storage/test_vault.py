"""The vault seals, rotates and refuses."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from trunkline.base.errors import Invalid
from trunkline.storage.vault import SealBroken, Vault

pytestmark = pytest.mark.unit


def key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_sealed_opens_and_shows_nothing() -> None:
    vault = Vault([key()])
    sealed = vault.seal("trunk-password")
    assert "trunk-password" not in sealed
    assert vault.open(sealed) == "trunk-password"
    assert vault.seal_maybe(None) is None
    assert vault.open_maybe(None) is None


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    old, new = key(), key()
    sealed_before = Vault([old]).seal("before")
    rotated = Vault([new, old])
    assert rotated.open(sealed_before) == "before"
    assert Vault([new]).open(rotated.seal("after")) == "after"
    with pytest.raises(SealBroken, match="TRUNKLINE_MASTER_KEY"):
        Vault([new]).open(sealed_before)


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    sealed = Vault.load_or_make(path, None).seal("kept")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault.load_or_make(path, None).open(sealed) == "kept"


def test_configured_keys_win_over_the_file_and_the_first_seals(tmp_path: Path) -> None:
    new, old = key(), key()
    vault = Vault.load_or_make(tmp_path / "master.key", f"{new}, {old}")
    assert not (tmp_path / "master.key").exists()
    assert Vault([new]).open(vault.seal("x")) == "x"
    assert vault.open(Vault([old]).seal("y")) == "y"


def test_a_key_in_plain_base64_is_taken() -> None:
    assert Vault(["+/" + "A" * 41 + "="]).open(Vault(["-_" + "A" * 41 + "="]).seal("same")) == "same"


@pytest.mark.parametrize("bad", ["", "short", "x" * 44])
def test_a_bad_key_is_refused_with_the_way_to_make_one(bad: str) -> None:
    with pytest.raises(Invalid, match="openssl rand -base64 32"):
        Vault([bad])
