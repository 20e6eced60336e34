"""The README's first call and the manual's call over a trunk, typed as they are printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import blocks
from tests.docs.terminal import FIRST_CALL, Terminal, client_side
from tests.peers import BaresipPeer, SippUas
from trunkline.testing.ports import free_port

pytestmark = [pytest.mark.call, pytest.mark.timeout(180)]


def _said(call: dict[str, Any], role: str) -> str:
    return " ".join(message["content"] for message in call["messages"] if message["role"] == role)


def _read(printed: str) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]:
    """The events that ``/events`` printed, and the JSON on the last line."""
    lines = printed.splitlines()
    names = [line[6:].strip() for line in lines if line.startswith("event:")]
    data = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
    last = lines[-1]
    return list(zip(names, data, strict=True)), json.loads(last) if last.startswith("{") else {}


def test_the_first_call_of_the_readme_is_a_conversation(tmp_path: Path) -> None:
    serve, callee, setup, orders, reading = blocks("README.md", "sh", FIRST_CALL)
    ports = {
        "127.0.0.1:8080": f"127.0.0.1:{free_port()}",
        "127.0.0.1:5060": f"127.0.0.1:{free_port()}",
        "127.0.0.1:5070": f"127.0.0.1:{free_port()}",
    }
    terminal = Terminal(tmp_path, ports)
    with (
        terminal.background(serve, "serve.log", r"\bready\b"),
        terminal.background(callee, "callee.log", '"ready"') as told,
    ):
        printed = terminal.run(setup, orders, reading)
        heard = " ".join(json.loads(line).get("text", "") for line in told.read_text().splitlines() if "heard" in line)
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith('{"success"')]
    assert [answer["success"] for answer in answers] == [True, True, True]
    events, call = _read(printed)
    assert (call["status"], call["end_reason"]) == ("ended", "api_ended")
    assert _said(call, "assistant").startswith("Hello Maria, this is the virtual assistant of Bright Smile Dental.")
    assert "Please bring your insurance card." in _said(call, "assistant")
    assert "There is free parking behind the building." in _said(call, "system")
    assert call["messages"][-1]["content"] == "Goodbye."
    assert _said(call, "user"), "the callee was not understood"
    assert "insurance" in heard.lower(), heard
    assert call["summary"]
    assert call["recording_url"]
    assert call["latency"]["turns"]
    assert {"status", "transcript", "command", "latency"} <= {name for name, _ in events}
    assert events[-1][1]["status"] == "ended"
    assert (tmp_path / "data" / "trunkline.db").exists()


def test_the_call_over_a_trunk_is_made_with_the_printed_commands(tmp_path: Path) -> None:
    serve, trunk, probe, call = blocks("docs/first-real-call.md", "sh")
    with SippUas("uas_auth", echo=False) as provider, BaresipPeer() as other:
        replaced = {
            "127.0.0.1:8080": f"127.0.0.1:{free_port()}",
            "0.0.0.0:5060": f"127.0.0.1:{free_port()}",
            "sip.example.net": f"127.0.0.1:{provider.start()}",
            "your user name": "bot",
            "your password": "s3cret",
            '"llm_config"': '"silence_timeout_seconds": 1, "llm_config"',
        }
        terminal = Terminal(tmp_path, replaced)
        with terminal.background(serve, "serve.log", r"\bready\b"):
            printed = terminal.run(client_side(), trunk, call)
            again = trunk.replace("sip.example.net", f"127.0.0.1:{other.start()}")
            tested = json.loads(terminal.run(client_side(), again, probe))
        invites = list(provider.requests("INVITE"))
    events, _ = _read(printed)
    states = [data["status"] for name, data in events if name == "status"]
    assert states[-1] == "ended", events
    assert "in-progress" in states
    assert len(invites) == 2
    assert 'username="bot"' in invites[1]["Authorization"]
    assert "+31850835038" in invites[1]["From"]
    assert "s3cret" not in (tmp_path / "serve.log").read_text()
    assert [(step["name"], step["ok"]) for step in tested["steps"]] == [
        ("dns", True),
        ("options", True),
        ("register", None),
    ]
