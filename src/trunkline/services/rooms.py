"""What every service works with: the rooms below, the limits of this installation, and a page of a list."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from trunkline.base.clock import Clock
from trunkline.base.logs import request_id
from trunkline.base.meters import Meters, NoMeters
from trunkline.base.spans import NoSpans, Spans
from trunkline.domain.access import Caller
from trunkline.domain.audit import Author
from trunkline.ports.blobs import Blobs
from trunkline.ports.carrier import Carrier
from trunkline.ports.live import Live
from trunkline.ports.mail import Mailer
from trunkline.ports.models import Models
from trunkline.ports.webhooks import Probe
from trunkline.services.costing import Tariff
from trunkline.storage.database import Database
from trunkline.storage.unit import SystemUnit, Unit
from trunkline.storage.vault import Vault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator set for the whole installation.

    ``mail_from`` is the sender of e-mails of organisations that have no verified domain.

    ``default_stt``, ``default_llm`` and ``default_tts`` are config objects as the API takes them, for assistants that
    name none; ``signing_key`` signs the recording addresses under ``public_url``; ``tariff`` is what calls cost. A
    scheduled call is dialled at most ``scheduled_late_seconds`` after its time.
    """

    public_url: str = "http://127.0.0.1:8080"
    signing_key: bytes = field(default=b"", repr=False)
    max_calls: int = 100
    unclaimed_seconds: float = 10.0
    lease_seconds: float = 15.0
    scheduled_late_seconds: float = 300.0
    recording_url_seconds: int = 3600
    allow_insecure_webhooks: bool = False
    webhook_allow_list: tuple[str, ...] = ()
    mail_from: str | None = None
    default_stt: dict[str, Any] | None = None
    default_llm: dict[str, Any] | None = None
    default_tts: dict[str, Any] | None = None
    tariff: Tariff = field(default_factory=Tariff)


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms below the services, as ``app`` composed them. ``failing`` names the providers that calls do not ask now;
    ``meters`` and ``spans`` are told what happens and how long it takes; ``probe`` sends sample webhooks and
    ``mailer`` e-mails, None in a process that sends none."""

    database: Database
    vault: Vault
    clock: Clock
    live: Live
    models: Models
    carrier: Carrier
    blobs: Blobs
    limits: Limits = field(default_factory=Limits)
    failing: Callable[[], Sequence[str]] = tuple
    meters: Meters = field(default_factory=NoMeters)
    spans: Spans = field(default_factory=NoSpans)
    probe: Probe | None = None
    mailer: Mailer | None = None
    hand: Literal["platform", "operator"] = "platform"

    def unit(self, caller: Caller, *, write: bool = True) -> AbstractAsyncContextManager[Unit]:
        """One transaction of the caller's organisation, committed at a clean exit."""
        return self.database.unit(caller.org_id, write=write, author=self._author(caller))

    def system(self, *, write: bool = True) -> AbstractAsyncContextManager[SystemUnit]:
        """One transaction across organisations, in the name of whoever works without a key here."""
        return self.database.system(write=write, author=self._author(None))

    def _author(self, caller: Caller | None) -> Author:
        """Who the audit log says it was."""
        now = self.clock.now()
        if caller is None or caller.key_id is None:
            return Author(self.hand, now, request_id=request_id())
        return Author("api_key", now, caller.key_id, caller.key_name, caller.home, request_id())


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, and how long the whole list is."""

    items: Sequence[T]
    total: int
