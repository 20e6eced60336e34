"""The stack's user agents: one a caller ID and trunk revision, because From belongs to it, and one that registers.

The stack cannot free an agent. A revised or forgotten trunk's agents are unregistered and never used again.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from baresip import BaresipError, Event, RegistrationError, Runtime, StackEvent, UserAgent
from baresip._native import lib

from trunkline.base.logs import logger
from trunkline.domain.call import EndReason
from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import Dial
from trunkline.telephony.sip import accounts
from trunkline.telephony.sip.addresses import Undialable
from trunkline.telephony.sip.reasons import REGISTRATION_BY_STATUS, Refused
from trunkline.telephony.sip.settings import SipSettings

_log = logger("telephony")

Key = tuple[str, int, str, str | None]


@dataclass(slots=True)
class Registration:
    """The agent that registers at a trunk, and whether the trunk agreed last."""

    revision: int
    agent: UserAgent
    registered: bool = False


class Agents:
    """Makes user agents at first use and keeps them."""

    def __init__(self, runtime: Runtime, settings: SipSettings) -> None:
        self._runtime = runtime
        self._settings = settings
        self._dialling: dict[Key, UserAgent] = {}
        self._registrations: dict[str, Registration] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self.made = 0
        runtime.subscribe(self._hear)

    async def catch_all(self, listen: str) -> None:
        """Makes the agent that takes the calls that come in."""
        await self._make(accounts.catching(self._settings, listen))

    async def for_call(self, order: Dial) -> UserAgent:
        """The agent that shows ``order.caller_id``, registered where the trunk wants it. Raises Refused, BaresipError."""
        trunk = order.trunk
        key = (trunk.id, trunk.revision, order.caller_id, order.caller_name)
        async with self._lock(trunk.id):
            if trunk.register:
                await self._registered(trunk, order.caller_id)
            agent = self._dialling.get(key)
            if agent is None:
                with _usable():
                    account = accounts.dialling(order, self._settings)
                agent = self._dialling[key] = await self._make(account)
            return agent

    async def register(self, trunk: TrunkPlan) -> None:
        """Registers anew, whatever stood before. Raises Refused, BaresipError."""
        async with self._lock(trunk.id):
            known = self._registrations.get(trunk.id)
            if known is not None:
                known.registered = False
            await self._registered(trunk, accounts.CATCH_ALL_USER)

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        """Registers, unless it is. Raises Refused, BaresipError."""
        async with self._lock(trunk.id):
            await self._registered(trunk, accounts.CATCH_ALL_USER)

    async def forget(self, trunk_id: str) -> None:
        """Unregisters a trunk's agents and uses none of them again."""
        async with self._lock(trunk_id):
            for key in [key for key in self._dialling if key[0] == trunk_id]:
                del self._dialling[key]
            registration = self._registrations.pop(trunk_id, None)
            if registration is not None:
                await self._unregister(registration)
        self._locks.pop(trunk_id, None)

    async def aclose(self) -> None:
        """Unregisters everywhere."""
        registrations = list(self._registrations.values())
        self._registrations.clear()
        await asyncio.gather(*(self._unregister(registration) for registration in registrations))

    def _lock(self, trunk_id: str) -> asyncio.Lock:
        return self._locks.setdefault(trunk_id, asyncio.Lock())

    async def _make(self, account: str) -> UserAgent:
        agent = await UserAgent.create(self._runtime, account)
        self.made += 1
        return agent

    async def _registered(self, trunk: TrunkPlan, caller_id: str) -> None:
        registration = self._registrations.get(trunk.id)
        if registration is not None and registration.revision < trunk.revision:
            await self._unregister(registration)
            registration = None
        if registration is None:
            with _usable():
                account = accounts.registering(trunk, caller_id, self._settings)
            registration = Registration(trunk.revision, await self._make(account))
            self._registrations[trunk.id] = registration
        if registration.registered:
            return
        try:
            await registration.agent.register()
        except RegistrationError as error:
            raise _refused(error) from error
        registration.registered = True

    async def _unregister(self, registration: Registration) -> None:
        """Tells the stack to stop registering, whatever came of it so far; the registrar's answer is not awaited."""
        try:
            await self._runtime.cmd(lib.BP_CMD_UA_UNREGISTER, args=str(registration.agent.handle))
        except BaresipError as error:
            _log.warning("could not unregister", error=str(error))

    def _hear(self, event: StackEvent) -> None:
        if event.event is not Event.REGISTER_FAIL:
            return
        for registration in self._registrations.values():
            if registration.agent.handle == event.ua:
                registration.registered = False


def _refused(error: RegistrationError) -> Refused:
    if error.status is None:
        return Refused(EndReason.TRUNK_UNREACHABLE, f"the trunk did not answer our REGISTER: {error.reason or error}")
    reason = REGISTRATION_BY_STATUS.get(error.status, EndReason.TRUNK_ERROR)
    return Refused(reason, f"the trunk refused our REGISTER: {error.status} {error.reason}".rstrip())


@contextmanager
def _usable() -> Iterator[None]:
    """Makes a trunk that no account can be made of a refusal."""
    try:
        yield
    except Undialable as error:
        raise Refused(EndReason.TRUNK_UNREACHABLE, str(error)) from error
    except ValueError as error:
        raise Refused(EndReason.TRUNK_ERROR, f"the trunk cannot be used as it is set up: {error}") from error
