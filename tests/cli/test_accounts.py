"""Credit and limits as an operator gives them on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.cli.test_commands import _environment
from trunkline.base.errors import Invalid, NotFound
from trunkline.cli.main import app

pytestmark = pytest.mark.room


def _run(folder: Path, *command: str, **settings: str) -> Result:
    return CliRunner().invoke(app, ["org", *command], env=_environment(folder, **settings))


def _org(folder: Path) -> str:
    return str(json.loads(_run(folder, "create", "Bright Smile", "--json").stdout)["id"])


def _told(folder: Path, *command: str) -> dict[str, Any]:
    done = _run(folder, *command, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    del found["id"], found["name"]
    return found


def test_credit_is_given_shown_and_taken_away(tmp_path: Path) -> None:
    org_id = _org(tmp_path)
    assert _told(tmp_path, "credit", org_id) == {"minutes_balance": None, "credits_balance": None}
    assert _told(tmp_path, "credit", org_id, "--minutes", "100")["minutes_balance"] == 100
    both = _told(tmp_path, "credit", org_id, "--minutes", "-30.5", "--credits", "20", "--add")
    assert both == {"minutes_balance": 69.5, "credits_balance": 20}
    some = _told(tmp_path, "credit", org_id, "--set", "--credits", "5", "--unmetered")
    assert some == {"minutes_balance": None, "credits_balance": 5}
    plain = _run(tmp_path, "credit", org_id, "--unmetered")
    assert plain.stdout == f"Bright Smile ({org_id})\nminutes: not metered\ncredits: not metered\n"
    unknown = _run(tmp_path, "credit", "nobody", "--minutes", "1")
    assert isinstance(unknown.exception, NotFound)


def test_limits_are_given_and_kept_within_what_the_installation_takes(tmp_path: Path) -> None:
    org_id = _org(tmp_path)
    limits = _told(tmp_path, "limits", org_id, "--max", "20", "--guaranteed", "8")
    assert limits == {"max_concurrent_calls": 20, "guaranteed_concurrent_calls": 8}
    assert _told(tmp_path, "limits", org_id, "--no-max", "--guaranteed", "0") == {
        "max_concurrent_calls": None,
        "guaranteed_concurrent_calls": None,
    }
    refused = _run(tmp_path, "limits", org_id, "--guaranteed", "11", max_calls="10")
    assert isinstance(refused.exception, Invalid)
    assert "at most 10 can be guaranteed here" in refused.exception.message
    both = _run(tmp_path, "limits", org_id, "--max", "1", "--no-max")
    assert both.exit_code == 2
    plain = _run(tmp_path, "limits", org_id)
    assert plain.stdout == f"Bright Smile ({org_id})\nat most: no limit\nguaranteed: none\n"
