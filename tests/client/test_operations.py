"""The client has a method for every operation of the API, and none for anything else."""

import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trunkline.api.app import OPERATIONS, PREFIX
from trunkline.client import ApiError, AsyncTrunkline, Trunkline

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("pydantic", "fastapi", "sqlalchemy", "aiohttp", "numpy", "baresip", "trunkline.base", "trunkline.domain")


def _operation(method: str, path: str) -> str:
    """The name of the operation that a request is for."""
    of_method = [one for one in OPERATIONS if one.method == method and not one.deprecated]
    for one in sorted(of_method, key=lambda operation: operation.path.count("{")):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one.path), path.removeprefix(PREFIX)):
            return one.name
    return f"nothing: {method} {path}"


def _arguments(method: Any) -> tuple[list[str], dict[str, Any]]:
    signature = inspect.signature(method)
    needed = [one for one in signature.parameters.values() if one.default is one.empty]
    positional = ["an-id" for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
    if method.__name__ == "control":
        return ["an-id"], {"order": {"type": "mute"}}
    return positional, {one.name: "text" for one in needed if one.kind is one.KEYWORD_ONLY}


def _methods(client: object) -> list[tuple[str, Any]]:
    parts = [(name, part) for name, part in vars(client).items() if not name.startswith("_")]
    found = [
        (f"{noun}.{name}", method)
        for noun, part in parts
        for name, method in inspect.getmembers(part, inspect.ismethod)
        if not name.startswith("_")
    ]
    return [*found, ("health", client.health)]  # type: ignore[attr-defined]


async def _run(client: AsyncTrunkline, method: Any) -> None:
    positional, named = _arguments(method)
    made = method(*positional, **named)
    if inspect.isasyncgen(made):
        await anext(made)
    elif hasattr(made, "page"):
        await made.page()
    elif hasattr(made, "__aenter__"):
        async with made:
            pass
    else:
        await made


def _run_blocking(method: Any) -> None:
    positional, named = _arguments(method)
    made = method(*positional, **named)
    if inspect.isgenerator(made):
        next(made)
    elif hasattr(made, "page"):
        made.page()
    elif hasattr(made, "__enter__"):
        with made:
            pass


def _refusing(asked: list[httpx2.Request]) -> httpx2.MockTransport:
    """Keeps what is asked, and refuses it."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(404, json={"error": "No", "message": "No.", "code": "not_found"})

    return httpx2.MockTransport(refuse)


def _check(done: dict[str, str]) -> None:
    assert not [f"{name}: {what}" for name, what in done.items() if what.startswith("nothing")]
    wanted = {one.name for one in OPERATIONS if not one.deprecated}
    assert wanted - set(done.values()) == set(), "the client has no method for these"


async def test_every_operation_has_a_method() -> None:
    done: dict[str, str] = {}
    asked: list[httpx2.Request] = []

    async with httpx2.AsyncClient(transport=_refusing(asked)) as http:
        client = AsyncTrunkline("tl_live_x", http=http)
        for name, method in _methods(client):
            with pytest.raises(ApiError):
                await _run(client, method)
            done[name] = _operation(asked[-1].method, asked[-1].url.path)
    _check(done)
    several = {name for name, count in Counter(done.values()).items() if count > 1}
    assert several <= {"controlCall", "followCall", "getRecording", "listUsage"}
    assert all("Idempotency-Key" in one.headers for one in asked if one.method == "POST")


def test_every_operation_has_a_blocking_method() -> None:
    done: dict[str, str] = {}
    asked: list[httpx2.Request] = []

    with httpx2.Client(transport=_refusing(asked)) as http:
        for name, method in _methods(Trunkline("tl_live_x", http=http)):
            with pytest.raises(ApiError):
                _run_blocking(method)
            done[name] = _operation(asked[-1].method, asked[-1].url.path)
    _check(done)


def test_what_is_made_of_the_client_is_fresh() -> None:
    script = str(ROOT / "scripts" / "make_client_types.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_client_brings_nothing_else_of_the_platform() -> None:
    code = "import sys, trunkline.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "trunkline.client" in loaded
    assert not [name for name in loaded if name in HEAVY or (name.startswith("trunkline.") and "client" not in name)]
