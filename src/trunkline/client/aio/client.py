"""The client: the parts of the API, by noun."""

from typing import Self, cast

import httpx2

from trunkline.client import types
from trunkline.client.aio.account import AsyncApiKeys, AsyncByok, AsyncOrganisations
from trunkline.client.aio.calls import AsyncCalls
from trunkline.client.aio.campaigns import AsyncCampaigns
from trunkline.client.aio.connection import AsyncConnection
from trunkline.client.aio.domains import AsyncDomains
from trunkline.client.aio.records import AsyncAuditLog, AsyncUsage, AsyncWebhooks
from trunkline.client.aio.telephony import AsyncAssistants, AsyncNumbers, AsyncTrunks, AsyncVoices
from trunkline.client.aio.templates import AsyncAnalysisTemplates, AsyncDoNotCall, AsyncToolTemplates
from trunkline.client.wire import PREFIX, Request, headers_of, object_of, reached


class AsyncTrunkline:
    """One installation, with one key; used inside a ``with`` block of its kind, or closed in the end.

    ``api_key`` and ``url`` are taken from ``TRUNKLINE_API_KEY`` and ``TRUNKLINE_URL`` where they are left out.
    ``retries`` is how often a request is tried again after 429, 503 or a broken connection; the wait before that begins
    at ``first_wait_seconds`` and doubles, or is what the refusal asks for. ``http`` is a client of your own, for proxies and
    certificates; it is not closed. Raises ValueError for an address that is none.
    """

    def __init__(
        self,
        api_key: str | None = None,
        url: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        retries: int = 4,
        first_wait_seconds: float = 0.5,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        reach = reached(url, timeout_seconds, retries, first_wait_seconds)
        self._owned = httpx2.AsyncClient() if http is None else None
        pool = http or cast(httpx2.AsyncClient, self._owned)
        self._speak_through(AsyncConnection(reach, pool, headers_of(api_key)))

    def _speak_through(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.calls = AsyncCalls(connection)
        self.assistants = AsyncAssistants(connection)
        self.numbers = AsyncNumbers(connection)
        self.trunks = AsyncTrunks(connection)
        self.voices = AsyncVoices(connection)
        self.organisations = AsyncOrganisations(connection)
        self.api_keys = AsyncApiKeys(connection)
        self.byok = AsyncByok(connection)
        self.webhooks = AsyncWebhooks(connection)
        self.tool_templates = AsyncToolTemplates(connection)
        self.analysis_templates = AsyncAnalysisTemplates(connection)
        self.campaigns = AsyncCampaigns(connection)
        self.usage = AsyncUsage(connection)
        self.audit_log = AsyncAuditLog(connection)
        self.domains = AsyncDomains(connection)
        self.do_not_call = AsyncDoNotCall(connection)

    def acting_for(self, organisation_id: str) -> Self:
        """The same client, acting for a child of the key's organisation over the same connections."""
        other = object.__new__(type(self))
        other._owned = None
        other._speak_through(self._connection.for_organisation(organisation_id))
        return other

    async def health(self) -> types.HealthReply:
        """How the installation is; ``status`` tells, also where a part is down."""
        request = Request("GET", "/health")
        return cast(types.HealthReply, object_of(await self._connection.reply(request, also=503)))

    async def aclose(self) -> None:
        """Closes the connections, unless they belong to another."""
        if self._owned is not None:
            await self._owned.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        acting = self._connection.acting_for
        whose = f", acting for {acting}" if acting else ""
        return f"<{type(self).__name__} of {self._connection.reach.url.removesuffix(PREFIX)}{whose}>"
