"""The doctor, with patients whose trouble is real: taken ports, trunks that refuse or are not there, full disks."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.installation import installation
from tests.peers import BaresipPeer, SippUas
from tests.webhooks.receiver import receiving
from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings, load
from trunkline.base.errors import Invalid
from trunkline.cli import doctor_machine, doctor_network, doctor_platform, doctor_trunks
from trunkline.cli.doctor import examined
from trunkline.cli.doctor_findings import Finding, Level, Patient
from trunkline.domain.access import Caller
from trunkline.services import organisations, trunks
from trunkline.services.trunks import TrunkSettings
from trunkline.storage import inspecting
from trunkline.storage.database import Database
from trunkline.testing.emulators.vendors import DeepgramVendor
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room


def patient(folder: Path, **settings: Any) -> Patient:
    """An installation on loopback, at free ports."""
    rtp = free_port(400)
    plain = {
        "data_dir": folder / "data",
        "http_listen": f"127.0.0.1:{free_port()}",
        "sip_listen": f"127.0.0.1:{free_port()}",
        "rtp_ports": f"{rtp}-{rtp + 399}",
    }
    return Patient(Settings(**plain | settings))  # type: ignore[arg-type]


def found(findings: list[Finding], check: str) -> Finding:
    """The finding of that name."""
    return next(one for one in findings if one.check == check)


def test_a_port_that_another_holds_is_told_with_what_to_do(tmp_path: Path) -> None:
    ill = patient(tmp_path)
    host, _, port = ill.settings.sip_listen.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((host, int(port)))
        told = found(list(doctor_network.ports(ill)), "SIP port")
    assert told.level is Level.FAIL
    assert "TRUNKLINE_SIP_LISTEN" in told.todo
    assert found(list(doctor_network.ports(ill)), "SIP port").level is Level.OK


def test_a_range_for_sound_that_is_taken_or_too_small_is_told(tmp_path: Path) -> None:
    first = free_port(8)
    narrow = patient(tmp_path, rtp_ports=f"{first}-{first + 7}", max_calls=100)
    assert "need up to 400" in doctor_network.rtp(narrow).says
    taken = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    for port, sock in enumerate(taken, first):
        sock.bind(("127.0.0.1", port))
    assert doctor_network.rtp(narrow).level is Level.FAIL
    for sock in taken:
        sock.close()


def test_a_data_directory_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (told,) = doctor_machine.disk(tmp_path / "file" / "data")
    assert (told.check, told.level) == ("data directory", Level.FAIL)
    assert "TRUNKLINE_DATA_DIR" in told.todo
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_disk_that_is_nearly_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = list(doctor_machine.disk(tmp_path))
    assert {one.check for one in healthy} == {"disk space", "disk speed"}
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(doctor_machine, "LEAST_FREE_BYTES", 1 << 60)
    assert found(list(doctor_machine.disk(tmp_path)), "disk space").level is Level.FAIL


def test_more_calls_than_the_machine_can_hold_are_told(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    told = doctor_machine.processor(patient(tmp_path, max_calls=250))
    assert (told.level is Level.WARN) is (100 * cores < 250 or cores == 1)
    assert doctor_machine.timers().check == "timers"


@contextmanager
def stun(address: str) -> Iterator[int]:
    """A STUN server that tells everybody they are at this address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()

        def answer() -> None:
            asked, whom = server.recvfrom(2048)
            told = struct.pack("!I", struct.unpack("!I", socket.inet_aton(address))[0] ^ 0x2112A442)
            value = struct.pack("!BBH", 0, 1, 0) + told
            body = struct.pack("!HH", 0x0020, len(value)) + value
            server.sendto(struct.pack("!HHI", 0x0101, len(body), 0x2112A442) + asked[8:20] + body, whom)

        loop.add_reader(server.fileno(), answer)
        try:
            yield server.getsockname()[1]
        finally:
            loop.remove_reader(server.fileno())


async def test_the_address_that_the_world_sees_is_asked_for(tmp_path: Path) -> None:
    with stun("203.0.113.7") as port:
        behind = patient(tmp_path, sip_listen="0.0.0.0:5060", stun=f"127.0.0.1:{port}")
        (told,) = await doctor_network.nat(behind)
    assert told.level is Level.OK
    assert "203.0.113.7" in told.says
    assert "forward" in told.says
    silent = patient(tmp_path, sip_listen="0.0.0.0:5060", stun=f"127.0.0.1:{free_port()}")
    (told,) = await doctor_network.nat(silent)
    assert told.level is Level.FAIL
    assert "TRUNKLINE_STUN" in told.todo


async def test_each_trunk_is_asked_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    with (
        SippUas("uas_registrar", calls=None) as good,
        SippUas("uas_registrar", calls=None) as strict,
        BaresipPeer() as plain,
    ):
        ill = patient(tmp_path)
        account = {"auth_username": "bot", "register": True}
        ways: dict[str, dict[str, Any]] = {
            "good": {"address": f"127.0.0.1:{good.start()}", "auth_password": "s3cret", **account},
            "wrong": {"address": f"127.0.0.1:{strict.start()}", "auth_password": "guess", **account},
            "plain": {"address": f"127.0.0.1:{plain.start()}"},
            "gone": {"address": f"127.0.0.1:{free_port()}", "transport": "tcp"},
        }
        async with open_rooms(ill.settings) as rooms:
            made, _ = await organisations.create(rooms, "Example")
            for name, way in ways.items():
                await trunks.create(rooms, Caller(made.id), TrunkSettings.model_validate({"name": name, **way}))
        findings = await doctor_trunks.examine(ill)
    assert found(findings, "codecs") == Finding("codecs", Level.OK, "pcmu, pcma, g722, opus")
    assert found(findings, "trunk 'good': register").level is Level.OK
    wrong = found(findings, "trunk 'wrong': register")
    assert (wrong.level, "auth_password" in wrong.todo) == (Level.FAIL, True)
    assert "guess" not in str(findings)
    assert found(findings, "trunk 'plain': options").level is Level.OK
    assert found(findings, "trunk 'gone': options").level is Level.FAIL


async def test_a_database_that_is_away_old_or_of_a_newer_version_is_told(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    good, facts = await doctor_platform.database(patient(tmp_path, database_url=database_url))
    assert [one.level for one in good] == [Level.OK]
    assert facts is not None
    assert (facts.now is None) is database_url.startswith("sqlite")
    async with database.transaction(write=True) as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    old, _ = await doctor_platform.database(patient(tmp_path, database_url=database_url))
    assert found(old, "database form").level is Level.WARN
    async with database.transaction(write=True) as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    ((newer,), _) = await doctor_platform.database(patient(tmp_path, database_url=database_url))
    assert newer.level is Level.FAIL
    nobody = f"postgresql://user:hidden@127.0.0.1:{free_port()}/x"
    ((away,), _) = await doctor_platform.database(patient(tmp_path, database_url=nobody))
    assert away.level is Level.FAIL
    assert "hidden" not in str(away)


def test_a_master_key_that_others_can_read_or_that_is_none_is_told(tmp_path: Path) -> None:
    ill = patient(tmp_path)
    assert doctor_platform.master_key(ill).level is Level.OK
    ill.data_dir.mkdir()
    key = ill.data_dir / "master.key"
    key.write_text("fn9ZUVxV4Zq7MC0AYaXhVSgZ5VxPs8Xg3ccz8QYkQYc=\n")
    key.chmod(0o644)
    assert "chmod 600" in doctor_platform.master_key(ill).todo
    key.chmod(0o600)
    assert doctor_platform.master_key(ill).level is Level.OK
    key.write_text("no key\n")
    assert doctor_platform.master_key(ill).level is Level.FAIL


async def test_a_key_that_the_vendor_refuses_fails_and_is_not_printed(tmp_path: Path) -> None:
    async with DeepgramVendor(key="right") as vendor:
        keys = {"deepgram_url": vendor.url, "deepgram_key": "right"}
        taken, _ = await doctor_platform.providers(patient(tmp_path, **keys))
        refused, _ = await doctor_platform.providers(patient(tmp_path, **keys | {"deepgram_key": "wrong-one"}))
    assert [one.level for one in taken] == [Level.OK]
    assert [one.level for one in refused] == [Level.FAIL]
    assert "wrong-one" not in str(refused)


async def test_a_clock_that_is_wrong_is_found_out_by_the_vendors(tmp_path: Path) -> None:
    async def late(_: web.Request) -> web.StreamResponse:
        return web.Response(status=401, headers={"Date": formatdate(time.time() + 600, usegmt=True)})

    async with receiving() as vendor:
        vendor.answer = late
        keys = {"deepgram_url": vendor.url(""), "deepgram_key": "any"}
        _, skews = await doctor_platform.providers(patient(tmp_path, **keys))
    told = doctor_platform.clock(skews)
    assert told.level is Level.FAIL
    assert "behind deepgram" in told.says
    assert doctor_platform.clock([]).level is Level.OK


async def test_beside_a_running_platform_its_ports_are_its_own(tmp_path: Path) -> None:
    async with installation(tmp_path) as house:
        names = ("data_dir", "http_listen", "sip_listen")
        settings = {name: house.environment[f"TRUNKLINE_{name.upper()}"] for name in names}
        findings = await examined(Settings(**settings))  # type: ignore[arg-type]
        assert (await house.api.get("/health"))["status"] == "ok"
    assert "running" in found(findings, "HTTP port").says
    assert [one for one in findings if one.level is Level.FAIL] == []
    assert found(findings, "trunks").level is Level.WARN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rtp_ports", "many"),
        ("rtp_ports", "300-20"),
        ("rtp_ports", "20000-29999\nmodule x"),
        ("sip_listen", "localhost:5060"),
        ("sip_listen", "[::1]:5060"),
    ],
)
def test_a_setting_that_the_phone_line_could_not_use_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TRUNKLINE_{name.upper()}", value)
    with pytest.raises(Invalid) as refused:
        load()
    assert [line.partition(":")[0] for line in refused.value.details] == [f"TRUNKLINE_{name.upper()}"]


async def test_a_database_that_takes_calls_and_says_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "PATIENCE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://bob:s3cret@127.0.0.1:{silent.getsockname()[1]}/x"
        [told], facts = await asyncio.wait_for(doctor_platform.database(patient(tmp_path, database_url=url)), 20)
    assert (told.level, facts) == (Level.FAIL, None)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bob:s3cret@127.0.0.1:many/x",
        "postgresql://bob:s3cret@127.0.0.1:1/x?option=1",
        "no address s3cret",
        "mysql://bob:s3cret@h/x",
    ],
)
async def test_an_address_of_a_database_that_is_none_is_told_and_hides_nothing_else(tmp_path: Path, url: str) -> None:
    findings = await examined(patient(tmp_path, database_url=url).settings)
    told = found(findings, "database")
    assert told.level is Level.FAIL
    assert "TRUNKLINE_DATABASE_URL" in told.todo
    assert found(findings, "model: voice activity").level is Level.OK
    assert not any("could not be examined" in one.says or "s3cret" in one.says for one in findings)


def test_the_command_prints_json_and_its_exit_code_tells(tmp_path: Path) -> None:
    done = _run(tmp_path, "--trunk", "no-such-trunk")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False), done.stderr
    failed = [one for one in told["findings"] if one["level"] == "fail"]
    assert [(one["check"], one["says"]) for one in failed] == [("trunk", "there is no trunk no-such-trunk")]
    assert set(failed[0]) == {"check", "level", "says", "todo"}


def _run(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    settings = {
        "TRUNKLINE_DATA_DIR": str(folder / "data"),
        "TRUNKLINE_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
        "TRUNKLINE_SIP_LISTEN": f"127.0.0.1:{free_port()}",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    command = [sys.executable, "-m", "trunkline.cli", "doctor", "--json", *options]
    return subprocess.run(command, env=inherited | settings, capture_output=True, text=True, timeout=60, check=False)
