"""The nouns as commands, each as it is typed, against one running installation and a phone that answers."""

import asyncio
import json
import os
import pty
import select
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from tests.installation import Installation, installation
from tests.peers import SippUas
from trunkline.cli.main import app

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]
NO_ID = "00000000-0000-4000-8000-000000000000"
GREETING = "Hello Maria, this is a call from the terminal."


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has run."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """What it printed, which is JSON and nothing else."""
        assert self.code == 0, self
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What it printed, which is a line of JSON each."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Shell:
    """Types commands into the environment of somebody who has a key."""

    house: Installation
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, *words: str, typed: str = "", **environment: str) -> Done:
        """Runs a command here, one at a time."""
        async with self._one:
            settings = {**self._settings(), **environment}
            told = await asyncio.to_thread(CliRunner().invoke, app, words, input=typed, env=settings)
        assert told.exception is None or isinstance(told.exception, SystemExit), told.exc_info
        return self._kept(Done(told.exit_code, told.stdout, told.stderr))

    async def process(self, *words: str) -> Done:
        """Runs a command as it is installed, beside others."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline.cli", *words),
            env={**os.environ, **self._settings()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return self._kept(Done(process.returncode, out.decode(), error.decode()))

    async def interrupted(self, *words: str, answer: str | None = None) -> Done:
        """Runs a command that is interrupted once it shows a live call: on a terminal where there is an ``answer`` to
        what it then asks, else with pipes."""
        ours, theirs = pty.openpty() if answer is not None else os.pipe()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline.cli", *words),
            env={**os.environ, **self._settings(), "TERM": "xterm"},
            stdin=theirs if answer is not None else asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs if answer is not None else asyncio.subprocess.PIPE,
        )
        os.close(theirs)
        shown = await asyncio.to_thread(_read_until, ours, "in-progress")
        process.send_signal(signal.SIGINT)
        if answer is not None:
            shown += await asyncio.to_thread(_read_until, ours, "Hang up?")
            os.write(ours, answer.encode())
        shown += await asyncio.to_thread(_read_until, ours, None)
        _, error = await asyncio.wait_for(process.communicate(), 30)
        os.close(ours)
        assert process.returncode is not None
        return self._kept(Done(process.returncode, shown, (error or b"").decode()))

    def _settings(self) -> dict[str, str]:
        return {"TRUNKLINE_URL": self.house.url, "TRUNKLINE_API_KEY": self.house.key, "COLUMNS": "100"}

    def _kept(self, done: Done) -> Done:
        assert "Traceback" not in done.error, done.error
        assert self.house.key not in done.out + done.error
        return done


def _read_until(descriptor: int, words: str | None) -> str:
    """What a command prints until it prints these words, or to its end."""
    shown = ""
    while words is None or words not in shown:
        assert select.select([descriptor], [], [], 30)[0], shown
        try:
            piece = os.read(descriptor, 4096)
        except OSError:  # a terminal whose other end is closed
            break
        if not piece:
            break
        shown += piece.decode(errors="replace")
    return shown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shell]:
    """A shell beside an installation."""
    async with installation(tmp_path_factory.mktemp("nouns")) as house:
        yield Shell(house)


async def test_a_trunk_lives_and_dies(run: Shell, tmp_path: Path) -> None:
    options = ("--address", "127.0.0.1:1", "--transport", "tcp", "--max-calls", "3", "--inbound", "192.0.2.0/24")
    made = (await run("trunk", "create", "Provider", *options, "--set", "srtp=optional", "--json")).json
    assert (made["transport"], made["srtp"], made["inbound_addresses"]) == ("tcp", "optional", ["192.0.2.0/24"])
    listed, shown, changed = await asyncio.gather(
        run("trunk", "list"),
        run("trunk", "show", "provider", "--json"),
        run("trunk", "update", made["id"], "--set", "max_concurrent_calls=null", "--set", "name=Other [red]"),
    )
    assert made["id"] in listed.out
    assert "127.0.0.1:1" in listed.out
    assert shown.json == made
    assert "Other [red]" in changed.out
    tested, listed = await asyncio.gather(run("trunk", "test", made["id"], "--json"), run("trunk", "list", "--json"))
    assert tested.code == 1
    assert json.loads(tested.out)["success"] is False
    assert [one["max_concurrent_calls"] for one in listed.json if one["id"] == made["id"]] == [None]
    unsure, deleted = await run("trunk", "delete", made["id"]), await run("trunk", "delete", made["id"], "--yes")
    assert (unsure.code, deleted.code) == (2, 0)
    assert "--yes" in unsure.error
    assert deleted.out == f"Deleted trunk {made['id']}\n"


async def test_an_assistant_is_changed_in_its_depth(run: Shell, tmp_path: Path) -> None:
    file = tmp_path / "assistant.json"
    file.write_text(json.dumps({"name": "Desk", "first_message": "Good day."}))
    llm = ("--llm", "local/scripted", "--prompt", "Be brief.", "--record")
    made = (await run("assistant", "create", "Front desk", *llm, "--from", str(file), "--json")).json
    assert (made["name"], made["first_message"], made["recording_enabled"]) == ("Front desk", "Good day.", True)
    assert made["llm_config"]["messages"] == [{"role": "system", "content": "Be brief."}]
    told = await run("assistant", "update", "front desk", "--set", "llm_config.messages.0.content=Be long.", "--json")
    assert told.json["llm_config"] == {**made["llm_config"], "messages": [{"role": "system", "content": "Be long."}]}
    piped = await run("assistant", "update", made["id"], "--from", "-", "--json", typed='{"business_name": "Bakery"}')
    assert piped.json["business_name"] == "Bakery"
    shown, listed, deleted = (
        await run("assistant", "show", made["id"]),
        await run("assistant", "list", "--limit", "1"),
        await run("assistant", "delete", made["id"], "--yes", "--json"),
    )
    assert "Be long." in shown.out
    assert "Front desk" in listed.out
    assert deleted.json == {"success": True}


async def test_a_number_names_its_trunk_and_assistant(run: Shell) -> None:
    trunk, one, _ = [
        (await run(noun, "create", name, *more, "--json")).json["id"]
        for noun, name, more in (
            ("trunk", "Line", ("--address", "127.0.0.1:2")),
            ("assistant", "Twin", ()),
            ("assistant", "twin", ()),
        )
    ]
    unclear, unknown = await asyncio.gather(
        run("number", "create", "+31850830001", "--assistant", "Twin"),
        run("number", "create", "+31850830001", "--trunk", "Nobody's"),
    )
    assert (unclear.code, unknown.code) == (2, 2)
    assert one in unclear.error
    assert "Nobody's" in unknown.error
    made = (await run("number", "create", "+31850830001", "--assistant", one, "--trunk", "line", "--json")).json
    assert (made["assistant_id"], made["trunk_id"]) == (one, trunk)
    changed, listed = (
        await run(
            "number", "update", "+31850830001", "--set", "assistant_id=null", "--set", "is_active=false", "--json"
        ),
        await run("number", "list"),
    )
    assert (changed.json["assistant_id"], changed.json["is_active"]) == (None, False)
    assert "+31850830001" in listed.out
    shown, deleted = await run("number", "show", made["id"]), await run("number", "delete", "+31850830001", "-y")
    assert "is_active" in shown.out
    assert deleted.code == 0


async def test_a_key_is_shown_once_and_revoked(run: Shell) -> None:
    made = (await run("key", "create", "Reader", "--scope", "read", "--expires", "2099-01-31T18:00", "--json")).json
    assert made["key"].startswith("tl_live_")
    assert (made["scopes"], made["expires_at"][:7]) == (["read"], "2099-01")
    shown, listed, refused = await asyncio.gather(
        run("key", "show", "reader", "--json"),
        run("key", "list"),
        run("assistant", "create", "X", TRUNKLINE_API_KEY=made["key"]),
    )
    assert shown.json["id"] == made["id"]
    assert made["key"] not in shown.out + listed.out
    assert "Reader" in listed.out
    assert refused.code == 1
    assert len(refused.error.splitlines()) == 1
    assert (await run("key", "delete", "Reader", "--yes")).out == f"Deleted key {made['id']}\n"
    revoked = await run("number", "list", "--json", TRUNKLINE_API_KEY=made["key"])
    assert (revoked.code, revoked.out) == (1, "")
    assert json.loads(revoked.error)["code"] == "api_key_revoked"


async def test_an_organisation_and_its_child(run: Shell) -> None:
    made = (await run("org", "create-child", "Bakery", "--max-calls", "2", "--json")).json
    assert made["api_key"].startswith("tl_live_")
    child, children, usage, changed = await asyncio.gather(
        run("org", "show", "--acting-for", made["id"], "--json"),
        run("org", "children"),
        run("org", "usage", "--since", "2020-01-01", "--type", "phone", "--children", "--json"),
        run("org", "update", "--set", "email=desk@example.com"),
    )
    assert (child.json["name"], child.json["max_concurrent_calls"]) == ("Bakery", 2)
    assert "Bakery" in children.out
    assert usage.json["summary"]["total_calls"] == len(usage.json["logs"])
    assert "desk@example.com" in changed.out
    foreign, shown, table = await asyncio.gather(
        run("org", "show", "--acting-for", NO_ID), run("org", "show"), run("org", "usage")
    )
    assert foreign.code == 1
    assert "not_found" in foreign.error
    assert "Bright Smile Dental" in shown.out
    assert "total_duration_minutes" in table.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("number", "show", NO_ID), 1, "not_found"),
        (("trunk", "create", "X", "--set", "nonsense=1"), 1, "nonsense"),
        (("trunk", "create", "--from", "/nowhere.json"), 2, "/nowhere.json"),
        (("trunk", "create", "--from", "-"), 2, "no JSON"),
        (("trunk", "create", "X", "--set", "name"), 2, "path=value"),
        (("trunk", "update", NO_ID), 2, "--set"),
        (("trunk", "update", NO_ID, "--set", "id=1"), 2, "id is no field"),
        (("number", "show", ""), 2, "ID"),
        (("call", "show", "../numbers"), 1, "not_found"),
        (("call", "+31612345678", "--at", "tomorrow"), 2, "2026-05-04T15:30"),
        (("call", "+31612345678", "--var", "x"), 2, "key=value"),
        (("call", "0612345678", "--set", "assistant.llm_config.provider=local"), 1, "E.164"),
        (("call", "lst"), 2, "list"),
        (("campaign", "create", "X", "--hours", "9"), 2, "09:00-17:30"),
        (("number", "list", "--url", "ftp://x"), 2, "https://calls.example.com"),
        (("number", "list", "--url", "http://127.0.0.1:1"), 1, "trunkline serve"),
        (("number", "list", "--key", "tl_live_unknown"), 1, "invalid_api_key"),
        (("number", "list", "--key", ""), 2, "TRUNKLINE_API_KEY"),
    ],
)
async def test_what_goes_wrong_is_one_clear_sentence(run: Shell, words: tuple[str, ...], code: int, told: str) -> None:
    done = await run(*words)
    assert (done.code, done.out) == (code, "")
    assert told in done.error


async def test_a_call_is_followed_from_the_dialling_to_what_it_came_to(run: Shell, tmp_path: Path) -> None:
    await run("assistant", "create", "Caller", "--first-message", "Hello {{name}}, this is a call from the terminal.")
    with SippUas("uas_answer", calls=None) as peer:
        number = await run.house.number(peer.start())
        order = (
            "+31612345678",
            "--assistant",
            "caller",
            "--number",
            number,
            "--var",
            "name=Maria",
            "--metadata",
            "n=1",
        )
        placed = (await run("call", *order, "--set", "assistant_override.recording_enabled=true", "--json")).json
        which = placed["call_id"]
        await run.house.until(which, lambda call: bool(call["messages"]))
        following = asyncio.create_task(run.process("call", "follow", which))
        orders = [
            await run("call", "inject", which, "It is raining."),
            await run("call", "dtmf", which, "1#", "--json"),
            await run("call", "say", which, "That was all. Goodbye.", "--end-after"),
        ]
        assert [done.code for done in orders] == [0, 0, 0], orders
        followed = await following
    assert followed.code == 0, followed
    told = [line.split(maxsplit=2)[1:] for line in followed.out.splitlines() if line[2:3] == ":"]
    assert ["assistant", GREETING] in told, followed.out
    assert ["assistant", "That was all. Goodbye."] in told
    assert [words for who, words in told if who == "call"][-1].startswith("ended")
    assert any(who == "order" and words.startswith("say done") for who, words in told)
    assert "…" not in followed.out, "words that are not final are for terminals"
    assert "cost" in followed.out
    call, events, ladder, listed, saved = await asyncio.gather(
        run("call", "show", which, "--json"),
        run("call", "events", which),
        run("call", "sip", which),
        run("call", "list", "--assistant", "Caller", "--status", "ended", "--direction", "outbound", "--json"),
        run("call", "recording", which, "-o", str(tmp_path / "call.wav"), "--json"),
    )
    assert (call.json["metadata"], call.json["end_reason"]) == ({"n": 1}, "api_ended")
    assert (events.lines[-1]["event"], events.lines[-1]["data"]["status"]) == ("status", "ended")
    assert "INVITE" in ladder.out
    assert [one["id"] for one in listed.json] == [which]
    assert (tmp_path / "call.wav").stat().st_size == saved.json["bytes"] > 44


async def test_ctrl_c_leaves_a_call_where_nobody_can_be_asked_and_else_asks(run: Shell) -> None:
    await run("assistant", "create", "Patient")
    with SippUas("uas_answer") as peer:
        number = await run.house.number(peer.start())
        order = ("+31612345678", "--assistant", "Patient", "--number", number)
        placed = (await run("call", *order, "--json")).json["call_id"]
        await run.house.until(placed, lambda call: call["status"] == "in-progress")
        piped = await run.interrupted("call", "follow", placed)
        assert piped.code == 130
        assert f"trunkline call end {placed}" in piped.error
        assert (await run.house.api.get(f"/calls/{placed}"))["status"] == "in-progress"
        asked = await run.interrupted("call", "follow", placed, answer="y\n")
    assert asked.code == 0, asked
    assert "Hang up?" in asked.out
    assert "api_ended" in asked.out


async def test_a_call_that_fails_is_exit_code_1_and_json_has_its_events_and_the_call(run: Shell) -> None:
    await run("assistant", "create", "Hopeless")
    with SippUas("uas_final", keys={"status": "486 Busy Here"}) as peer:
        number = await run.house.number(peer.start())
        failed = await run("call", "+31612345678", "--assistant", "Hopeless", "--number", number, "--follow", "--json")
    assert failed.code == 1
    *events, call = failed.lines
    assert {"id", "event", "data"} == set(events[0])
    assert (call["status"], call["end_reason"]) == ("failed", "busy")


async def test_a_scheduled_call_is_cancelled(run: Shell) -> None:
    await run("assistant", "create", "Later")
    with SippUas("uas_answer") as peer:
        number = await run.house.number(peer.start())
        order = ("+31612345678", "--assistant", "Later", "--number", number, "--max-ring", "20")
        placed = (await run("call", "--at", "2026-11-30T10:00Z", *order, "--json")).json
    assert placed["status"] == "queued"
    table = await run("call", "list", "--status", "queued", COLUMNS="60")
    assert placed["call_id"] in table.out
    assert (await run("call", "end", placed["call_id"])).code == 0
    assert (await run.house.ended(placed["call_id"]))["end_reason"] == "cancelled"


async def test_a_campaign_is_watched_to_its_end(run: Shell, tmp_path: Path) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("phone_number,name\n+31612345678,Ada\n+31612345679,Grace\n", encoding="utf-8-sig")
    await run("assistant", "create", "Reminder", "--first-message", "Hello {{name}}.")
    with SippUas("uas_bye", calls=None) as peer:
        number = await run.house.number(peer.start())
        options = ("--assistant", "Reminder", "--number", number, "--at-once", "2", "--hours", "00:00-00:00")
        made = (await run("campaign", "create", "Round", *options, "--leads", str(leads), "--json")).json
        campaign = made["campaign"]
        assert (campaign["status"], campaign["total_leads"], made["warnings"]) == ("draft", 2, [])
        states = [(await run("campaign", order, "Round", "--json")).json["status"] for order in ("start", "pause")]
        assert states == ["scheduled", "paused"]
        paused = await run("campaign", "watch", "Round")
        assert (paused.code, paused.out.splitlines()[-1][:6]) == (1, "paused")
        assert (await run("campaign", "resume", "Round")).code == 0
        watched = await run("campaign", "watch", campaign["id"], "--json")
    assert watched.code == 0, watched
    assert (watched.lines[-1]["status"], watched.lines[-1]["completed_leads"]) == ("completed", 2)
    bar = await run("campaign", "watch", "Round", FORCE_COLOR="1", TERM="xterm")
    assert "2/2" in bar.out
    assert "2 completed" in bar.out
    listed, table, shown, calls = await asyncio.gather(
        run("campaign", "leads", "Round", "--status", "completed", "--json"),
        run("campaign", "list"),
        run("campaign", "show", "Round"),
        run("call", "list", "--campaign", campaign["id"]),
    )
    assert {one["name"] for one in listed.json} == {"Ada", "Grace"}
    assert "Round" in table.out
    assert "completed_leads" in shown.out
    assert calls.out.count("call-outbound-") == 2
    assert (await run("campaign", "delete", "Round", "--yes")).code == 0


async def test_a_campaign_whose_leads_are_refused_is_not_made(run: Shell, tmp_path: Path) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("phone_number\nnobody\n+31612345678\n")
    refused = await run("campaign", "create", "Never", "--leads", str(leads))
    assert refused.code == 1
    assert "Never" not in (await run("campaign", "list")).out
    cancelled = await run("campaign", "create", "Never", "--json")
    more = await run("campaign", "add-leads", "Never", str(leads), "--skip-invalid", "--json")
    assert (more.json["added"], len(more.json["errors"])) == (1, 1)
    assert (await run("campaign", "cancel", cancelled.json["campaign"]["id"], "--json")).json["status"] == "cancelled"


async def test_webhooks_are_listed_sent_again_and_tried(run: Shell) -> None:
    came = asyncio.Event()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        came.set()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        await run("assistant", "create", "Telling", "--set", f"webhook_url={url}")
        tried = await run("webhook", "test", "--assistant", "Telling", "--event", "status-update", "--json")
        assert tried.json["attempt"]["status_code"] == 204
        with SippUas("uas_final", keys={"status": "486 Busy Here"}) as peer:
            number = await run.house.number(peer.start())
            placed = await run("call", "+31612345678", "--assistant", "Telling", "--number", number, "--json")
            call = placed.json["call_id"]
            await run.house.ended(call)
        async with asyncio.timeout(30):
            while not (found := (await run("webhook", "list", "--call", call, "--status", "delivered", "--json")).json):
                await came.wait()
        which = found[-1]["id"]
        shown, table = await run("webhook", "show", which), await run("webhook", "list", "--limit", "1")
        assert url in shown.out
        assert "204" in table.out
        came.clear()
        assert (await run("webhook", "redeliver", which, "--json")).json["id"] == which
        async with asyncio.timeout(30):
            await came.wait()


async def test_a_call_is_followed_through_the_death_of_the_platform(run: Shell) -> None:
    await run("assistant", "create", "Enduring")
    with SippUas("uas_answer") as peer:
        number = await run.house.number(peer.start())
        order = ("+31612345678", "--assistant", "Enduring", "--number", number)
        placed = (await run("call", *order, "--json")).json["call_id"]
        await run.house.until(placed, lambda call: call["status"] == "in-progress")
        following = asyncio.create_task(run.process("call", "follow", placed, "--json"))
        await asyncio.sleep(1.5)
        await run.house.kill()
        await run.house.start()
        followed = await following
    assert followed.code == 1, followed
    assert followed.lines[-1]["status"] == "failed"
    ids = [line["id"] for line in followed.lines[:-1] if line["id"] is not None]
    assert ids == sorted(set(ids)), "none comes twice"
