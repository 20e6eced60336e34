"""A running installation that the calls of a whole test module share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.installation import Installation, installation
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the installation lives."""
    return tmp_path_factory.mktemp("installation")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(folder: Path) -> AsyncIterator[Installation]:
    """The installation."""
    async with installation(folder) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def hook() -> AsyncIterator[Receiver]:
    """A webhook receiver that says yes."""
    async with receiving() as listening:
        yield listening
