"""The commands of the page about campaigns, run as they stand against a running installation and a phone that answers."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.installation import installation
from tests.peers import SippUas

pytestmark = pytest.mark.call
ASSISTANT = {"name": "Reminder", "first_message": "Hello {{name}}, your appointment is at {{time}}."}


async def test_the_commands_of_the_page_call_everybody_on_the_list(tmp_path: Path) -> None:
    make, watch = blocks("docs/campaigns.md", "sh")
    async with installation(tmp_path) as house:
        with SippUas("uas_bye", calls=None) as peer:
            await house.number(peer.start())
            assistant = (await house.api.post("/assistants", ASSISTANT))["assistant"]["id"]
            environment = {**os.environ, "URL": f"{house.url}/api/v1", "KEY": house.key, "ASSISTANT": assistant}
            wait = """for _ in $(seq 300); do
                case $(curl -sSf "$URL/campaigns/$CAMPAIGN" -H "Authorization: Bearer $KEY") in
                *'"status":"completed"'*) break;; esac; sleep 0.1; done"""
            done = subprocess.run(  # noqa: ASYNC221
                ["bash", "-eu", "-o", "pipefail", "-c", "\n".join((make, wait, watch))],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            [campaign] = (await house.api.get("/campaigns"))["campaigns"]
            calls = (await house.api.get(f"/calls?campaign_id={campaign['id']}"))["calls"]
    assert (campaign["status"], campaign["completed_leads"], campaign["total_leads"]) == ("completed", 2, 2)
    assert {call["caller_phone"] for call in calls} == {"+31612345678", "+31612345679"}
