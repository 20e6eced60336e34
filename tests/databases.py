"""The databases that tests run on: SQLite files, and a PostgreSQL server that lives as long as the test session."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

START_SECONDS = 30
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; its databases come and go with the tests."""

    socket_dir: Path
    _numbers: "count[int]"

    def url(self, name: str) -> str:
        """The address of one of its databases, as the platform takes it."""
        return f"postgresql://trunkline@/{name}?host={self.socket_dir}"

    def create(self, template: str = "template1") -> str:
        """Makes a database out of ``template``; returns its name."""
        name = f"test_{next(self._numbers)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Removes a database with all connections to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def cut_connections(self, name: str) -> None:
        """Cuts whoever is connected to a database, as a restart of the server does."""
        find = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
        self._run(find.format(sql.Literal(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Starts a server from the installed binaries, as a user who may (PostgreSQL refuses to run as root)."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="trunkline-pg-"))
    account = _account()
    if account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
    prefix = _prefix(account)
    data = home / "data"
    try:
        _checked([*prefix, str(programs / "initdb"), "-D", str(data), "-U", "trunkline", *_INITDB], home)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [*prefix, str(programs / "postgres"), "-D", str(data), "-k", str(home), *settings]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
        try:
            server = PostgresServer(home, count(1))
            _wait(server, process, home / "log")
            yield server
        finally:
            process.terminate()
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(home, ignore_errors=True)


_INITDB = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    if found is None:
        pytest.fail("these tests need a PostgreSQL server: apt-get install postgresql", pytrace=False)
    return Path(found).resolve().parent


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _prefix(account: pwd.struct_passwd | None) -> list[str]:
    # The server must not outlive a test session that is killed.
    asked = ["setpriv", "--pdeathsig", "INT"]
    if account is not None:
        asked += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return asked


def _checked(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{command[-1]} failed: {done.stderr or done.stdout}", pytrace=False)


def _wait(server: PostgresServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with psycopg.connect(server.url("postgres")):
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    pytest.fail(f"PostgreSQL did not start: {log.read_text()}", pytrace=False)
