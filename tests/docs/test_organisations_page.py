"""The commands of the pages about organisations and credit, typed as they are printed."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.terminal import Terminal, client_side
from trunkline.testing.ports import free_port

pytestmark = [pytest.mark.call, pytest.mark.timeout(180)]
SERVE = "TRUNKLINE_SIP_LISTEN=127.0.0.1:5060 .venv/bin/trunkline serve"


def test_organisations_and_credit_as_the_manual_has_them(tmp_path: Path) -> None:
    ports = {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8080, 5060)}
    terminal = Terminal(tmp_path, ports)
    children, limits = blocks("docs/organisations.md", "sh")
    credit, usage = blocks("docs/usage-and-credit.md", "sh")
    with terminal.background(SERVE, "serve.log", r"\bready\b"):
        printed = terminal.run(client_side(), children, limits, credit, usage, 'echo "$CHILD_KEY"')
    told = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    listed, assistant, child, most, left, organisation, filtered, _ = told
    assert [one["name"] for one in listed["children"]] == ["Bakery Janssen"]
    assert assistant["assistant"]["name"] == "Order desk"
    assert (child["max_concurrent_calls"], child["monthly_minutes_limit"]) == (3, 500)
    assert child["parent_org_id"] == listed["id"]
    assert (most["max_concurrent_calls"], most["guaranteed_concurrent_calls"]) == (40, 10)
    assert (left["minutes_balance"], left["credits_balance"]) == (50, None)
    assert (organisation["minutes_balance"], organisation["max_concurrent_calls"]) == (50, None)
    assert filtered["summary"]["total_calls"] == 0
    assert printed.rstrip().splitlines()[-1].startswith("tl_live_")
