"""The API that these tests speak to."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.world import Api, opened
from trunkline.storage.database import FILE_NAME, Database
from trunkline.storage.vault import Vault


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path, vault: Vault) -> AsyncIterator[Database]:
    """A fresh SQLite database, where the kind of database makes no difference."""
    folder = tmp_path / "sqlite"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / FILE_NAME)
    database = await Database.open(None, folder, vault)
    yield database
    await database.aclose()


@pytest.fixture
async def api(sqlite: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Api]:
    """The API on SQLite."""
    async with opened(sqlite, vault, tmp_path) as world:
        yield world


@pytest.fixture
async def api_on_each(database: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Api]:
    """The API on each kind of database in turn."""
    async with opened(database, vault, tmp_path) as world:
        yield world
