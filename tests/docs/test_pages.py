"""The manual hangs together: the made pages are fresh, links lead somewhere, settings and events are named as they are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors
from trunkline.app.settings import Settings

pytestmark = pytest.mark.unit

_LINK = re.compile(r"\]\(([^)\s]+)\)")
OF_CLIENTS = {"URL", "API_KEY"}
_SETTING = re.compile(r"TRUNKLINE_([A-Z0-9_]+)")


def test_the_pages_that_are_made_from_the_code_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        if target.startswith("http"):
            continue
        name, _, fragment = target.partition("#")
        found = page if not name else Path(os.path.normpath(page.parent / name))
        assert found.exists(), f"{target} leads to nothing"
        if fragment:
            assert anchors(found).count(fragment) == 1, f"{target} leads to no heading, or to several"


def test_every_setting_that_is_named_exists() -> None:
    known = {name.upper() for name in Settings.model_fields} | OF_CLIENTS
    for page in PAGES:
        named = set(_SETTING.findall(page.read_text())) - {""}
        assert named <= known, f"{page.name}: {named - known}"


def test_every_page_is_listed_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        assert name == "README.md" or f"]({name})" in index, f"{name} is not in docs/README.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_leaves_anything_open(page: Path) -> None:
    assert not re.search(r"\bTODO\b|\bTBD\b|\bFIXME\b|lorem ipsum", page.read_text())
