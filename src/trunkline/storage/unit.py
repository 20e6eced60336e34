"""A unit: one transaction, and the repositories that work inside it."""

from functools import cached_property
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.domain.audit import Author
from trunkline.storage.assistants import Assistants
from trunkline.storage.audit import AuditLog
from trunkline.storage.calls import Calls
from trunkline.storage.campaigns import Campaigns, Outreach
from trunkline.storage.deliveries import Deliveries
from trunkline.storage.do_not_call import DoNotCall
from trunkline.storage.domains import Domains
from trunkline.storage.events import Events
from trunkline.storage.idempotency import Idempotency
from trunkline.storage.keys import Keys
from trunkline.storage.leads import Leads
from trunkline.storage.leases import Leases
from trunkline.storage.messages import Messages
from trunkline.storage.numbers import Numbers
from trunkline.storage.organisations import Children, Organisations
from trunkline.storage.outbox import Outbox
from trunkline.storage.provider_keys import ProviderKeys
from trunkline.storage.retention import Retention
from trunkline.storage.signalling import Signalling
from trunkline.storage.steps import Steps, driven
from trunkline.storage.templates import AnalysisTemplates, ToolTemplates
from trunkline.storage.trunks import Trunks
from trunkline.storage.usage import BilledUsage, UsageLogs
from trunkline.storage.vault import Vault

T = TypeVar("T")


class Transaction:
    """One transaction, and what every kind of unit has in it."""

    def __init__(self, connection: AsyncConnection, org_id: str | None, vault: Vault, author: Author) -> None:
        self._inside = (connection, org_id, vault, author)

    async def run(self, steps: Steps[T]) -> T:
        """Runs steps inside this transaction. They know no organisation: only for a call that was read through it."""
        return await driven(self._inside[0], steps)

    @cached_property
    def organisations(self) -> Organisations:
        """The organisation of this unit."""
        return Organisations(*self._inside)

    @cached_property
    def keys(self) -> Keys:
        """Its API keys."""
        return Keys(*self._inside)

    @cached_property
    def calls(self) -> Calls:
        """Its calls."""
        return Calls(*self._inside)

    @cached_property
    def outbox(self) -> Outbox:
        """What must happen after this transaction."""
        return Outbox(*self._inside)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Its webhook deliveries."""
        return Deliveries(*self._inside)

    @cached_property
    def domains(self) -> Domains:
        """The domain that its e-mails come from."""
        return Domains(*self._inside)

    @cached_property
    def messages(self) -> Messages:
        """What was said on its calls."""
        return Messages(*self._inside)

    @cached_property
    def events(self) -> Events:
        """What happened on its calls."""
        return Events(*self._inside)

    @cached_property
    def audit(self) -> AuditLog:
        """What was changed of it."""
        return AuditLog(*self._inside)

    @cached_property
    def signalling(self) -> Signalling:
        """The SIP ladders of its calls."""
        return Signalling(*self._inside)

    @cached_property
    def idempotency(self) -> Idempotency:
        """The requests that it may send again."""
        return Idempotency(*self._inside)


class Unit(Transaction):
    """One transaction of one organisation: nothing of another can be seen or touched through it."""

    @cached_property
    def assistants(self) -> Assistants:
        """Its assistants."""
        return Assistants(*self._inside)

    def of_child(self, org_id: str) -> "Unit":
        """The same transaction in the name of a child that was just read or added through ``children``."""
        connection, _, vault, author = self._inside
        return Unit(connection, org_id, vault, author)

    @cached_property
    def children(self) -> Children:
        """The organisations below it."""
        return Children(*self._inside)

    @cached_property
    def usage(self) -> UsageLogs:
        """What it used."""
        return UsageLogs(*self._inside)

    @cached_property
    def billed_usage(self) -> BilledUsage:
        """What is billed to it: its own use and that of its children."""
        return BilledUsage(*self._inside)

    @cached_property
    def do_not_call(self) -> DoNotCall:
        """Whom it must not call."""
        return DoNotCall(*self._inside)

    @cached_property
    def campaigns(self) -> Campaigns:
        """Its campaigns."""
        return Campaigns(*self._inside)

    @cached_property
    def leads(self) -> Leads:
        """Whom its campaigns call."""
        return Leads(*self._inside)

    @cached_property
    def tool_templates(self) -> ToolTemplates:
        """Its tools that several assistants use."""
        return ToolTemplates(*self._inside)

    @cached_property
    def analysis_templates(self) -> AnalysisTemplates:
        """What it extracts from the calls of several assistants."""
        return AnalysisTemplates(*self._inside)

    @cached_property
    def numbers(self) -> Numbers:
        """Its numbers."""
        return Numbers(*self._inside)

    @cached_property
    def provider_keys(self) -> ProviderKeys:
        """Its own keys for vendors."""
        return ProviderKeys(*self._inside)

    @cached_property
    def trunks(self) -> Trunks:
        """Its SIP trunks."""
        return Trunks(*self._inside)


class SystemUnit(Transaction):
    """One transaction of the platform itself, across organisations."""

    @cached_property
    def leases(self) -> Leases:
        """Which worker has which call."""
        return Leases(*self._inside)

    @cached_property
    def retention(self) -> Retention:
        """What time has run out for."""
        return Retention(*self._inside)

    @cached_property
    def outreach(self) -> Outreach:
        """What is going on in all campaigns."""
        return Outreach(*self._inside)

    @cached_property
    def trunks(self) -> Trunks:
        """All trunks, for the pace at which they are dialled."""
        return Trunks(*self._inside)
