"""A whole installation in its own process, as an operator starts it, with a client of its API."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings
from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.services import organisations
from trunkline.testing.ports import free_port

START_SECONDS = 60.0
END_STATES = {"ended", "failed", "rejected", "transferred"}


@dataclass(slots=True)
class Installation:
    """One data directory and the process that serves it; it can be killed and started again."""

    folder: Path
    environment: dict[str, str]
    api: ApiClient
    key: str
    log: Path
    process: asyncio.subprocess.Process | None = None
    numbers: dict[int, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its API listens."""
        return f"http://{self.environment['TRUNKLINE_HTTP_LISTEN']}"

    async def start(self) -> None:
        """Starts the platform's process and waits until it can take calls."""
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "trunkline.app.process", env=self.environment, stdout=out, stderr=out
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._healthy():
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), 20)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise

    async def number(self, sip_port: int, **trunk: Any) -> str:
        """The id of a number whose trunk leads to that port of 127.0.0.1."""
        if sip_port not in self.numbers or trunk:
            body = {"name": f"peer {sip_port}", "address": f"127.0.0.1:{sip_port}", **trunk}
            made = (await self.api.post("/sip-trunks", body))["trunk"]
            phone = f"+3185083{5000 + len(self.numbers):04d}"
            line = {"phone_number": phone, "name": "Main line", "trunk_id": made["id"]}
            self.numbers[sip_port] = (await self.api.post("/numbers", line))["number"]["id"]
        return self.numbers[sip_port]

    async def call(self, sip_port: int, assistant: dict[str, Any], **order: Any) -> str:
        """Places a call with a transient assistant; its id."""
        number = await self.number(sip_port)
        body = {"destination": "+31612345678", "number_id": number, "assistant": assistant, **order}
        return str((await self.api.post("/calls/outbound", body))["call_id"])

    async def until(self, call_id: str, so: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
        """The call object as soon as ``so`` is true of it."""
        call: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while not so(call := await self.api.get(f"/calls/{call_id}")):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"it never became so: {call}\n{self.log.read_text()[-3000:]}") from None
        return call

    async def ended(self, call_id: str, seconds: float = 30) -> dict[str, Any]:
        """The call object once the call is in an end state."""
        return await self.until(call_id, lambda call: call["status"] in END_STATES, seconds)

    async def _healthy(self) -> bool:
        with suppress(aiohttp.ClientError, TrunklineError):
            await self.api.get("/health")
            return True
        return False


@asynccontextmanager
async def installation(folder: Path, **options: str) -> AsyncIterator[Installation]:
    """A running installation in ``folder``; ``options`` are settings by their short names (``max_calls="5"``)."""
    http = f"127.0.0.1:{free_port()}"
    settings = {
        "data_dir": str(folder / "data"),
        "http_listen": http,
        "sip_listen": f"127.0.0.1:{free_port()}",
        "rate_limit_per_minute": "100000",
        "control_limit_per_minute": "1000",
        "allow_insecure_webhooks": "true",
        "drain_seconds": "1",
        **options,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    environment |= {f"TRUNKLINE_{name.upper()}": value for name, value in settings.items()}
    plain = {name: value for name, value in settings.items() if not value.startswith(("{", "["))}
    async with open_rooms(Settings(**plain)) as rooms:  # type: ignore[arg-type]
        _, key = await organisations.create(rooms, "Bright Smile Dental")
    async with ApiClient(f"http://{http}", key) as api:
        house = Installation(folder, environment, api, key, folder / "platform.log")
        await house.start()
        try:
            yield house
        finally:
            await house.stop()
