"""``pip install "trunkline[livekit]"``: what the built package says of it."""

import re
import shutil
import subprocess
import sys
from email import message_from_string
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.room

PROJECT = Path(__file__).resolve().parents[2]
BUILD = "import sys; from setuptools import build_meta; print(build_meta.prepare_metadata_for_build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def requirements(tmp_path_factory: pytest.TempPathFactory) -> list[Requirement]:
    """What the package requires, as its metadata says when it is built from a fresh copy."""
    copy, out = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("metadata")
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements/base.in", "src/trunkline/__init__.py"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, copy / name)
    command = [sys.executable, "-c", BUILD, str(out)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    metadata = message_from_string(next(out.glob("*.dist-info/METADATA")).read_text())
    assert metadata.get_all("Provides-Extra") == ["livekit"]
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def test_the_extra_brings_what_plugins_stand_on(requirements: list[Requirement]) -> None:
    extra = [one for one in requirements if one.marker is not None and one.marker.evaluate({"extra": "livekit"})]
    assert [one.name for one in extra] == ["livekit-agents"]
    assert extra[0].specifier.contains(version("livekit-agents"))


def test_without_the_extra_nothing_of_it_comes(requirements: list[Requirement]) -> None:
    always = [one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]
    assert "aiohttp" in always
    assert not [name for name in always if name.startswith("livekit")]


def test_the_lock_of_the_extra_locks_what_the_extra_names(requirements: list[Requirement]) -> None:
    named = {one.name for one in requirements if one.marker is not None}
    wanted = (PROJECT / "requirements/livekit.in").read_text().splitlines()
    assert {line.strip() for line in wanted if re.match(r"\w", line)} == named
    locked = (PROJECT / "requirements/livekit.txt").read_text()
    assert all(re.search(rf"^{name}==", locked, re.MULTILINE) for name in named)
