"""Fixtures that every room's tests may ask for."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings

from tests.databases import PostgresServer, postgres_server
from trunkline.storage.database import FILE_NAME, Database
from trunkline.storage.vault import Vault

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault([Fernet.generate_key().decode()])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with nothing in it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database in the newest form."""
    name = postgres.create()
    _migrate(postgres.url(name), tmp_path_factory.mktemp("unused"), vault)
    return name


@pytest.fixture(scope="session")
def sqlite_template(vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file in the newest form."""
    folder = tmp_path_factory.mktemp("sqlite")
    _migrate(None, folder, vault)
    return folder / FILE_NAME


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / FILE_NAME)
        yield f"sqlite:///{tmp_path / FILE_NAME}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def database(database_url: str, tmp_path: Path, vault: Vault) -> AsyncIterator[Database]:
    """A fresh, open database, of each kind in turn."""
    opened = await Database.open(database_url, tmp_path, vault)
    yield opened
    await opened.aclose()


def _migrate(url: str | None, folder: Path, vault: Vault) -> None:
    async def run() -> None:
        await (await Database.open(url, folder, vault)).aclose()

    asyncio.run(run())
