"""The commands of the page about the command line, typed as they are printed, with a phone that answers."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.terminal import Terminal
from tests.peers import SippUas
from trunkline.testing.ports import free_port

pytestmark = [pytest.mark.call, pytest.mark.timeout(180)]
SERVE = "TRUNKLINE_SIP_LISTEN=127.0.0.1:5060 .venv/bin/trunkline serve"


def test_the_command_line_as_the_manual_has_it(tmp_path: Path) -> None:
    with SippUas("uas_bye", calls=None) as phone:
        ports = {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8080, 5060)}
        terminal = Terminal(tmp_path, {**ports, "127.0.0.1:5070": f"127.0.0.1:{phone.start()}"})
        with terminal.background(SERVE, "serve.log", r"\bready\b"):
            printed = terminal.run("\necho '-----'\n".join(blocks("docs/command-line.md", "sh")), seconds=150)
    organisation, equipment, changed, followed, after, campaign, rest = printed.split("-----\n")
    assert "Bright Smile Dental" in organisation
    assert "My phone" in equipment
    assert json.loads(changed[changed.index("\n{") :])["max_duration_seconds"] == 120
    assert "ended (user_hangup)" in followed
    assert "INVITE" in after
    assert "user_hangup" in after
    assert "completed; of 2 leads" in campaign
    assert {"Ada", "Bob"} <= set(campaign.split())
    assert json.loads(rest[rest.index("{") : rest.index("}") + 1])["scopes"] == ["read"]
    assert "total_calls" in rest
