"""A few lines of HTTP client for the command line: the public API, with a key, and its event stream."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from trunkline.base.errors import TrunklineError


class ApiClient:
    """Speaks the public API of one installation with one key; used inside ``async with``."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._session = aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30))

    async def __aenter__(self) -> "ApiClient":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def get(self, path: str) -> dict[str, Any]:
        """The JSON of a GET. Raises TrunklineError with the API's own sentence."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The JSON of a POST. Raises TrunklineError with the API's own sentence."""
        return await self._ask("POST", path, body, headers)

    async def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON of a PATCH. Raises TrunklineError with the API's own sentence."""
        return await self._ask("PATCH", path, body)

    async def download(self, path: str) -> bytes:
        """The bytes of a GET."""
        async with self._session.get(self._url + path) as reply:
            if reply.status >= 400:
                raise TrunklineError(f"GET {path}: {reply.status} {await reply.text()}")
            return await reply.read()

    async def events(self, call_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The event stream of a call as (event, data), from its beginning to its end."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self._session.get(f"{self._url}/calls/{call_id}/events", timeout=timeout) as reply:
            if reply.status != 200:
                raise TrunklineError(f"the event stream answered {reply.status}: {await reply.text()}")
            name = ""
            async for raw in reply.content:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        async with self._session.request(method, self._url + path, json=body, headers=headers) as reply:
            answer: dict[str, Any] = await reply.json(content_type=None)
        if reply.status >= 400:
            raise TrunklineError(
                f"{method} {path}: {reply.status} {answer.get('error')}: {answer.get('message')}",
                details=answer.get("details", ()),
            )
        return answer
