"""Fixtures of the jobs' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.jobs.world import World, make_world
from tests.webhooks.receiver import Receiver, receiving
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault


@pytest.fixture
def world(database: Database, database_url: str, tmp_path: Path, vault: Vault) -> World:
    """A world on a fresh database, SQLite and PostgreSQL in turn."""
    return make_world(database, database_url, tmp_path, vault)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook receiver."""
    async with receiving() as found:
        yield found
