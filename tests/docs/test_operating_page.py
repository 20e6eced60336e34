"""The copies of the manual: made while the platform runs and somebody talks, and gone back to in a new folder."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.terminal import FIRST_CALL, Terminal
from trunkline.testing.ports import free_port

pytestmark = [pytest.mark.call, pytest.mark.timeout(120)]
ENDED = """
until [ "$(api /calls/$CALL | field status)" = in-progress ]; do sleep 0.2; done
sleep 2
api /calls/$CALL/control -d '{"type": "end-call"}' >/dev/null
until [ "$(api /calls/$CALL | field status)" = ended ]; do sleep 0.2; done
"""
SCHEDULED = """
WHEN=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
order() { api /calls/outbound -d '{"destination": "+31612345678", "assistant_id": "'$ASSISTANT'",
  "variables": {"name": "Ada"}'"$1"'}' | field call_id; }
LATER=$(order ', "scheduled_at": "'$WHEN'"')
TALKING=$(order '')
until [ "$(api /calls/$TALKING | field status)" = in-progress ]; do sleep 0.2; done
sleep 3
export TRUNKLINE_DATA_DIR=data BACKUP=backup KEYS=keys RESTORED=restored
mkdir backup keys
cp data/master.key keys/
"""
TOLD = """
echo $CALL $LATER $TALKING $KEY > ids
api /calls/$CALL > call.json
api /calls/$TALKING/control -d '{"type": "end-call"}' >/dev/null
until [ "$(api /calls/$TALKING | field status)" = ended ]; do sleep 0.2; done
"""
ASKED = """
read -r CALL LATER TALKING KEY < ids
get() { curl -sS --fail-with-body --retry 50 --retry-delay 1 --retry-connrefused "$@"; }
api() { get "http://127.0.0.1:8080/api/v1$1" -H "Authorization: Bearer $KEY"; echo; }
for id in $CALL $LATER $TALKING; do api /calls/$id; done
api '/calls?status=queued'
get "$(api /calls/$CALL | python3 -c 'import json, sys; print(json.load(sys.stdin)["recording_url"])')" > call.wav
get "$(api /calls/$TALKING | python3 -c 'import json, sys; print(json.load(sys.stdin)["recording_url"])')" > talking.wav
"""


def test_a_copy_of_a_running_platform_is_whole(tmp_path: Path) -> None:
    serve, callee, setup, *_ = blocks("README.md", "sh", FIRST_CALL)
    backup, restore = blocks("docs/operating.md", "sh", "What to keep")[:2]
    terminal = Terminal(tmp_path, {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8080, 5060, 5070)})
    with (
        terminal.background(serve, "serve.log", r"\bready\b"),
        terminal.background(callee, "callee.log", '"ready"'),
    ):
        terminal.run(setup, ENDED, SCHEDULED, backup, TOLD, restore)
    before = json.loads((tmp_path / "call.json").read_text())
    with terminal.background(f"TRUNKLINE_DATA_DIR=restored {serve}", "restored.log", r"\bready\b"):
        printed = terminal.run(ASKED)
    call, later, talking, queued = (json.loads(line) for line in printed.splitlines() if line)
    for name in ("status", "end_reason", "messages", "created_at", "assistant"):
        assert call[name] == before[name], name
    assert (later["status"], talking["status"], talking["end_reason"]) == ("queued", "failed", "worker_lost")
    assert [one["id"] for one in queued["calls"]] == [later["id"]]
    sound = (tmp_path / "call.wav").read_bytes()
    assert sound == (tmp_path / "data/recordings" / f"{call['id']}.wav").read_bytes()
    assert len((tmp_path / "talking.wav").read_bytes()) > 16_000
