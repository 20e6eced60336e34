"""The ``openai_compatible`` brain: chat completions over SSE, straight on the wire, for any server that speaks them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr
from yarl import URL

from trunkline.base.errors import Upstream
from trunkline.base.sse import SseParser, SseTooLong
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import ReplyPart, Turn
from trunkline.providers.llm.address import AddressRefused, PublicResolver, refusal
from trunkline.providers.llm.chat_reply import ChatReply, failure, retryable_status, vendor_error
from trunkline.providers.llm.chat_request import DISPENSABLE, body_of
from trunkline.providers.llm.warmth import LONGEST_REST_SECONDS, Warmth, tracing

_CHAT = "/chat/completions"
_LARGEST_REPLY_BYTES = 1 << 20
_LARGEST_ERROR_BYTES = 1 << 16
_IDLE_SECONDS = 2 * LONGEST_REST_SECONDS
_LOOK_SECONDS = 1.0
"""A call looks this often whether a connection is still open: what is known of the server may have changed."""


def _base(url: str) -> str:
    """An address as it is compared and extended: without a slash or the operation at its end."""
    return url.strip().rstrip("/").removesuffix(_CHAT)


class ChatSession:
    """One call's access to its model server. Holds no history."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        config: LlmConfig,
        key: SecretStr | None,
        unknown: set[str],
        warmth: Warmth,
    ) -> None:
        self._http = http
        self._url = url
        self._config = config
        self._key = key
        self._unknown = unknown
        self._warmth = warmth
        self._crew = Crew("openai_compatible")

    def warm(self) -> None:
        """Opens a connection while the phone rings, and sees that one stays open while the call lasts; whether that works
        is seen when it is needed. What it asks for (the list of models) costs nothing."""
        self._crew.start(self._stay_warm(), "warm")

    async def _stay_warm(self) -> None:
        now = asyncio.get_running_loop().time
        await self._knock()
        while self._warmth.kept:
            await asyncio.sleep(min(_LOOK_SECONDS, max(0.1, self._warmth.due_in(now()))))
            if self._warmth.due_in(now()) <= 0:
                await self._knock()

    async def _knock(self) -> None:
        try:
            async with (
                self._used(),
                self._http.get(
                    self._url + "/models",
                    headers=self._headers(),
                    allow_redirects=False,
                    trace_request_ctx=self._warmth,
                ) as answer,
            ):
                self._warmth.told(answer.headers)
                await answer.content.read(_LARGEST_REPLY_BYTES)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[None]:
        """A connection is in use."""
        now = asyncio.get_running_loop().time
        self._warmth.begin(now())
        try:
            yield
        finally:
            self._warmth.end(now())

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """Streams one reply. A parameter that the server refuses by name is left out, and the request sent again."""
        after_tools = bool(history) and history[-1].role == "tool"
        for _ in range(len(DISPENSABLE) + 1):
            body = body_of(self._config, history, tools, frozenset(self._unknown))
            try:
                async with (
                    self._used(),
                    self._http.post(
                        self._url + _CHAT,
                        data=body,
                        headers=self._headers(),
                        allow_redirects=False,
                        trace_request_ctx=self._warmth,
                    ) as answer,
                ):
                    if refused := await self._refused(answer):
                        self._unknown.add(refused)
                        continue
                    try:
                        async for part in self._parts(answer, after_tools):
                            yield part
                    finally:
                        if not answer.content.at_eof():
                            answer.close()
                    return
            except AddressRefused as error:
                raise failure(f"The model server was refused: {error}.", retryable=False) from error
            except TimeoutError as error:
                raise failure("The model server fell silent.", retryable=True) from error
            except (aiohttp.ClientError, OSError) as error:
                raise self._unreachable(error) from error
        raise failure("The model server refused the request again and again.", retryable=False)

    async def _refused(self, answer: aiohttp.ClientResponse) -> str | None:
        """The parameter that the server does not take, if that is why it refused. Raises Upstream for anything else."""
        if answer.status == 200:
            return None
        message, param, _ = vendor_error(await answer.content.read(_LARGEST_ERROR_BYTES))
        known = DISPENSABLE - self._unknown
        name = param if param in known else next((one for one in known if f"'{one}'" in message), None)
        if answer.status == 400 and name is not None:
            return name
        moved = 300 <= answer.status < 400
        raise failure(
            "The model server sent us to another address, which is not followed."
            if moved
            else f"The model server answered {answer.status}.",
            retryable=retryable_status(answer.status),
            status=answer.status,
            vendor_message=self._without_key(message),
            request_id=_request_id(answer),
        )

    async def _parts(self, answer: aiohttp.ClientResponse, after_tools: bool) -> AsyncIterator[ReplyPart]:
        """After its tools a model may have nothing to add: it pressed keys and listens."""
        reply = ChatReply(_request_id(answer), may_be_silent=after_tools)
        if answer.content_type == "application/json":
            for part in reply.take(await self._whole(answer)):
                yield part
        elif answer.content_type == "text/event-stream":
            async for part in self._streamed(answer, reply):
                yield part
        else:
            raise failure(
                f"The model server answered with {answer.content_type}, not with a stream of events.",
                retryable=False,
                status=answer.status,
                request_id=_request_id(answer),
            )
        for part in reply.finish():
            yield part

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        """A reply from a server that does not stream."""
        body = b""
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > _LARGEST_REPLY_BYTES:
                raise failure("The model server's reply is longer than 1 MiB.", retryable=False)
        return body

    async def _streamed(self, answer: aiohttp.ClientResponse, reply: ChatReply) -> AsyncIterator[ReplyPart]:
        parser = SseParser()
        try:
            async for chunk in answer.content.iter_any():
                for event in parser.feed(chunk):
                    if event.data.startswith(b"[DONE]"):
                        return
                    for part in reply.take(event.data):
                        yield part
        except SseTooLong as error:
            raise failure(f"The model server's stream cannot be read: {error}.", retryable=False) from error
        except aiohttp.ClientPayloadError:
            if not reply.complete:
                raise

    def _unreachable(self, error: Exception) -> Upstream:
        cause = error.__cause__ or error
        if isinstance(cause, AddressRefused) or isinstance(getattr(error, "os_error", None), AddressRefused):
            return failure("The model server was refused: its address is not public.", retryable=False)
        return failure(
            "The model server could not be reached, or broke the connection.",
            retryable=not isinstance(error, aiohttp.InvalidURL),
            vendor_message=self._without_key(type(error).__name__),
        )

    def _without_key(self, text: str) -> str:
        secret = self._key.get_secret_value() if self._key else ""
        return text.replace(secret, "[key]") if secret else text

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return headers

    async def aclose(self) -> None:
        """Ends what is still under way."""
        await self._crew.aclose()


def _request_id(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("x-request-id", "")[:200]


class OpenAiCompatibleLlm:
    """Provider ``openai_compatible``.

    The platform's key goes to the operator's own address (``default_url``) and nowhere else: a tenant's ``base_url``
    gets none, and has to be public unless ``allow_private``. A socket that gives no byte for ``silence_seconds`` is given
    up. To be closed with ``aclose``.
    """

    def __init__(
        self,
        default_url: str | None,
        key: SecretStr | None,
        allow_private: bool = False,
        *,
        silence_seconds: float = 5.0,
    ) -> None:
        self._default = _base(default_url) if default_url else None
        self._key = key
        self._allow_private = allow_private
        self._silence_seconds = silence_seconds
        self._https: dict[bool, aiohttp.ClientSession] = {}
        self._unknown: dict[tuple[str, str | None], set[str]] = {}
        self._warmth: dict[str, Warmth] = {}

    def problem(self, config: LlmConfig) -> str | None:
        """Why a configuration cannot be served, as a sentence, without any network; None when it can."""
        if config.base_url is None:
            return None if self._default else "base_url is required: no address is configured for openai_compatible."
        if self._trusted(_base(config.base_url)):
            return None
        why = refusal(config.base_url)
        if why is None or (self._allow_private and why == "its address is not public"):
            return None
        return f"base_url is refused: {why}."

    def _trusted(self, url: str) -> bool:
        try:
            return self._default is not None and URL(url) == URL(self._default)
        except ValueError:
            return False

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> ChatSession:
        """Opens one call's session, and a connection ahead of its first request. Raises Upstream."""
        if (problem := self.problem(config)) is not None:
            raise failure(problem, retryable=False)
        url = _base(config.base_url) if config.base_url else str(self._default)
        trusted = self._trusted(url)
        unknown = self._unknown.setdefault((url, config.model), set())
        session = ChatSession(
            self._http(guarded=not trusted and not self._allow_private),
            url,
            config,
            self._key if trusted else None,
            unknown,
            self._warmth.setdefault(url, Warmth()),
        )
        session.warm()
        return session

    def _http(self, *, guarded: bool) -> aiohttp.ClientSession:
        """The connections of all calls; those to tenants' servers resolve names to public addresses only."""
        if guarded not in self._https:
            options: dict[str, Any] = {"resolver": PublicResolver(), "use_dns_cache": False} if guarded else {}
            self._https[guarded] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS, **options),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._silence_seconds, sock_read=self._silence_seconds
                ),
                headers={"User-Agent": "trunkline"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing()],
            )
        return self._https[guarded]

    async def aclose(self) -> None:
        """Closes all connections."""
        sessions, self._https = list(self._https.values()), {}
        await asyncio.gather(*(session.close() for session in sessions))
