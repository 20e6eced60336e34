"""A terminal for the manual's shell blocks: real bash, the blocks as they stand, only ports, paths and hosts replaced."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.docs.pages import blocks

FIRST_CALL = "The first call of your own"
BIN = str(Path(sys.executable).parent)


class Terminal:
    """A folder, an environment and the replacements that every block goes through."""

    def __init__(self, folder: Path, replaced: Mapping[str, str]) -> None:
        self.folder = folder
        self._replaced = {".venv/bin/": f"{BIN}/", **replaced}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        self._environment = {**clean, "TRUNKLINE_HTTP_LISTEN": self._as_here("127.0.0.1:8080")}

    def run(self, *scripts: str, seconds: float = 90) -> str:
        """Runs blocks one after the other in one bash; what they print. Fails with their errors."""
        text = "\n".join(self._as_here(script) for script in scripts)
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", text],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def background(self, script: str, log: str, ready: str) -> Iterator[Path]:
        """Runs a block beside the others until the end; goes on when its log matches ``ready``."""
        path = self.folder / log
        with path.open("wb") as out:
            running = subprocess.Popen(
                ["bash", "-c", self._as_here(script)],
                cwd=self.folder,
                env=self._environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            until = time.monotonic() + 60
            while not re.search(ready, path.read_text()):
                assert running.poll() is None, path.read_text()
                assert time.monotonic() < until, f"{script} was never ready: {path.read_text()}"
                time.sleep(0.1)
            yield path
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()

    def _as_here(self, text: str) -> str:
        for old, new in self._replaced.items():
            text = text.replace(old, new)
        return text


def client_side() -> str:
    """The README's ``KEY``, ``api`` and ``field``: the first paragraph of its client block."""
    return blocks("README.md", "sh", FIRST_CALL)[2].partition("\n\n")[0]
