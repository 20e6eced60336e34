"""The commands as an operator types them."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from trunkline import __version__
from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings
from trunkline.base.errors import Invalid
from trunkline.domain.access import Caller
from trunkline.services import organisations
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

EXIT_MISCONFIGURED = 78


def _environment(folder: Path, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    listening = {
        "http_listen": f"127.0.0.1:{free_port()}",
        "sip_listen": f"127.0.0.1:{free_port()}",
    }
    named = {"data_dir": str(folder / "data"), **listening, **settings}
    return {**clean, **{f"TRUNKLINE_{name.upper()}": value for name, value in named.items()}}


def _run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trunkline.cli", *command],
        env=_environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version_is_told(tmp_path: Path) -> None:
    done = _run(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_an_organisation_comes_with_its_key_as_json(tmp_path: Path) -> None:
    done = _run(tmp_path, "org", "create", "Bright Smile Dental", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert list(made) == ["id", "name", "api_key"]
    assert made["name"] == "Bright Smile Dental"
    assert made["api_key"].startswith("tl_live_")
    assert done.stdout.count("\n") == 1
    assert not any(made["api_key"].encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_an_organisation_needs_a_name(tmp_path: Path) -> None:
    done = _run(tmp_path, "org", "create", " ", "--json")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "NAME" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_list_that_is_no_json_gets_one_line_too(tmp_path: Path) -> None:
    done = _run(tmp_path, "serve", webhook_allow_list="10.1.0.0/16")
    assert done.returncode == EXIT_MISCONFIGURED
    assert len(done.stderr.splitlines()) == 2
    assert "TRUNKLINE_WEBHOOK_ALLOW_LIST: must be JSON" in done.stderr


def test_the_operator_says_who_may_use_the_local_models(tmp_path: Path) -> None:
    made = json.loads(_run(tmp_path, "org", "create", "Example", "--json").stdout)
    refused = _run(tmp_path, "org", "local-models", made["id"], "--refuse")
    assert refused.stdout == f"Example ({made['id']}) may not use the local models\n"
    assert " may use " in _run(tmp_path, "org", "local-models", made["id"], "--allow").stdout
    unknown = _run(tmp_path, "org", "local-models", "nobody", "--allow")
    assert unknown.returncode == 1
    assert "there is no organisation nobody" in unknown.stderr
    assert _run(tmp_path, "org", "local-models", made["id"]).returncode == 2


def test_master_keys_are_rotated(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    _run(tmp_path, "org", "create", "Example", master_key=old)
    asyncio.run(_with_a_secret(tmp_path / "data", old))
    lacking = _run(tmp_path, "keys", "rotate", master_key=new)
    assert lacking.returncode == 1
    assert "organisations.webhook_secret_sealed: 1" in lacking.stderr
    done = _run(tmp_path, "keys", "rotate", master_key=f"{new},{old}")
    assert done.returncode == 0, done.stderr
    assert "organisations.webhook_secret_sealed: 1 sealed anew" in done.stdout
    again = _run(tmp_path, "keys", "rotate", master_key=new)
    assert again.stdout == "Everything is sealed with the first key; the others are not needed any more\n"


async def _with_a_secret(folder: Path, key: str) -> None:
    async with open_rooms(Settings(data_dir=folder, master_key=SecretStr(key))) as rooms:
        async with rooms.database.system() as unit:
            [organisation], _ = await unit.organisations.list_(1, 0)
        caller = Caller(organisation.id)
        await organisations.update(rooms, caller, {"webhook_secret": "secret"})


def test_prices_come_as_json_or_in_a_file_and_a_wrong_one_gets_one_line(tmp_path: Path) -> None:
    prices = {"stt": {"deepgram": {"nova-3": {"minute": 0.004}, "*": {"minute": 0.005}}}}
    (tmp_path / "prices.json").write_text(json.dumps(prices))
    assert Settings().own_prices() == {}
    assert Settings(prices=json.dumps(prices)).own_prices() == prices
    assert Settings(prices=str(tmp_path / "prices.json")).own_prices() == prices
    for given, problem in (('{"stt": ', "is no JSON"), (str(tmp_path / "none.json"), "No such file or directory")):
        with pytest.raises(Invalid) as wrong:
            Settings(prices=given).own_prices()
        assert wrong.value.details == (f"TRUNKLINE_PRICES: {problem}",)
    done = _run(tmp_path, "org", "create", "Priced", prices='{"stt": {"deepgram": {"nova-3": {"hour": 1}}}}')
    assert done.returncode == EXIT_MISCONFIGURED
    assert len(done.stderr.splitlines()) == 2
    assert "TRUNKLINE_PRICES: stt.deepgram.nova-3.hour: there is no such unit" in done.stderr


def test_each_wrong_setting_gets_one_line(tmp_path: Path) -> None:
    done = _run(tmp_path, "serve", max_calls="1000", http_listen="nowhere", rate_limit_per_minute="many")
    assert done.returncode == EXIT_MISCONFIGURED
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    for name in ("MAX_CALLS", "HTTP_LISTEN", "RATE_LIMIT_PER_MINUTE"):
        assert sum(f"TRUNKLINE_{name}: " in line for line in lines) == 1


@contextmanager
def _taken(kind: socket.SocketKind) -> Iterator[str]:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


@pytest.mark.parametrize(
    ("setting", "kind", "protocol"),
    [
        ("http_listen", socket.SOCK_STREAM, "TCP"),
        ("sip_listen", socket.SOCK_DGRAM, "UDP"),
        ("sip_listen", socket.SOCK_STREAM, "TCP"),
    ],
)
def test_a_port_that_is_taken_is_told_once_and_nothing_is_started_again(
    tmp_path: Path, setting: str, kind: socket.SocketKind, protocol: str
) -> None:
    with _taken(kind) as address:
        done = _run(tmp_path, "serve", **{setting: address})
    assert done.returncode == EXIT_MISCONFIGURED
    assert f"TRUNKLINE_{setting.upper()}: {address} ({protocol}): another program has it" in done.stderr
    assert "starting it again" not in done.stderr


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    done = _run(tmp_path, "serve", sip_listen="192.0.2.1:5060")
    assert done.returncode == EXIT_MISCONFIGURED
    assert "this machine has no such address" in done.stderr


def test_an_unknown_persona_is_refused(tmp_path: Path) -> None:
    done = _run(tmp_path, "callee", "--persona", "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr


SUPERVISOR = "import sys; from trunkline.cli.supervise import supervise; sys.exit(supervise(sys.argv[1:]))"


@contextmanager
def _supervised(script: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SUPERVISOR, "/bin/sh", "-c", script]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


def _lines(file: Path, count: int) -> list[str]:
    until = time.monotonic() + 30
    while not file.exists() or len(file.read_text().splitlines()) < count:
        assert time.monotonic() < until, f"{file.name} never had {count} lines"
        time.sleep(0.05)
    return file.read_text().splitlines()


def test_a_child_that_crashes_is_started_again_until_it_ends_by_itself(tmp_path: Path) -> None:
    script = (
        "echo $$ >> starts; [ $(wc -l < starts) -ge 3 ] && exit 0; [ $(wc -l < starts) -ge 2 ] && kill -SEGV $$; exit 7"
    )
    with _supervised(script, tmp_path) as running:
        _, errors = running.communicate(timeout=30)
    assert running.returncode == 0
    assert len(set(_lines(tmp_path / "starts", 3))) == 3
    assert "exit code 7" in errors
    assert "signal SIGSEGV" in errors


def test_a_child_that_is_misconfigured_is_not_started_again(tmp_path: Path) -> None:
    with _supervised("echo $$ >> starts; exit 78", tmp_path) as running:
        running.communicate(timeout=30)
    assert running.returncode == EXIT_MISCONFIGURED
    assert len(_lines(tmp_path / "starts", 1)) == 1


def test_sigterm_reaches_the_child_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    script = "trap 'echo told >> ends; exit 0' TERM; echo $$ >> starts; while :; do sleep 0.05; done"
    with _supervised(script, tmp_path) as running:
        child = int(_lines(tmp_path / "starts", 1)[0])
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0
    assert _lines(tmp_path / "ends", 1) == ["told"]
    assert not Path(f"/proc/{child}").exists()


def test_sigterm_while_it_waits_ends_it_at_once(tmp_path: Path) -> None:
    with _supervised("echo $$ >> starts; exit 3", tmp_path) as running:
        _lines(tmp_path / "starts", 3)
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0
    assert len(_lines(tmp_path / "starts", 3)) <= 4
