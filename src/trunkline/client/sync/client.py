"""The client: the parts of the API, by noun."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Self, cast

import httpx2

from trunkline.client import types
from trunkline.client.sync.account import ApiKeys, Byok, Organisations
from trunkline.client.sync.calls import Calls
from trunkline.client.sync.campaigns import Campaigns
from trunkline.client.sync.connection import Connection
from trunkline.client.sync.domains import Domains
from trunkline.client.sync.records import AuditLog, Usage, Webhooks
from trunkline.client.sync.telephony import Assistants, Numbers, Trunks, Voices
from trunkline.client.sync.templates import AnalysisTemplates, DoNotCall, ToolTemplates
from trunkline.client.wire import PREFIX, Request, headers_of, object_of, reached


class Trunkline:
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
        http: httpx2.Client | None = None,
    ) -> None:
        reach = reached(url, timeout_seconds, retries, first_wait_seconds)
        self._owned = httpx2.Client() if http is None else None
        pool = http or cast(httpx2.Client, self._owned)
        self._speak_through(Connection(reach, pool, headers_of(api_key)))

    def _speak_through(self, connection: Connection) -> None:
        self._connection = connection
        self.calls = Calls(connection)
        self.assistants = Assistants(connection)
        self.numbers = Numbers(connection)
        self.trunks = Trunks(connection)
        self.voices = Voices(connection)
        self.organisations = Organisations(connection)
        self.api_keys = ApiKeys(connection)
        self.byok = Byok(connection)
        self.webhooks = Webhooks(connection)
        self.tool_templates = ToolTemplates(connection)
        self.analysis_templates = AnalysisTemplates(connection)
        self.campaigns = Campaigns(connection)
        self.usage = Usage(connection)
        self.audit_log = AuditLog(connection)
        self.domains = Domains(connection)
        self.do_not_call = DoNotCall(connection)

    def acting_for(self, organisation_id: str) -> Self:
        """The same client, acting for a child of the key's organisation over the same connections."""
        other = object.__new__(type(self))
        other._owned = None
        other._speak_through(self._connection.for_organisation(organisation_id))
        return other

    def health(self) -> types.HealthReply:
        """How the installation is; ``status`` tells, also where a part is down."""
        request = Request("GET", "/health")
        return cast(types.HealthReply, object_of(self._connection.reply(request, also=503)))

    def close(self) -> None:
        """Closes the connections, unless they belong to another."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        acting = self._connection.acting_for
        whose = f", acting for {acting}" if acting else ""
        return f"<{type(self).__name__} of {self._connection.reach.url.removesuffix(PREFIX)}{whose}>"
