"""The world that the services' tests run in."""

from pathlib import Path

import pytest

from tests.services.world import World, open_world
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault


@pytest.fixture
async def home(database: Database, vault: Vault, tmp_path: Path) -> World:
    """Two organisations, of which the first can place calls."""
    return await open_world(database, vault, tmp_path)
