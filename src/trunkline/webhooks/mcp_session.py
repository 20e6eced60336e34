"""One session with one MCP server over streamable HTTP: opened when first needed, opened anew when the server forgot it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from trunkline.base import trace
from trunkline.base.sse import SseParser, SseTooLong
from trunkline.webhooks import mcp_wire as wire
from trunkline.webhooks.guard import AddressRefused, Guard
from trunkline.webhooks.mcp_wire import McpFailed, SessionGone
from trunkline.webhooks.reaching import READ_BYTES, bounded, refusal_in, sentence

MOST_PAGES = 50
CLOSE_SECONDS = 2.0
SESSION_ID = "Mcp-Session-Id"
VERSION = "MCP-Protocol-Version"
_ACCEPT = "application/json, text/event-stream"
_NO_REDIRECTS = "its server redirects, and redirects are not followed"


class McpSession:
    """Talks to one server. Calls may run side by side. What is sent is sent once: only a session that the server says
    it does not know (so that nothing was done) is opened anew and asked again. Raises McpFailed, TimeoutError never."""

    def __init__(self, http: aiohttp.ClientSession, guard: Guard, url: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self._guard = guard
        self._url = url
        self._given = dict(headers)
        self._session_id: str | None = None
        self._version: str | None = None
        self._opening = asyncio.Lock()
        self._numbers = 0

    def __repr__(self) -> str:
        return "McpSession()"

    async def tools(self) -> list[dict[str, Any]]:
        """All tools that the server lists, as it describes them."""
        listed: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._ask("tools/list", {} if cursor is None else {"cursor": cursor})
            found = page.get("tools")
            listed += [tool for tool in found if isinstance(tool, dict)] if isinstance(found, list) else []
            cursor = page.get("nextCursor")
            if not cursor or not isinstance(cursor, str):
                return listed
        raise McpFailed(f"its server lists its tools on more than {MOST_PAGES} pages")

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Runs a tool once and gives its result (``content``, ``structuredContent``, ``isError``). Cancelled, it tells
        the server that nobody waits any more."""
        return await self._ask("tools/call", {"name": name, "arguments": arguments})

    async def aclose(self) -> None:
        """Ends the session; a server that does not care is let be."""
        session_id, self._session_id = self._session_id, None
        if session_id is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                headers = self._headers() | {SESSION_ID: session_id}
                async with self._http.delete(
                    self._guard.check_url(self._url), headers=headers, allow_redirects=False
                ) as response:
                    await bounded(response.content.iter_any())
        except (TimeoutError, AddressRefused, aiohttp.ClientError, OSError, ValueError):
            return

    # --- asking

    async def _ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        known = await self._open(None)
        try:
            return await self._request(method, params)
        except SessionGone:
            await self._open(known)
            return await self._request(method, params)

    async def _open(self, gone: str | None) -> str | None:
        """Says hello, if nobody has yet or the session ``gone`` is no more; gives the session's id."""
        async with self._opening:
            if self._version is None or (gone is not None and self._session_id == gone):
                self._session_id = self._version = None
                result = await self._request("initialize", wire.hello())
                version = result.get("protocolVersion")
                if version not in wire.VERSIONS:
                    raise McpFailed("its server speaks a version of MCP that is not known here")
                await self._tell(wire.notification("notifications/initialized"), version)
                self._version = version
            return self._session_id

    async def _request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self._numbers += 1
        number = self._numbers
        try:
            body = wire.request(number, method, params)
            return wire.result_of(await self._exchange(number, body, opens=method == "initialize"))
        except asyncio.CancelledError:
            if method != "initialize":
                await self._take_back(number)
            raise
        except (AddressRefused, SseTooLong, aiohttp.ClientError, OSError, ValueError) as failure:
            raise McpFailed(_why(failure)) from None

    async def _take_back(self, number: int) -> None:
        """Nobody waits for this request any more: the server is told, for as long as it takes to send that."""
        told = asyncio.ensure_future(
            self._tell(wire.notification("notifications/cancelled", {"requestId": number, "reason": "timeout"}))
        )
        await asyncio.wait([told], timeout=0.5)
        told.cancel()

    async def _tell(self, body: bytes, version: str | None = None) -> None:
        """Sends what needs no answer; whether it arrived shows when the next request is answered."""
        headers = self._headers() | ({VERSION: version} if version else {})
        try:
            async with self._http.post(
                self._guard.check_url(self._url), data=body, headers=headers, allow_redirects=False
            ) as response:
                await bounded(response.content.iter_any())
        except (AddressRefused, aiohttp.ClientError, OSError, ValueError):
            return

    async def _exchange(self, number: int, body: bytes, *, opens: bool) -> dict[str, Any]:
        headers = self._headers()
        async with self._http.post(
            self._guard.check_url(self._url),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            if response.status != 200:
                raise await _refused(response, in_session=SESSION_ID in headers)
            if opens:
                self._session_id = response.headers.get(SESSION_ID)
            if response.content_type == "text/event-stream":
                return await self._streamed(number, response.content.iter_any())
            whole, cut = await bounded(response.content.iter_any())
            if cut:
                raise McpFailed("its server's answer was longer than 1 MiB")
            for message in wire.messages(whole):
                if wire.answers(message, number):
                    return message
        raise McpFailed("its server gave no answer to what it was asked")

    async def _streamed(self, number: int, chunks: AsyncIterator[bytes]) -> dict[str, Any]:
        """The answer out of a stream of events, in which the server may also ask and tell."""
        parser, size = SseParser(), 0
        async for chunk in chunks:
            size += len(chunk)
            if size > READ_BYTES:
                raise McpFailed("its server's answer was longer than 1 MiB")
            for event in parser.feed(chunk):
                for message in wire.messages(event.data) if event.data else ():
                    if wire.answers(message, number):
                        return message
                    if wire.is_request(message):
                        await self._tell(wire.reply_to(message))
        raise McpFailed("its server ended the answer before it was complete")

    def _headers(self) -> dict[str, str]:
        headers = {**trace.headers(), **self._given, "Accept": _ACCEPT, "Content-Type": "application/json"}
        if self._version is not None:
            headers[VERSION] = self._version
        if self._session_id is not None:
            headers[SESSION_ID] = self._session_id
        return headers


def _why(failure: BaseException) -> str:
    if isinstance(failure, aiohttp.InvalidURL):
        return "its address is no valid URL"
    said = failure.message if isinstance(failure, AddressRefused) else refusal_in(failure)
    return said or sentence(failure)


async def _refused(response: aiohttp.ClientResponse, *, in_session: bool) -> McpFailed:
    if response.status == 404 and in_session:
        return SessionGone("its server has forgotten the session")
    if 300 <= response.status < 400:
        return McpFailed(_NO_REDIRECTS)
    body, _ = await bounded(response.content.iter_any())
    try:
        said = [message["error"]["message"] for message in wire.messages(body)]
    except (McpFailed, KeyError, TypeError):
        said = []
    words = f": {said[0]}" if said and isinstance(said[0], str) else ""
    return McpFailed(f"its server answered with HTTP status {response.status}{words[:300]}")
