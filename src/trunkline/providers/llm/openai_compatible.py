"""The ``openai_compatible`` brain: chat completions over SSE, straight on the wire, for any server that speaks them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic import SecretStr
from yarl import URL

from trunkline.domain.assistant import LlmConfig
from trunkline.providers.llm.address import PublicResolver, refusal
from trunkline.providers.llm.chat_session import CHAT, ChatSession, chat_headers
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.server import ModelServer, ServerLine
from trunkline.providers.llm.warmth import LONGEST_REST_SECONDS, tracing

PROVIDER = "openai_compatible"
_IDLE_SECONDS = 2 * LONGEST_REST_SECONDS


def _base(url: str) -> str:
    """An address as it is compared and extended: without a slash or the operation at its end."""
    return url.strip().rstrip("/").removesuffix(CHAT)


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
        self._servers: dict[str, ModelServer] = {}

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
            raise Failing(PROVIDER)(problem, retryable=False)
        url = _base(config.base_url) if config.base_url else str(self._default)
        trusted = self._trusted(url)
        guarded = not trusted and not self._allow_private
        key = self._key if trusted else None
        server = self._servers.setdefault(url, ModelServer(url, lambda: self._http(guarded=guarded)))
        session = ChatSession(ServerLine(server, chat_headers(key), Failing(PROVIDER, key), "/models"), config)
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
