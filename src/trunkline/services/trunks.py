"""SIP trunks: stored, changed, tested."""

import ipaddress
import re
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trunkline.base.errors import Invalid
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.trunk import Trunk
from trunkline.ports.carrier import ProbeStep
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import checked

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")
_ADDRESS = "address: must be a host name or an IP address, with :port where it is not 5060, as sip.example.com:5080"


class TrunkSettings(BaseModel):
    """A SIP trunk as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200, description="Its name.")
    provider: str | None = Field(None, max_length=200, description="Whose it is; a note for people.")
    address: str = Field(
        max_length=300,
        description="Host or IP address, with `:port` where it is not the usual one. Also accepted: `outbound_address`, or "
        "`host` and `port`.",
    )
    transport: Literal["udp", "tcp", "tls"] = Field("udp", description="How SIP travels.")
    srtp: Literal["off", "optional", "required"] = Field("off", description="Whether sound is encrypted.")
    auth_username: str | None = Field(None, max_length=200, description="For digest. Also accepted: `username`.")
    auth_password: str | None = Field(
        None, max_length=500, description="For digest; encrypted, never returned. Also accepted: `password`."
    )
    inbound_addresses: tuple[str, ...] = Field(
        (),
        max_length=100,
        description="Who may send us calls for the trunk's numbers: IP addresses, networks as `192.0.2.0/24`, host names. "
        "No ports.",
    )
    outbound_number: str | None = Field(
        None, max_length=40, description="The number that the provider gave with the trunk; a note for people."
    )
    register_: bool = Field(
        False, alias="register", description="Whether we register with the trunk before calling through it."
    )
    allow_sip_uri: bool = Field(False, description="Whether calls may go to SIP URIs, and not to numbers alone.")
    max_concurrent_calls: int | None = Field(
        None, ge=1, le=100_000, description="The most calls at once; null: no limit."
    )
    calls_per_second: float | None = Field(None, gt=0, le=1000, description="The pace of new calls; null: no limit.")
    is_active: bool = Field(True, description="Inactive trunks carry no new calls.")

    @field_validator("inbound_addresses")
    @classmethod
    def _addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(inbound_address(entry) for entry in given))


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[Trunk]:
    """The organisation's trunks, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.trunks.list_(limit, offset))


async def get(rooms: Rooms, caller: Caller, trunk_id: str) -> Trunk:
    """One trunk. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.trunks.get(trunk_id)


async def create(rooms: Rooms, caller: Caller, settings: TrunkSettings) -> Trunk:
    """A new trunk. Raises Invalid."""
    now = rooms.clock.now()
    trunk = Trunk(id=new_id(), org_id=caller.org_id, created_at=now, updated_at=now, **_columns(settings))
    async with rooms.unit(caller) as unit:
        await unit.trunks.add(trunk)
    return trunk


async def update(rooms: Rooms, caller: Caller, trunk_id: str, changes: dict[str, Any]) -> Trunk:
    """Changes what is given. Calls that are going on keep the trunk as it was; new ones take the new revision."""
    async with rooms.unit(caller) as unit:
        before = await unit.trunks.get(trunk_id, lock=True)
        settings = checked(TrunkSettings, {**_settings(before), **changes})
        after = replace(before, updated_at=rooms.clock.now(), **_columns(settings))
        rerouted = after.plan() != before.plan()
        if rerouted:
            after = replace(after, revision=before.revision + 1, status="unknown")
        await unit.trunks.save(after)
    if rerouted:
        await rooms.carrier.forget(trunk_id)
    return after


async def delete(rooms: Rooms, caller: Caller, trunk_id: str) -> None:
    """Removes a trunk; its numbers stay, without one. Calls that are going on go on. Raises NotFound."""
    async with rooms.unit(caller) as unit:
        await unit.trunks.delete(trunk_id)
    await rooms.carrier.forget(trunk_id)


async def test(rooms: Rooms, caller: Caller, trunk_id: str) -> list[ProbeStep]:
    """Tests a trunk without calling anybody, and keeps the outcome as its ``status`` (ok or failed)."""
    trunk = await get(rooms, caller, trunk_id)
    steps = await rooms.carrier.probe(trunk.plan())
    async with rooms.unit(caller) as unit:
        now = await unit.trunks.find(trunk_id, lock=True)
        if now is not None and now.revision == trunk.revision:
            await unit.trunks.save(replace(now, status="ok" if passed(steps) else "failed"))
    return steps


def passed(steps: list[ProbeStep]) -> bool:
    """True when no step failed."""
    return all(step.ok is not False for step in steps)


def address_of(trunk: Trunk) -> str:
    """Host and port as a client writes them."""
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    return host if trunk.port is None else f"{host}:{trunk.port}"


def inbound_address(text: str) -> str:
    """An address that calls may come from, as it is kept. Raises ValueError."""
    entry = text.strip()
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        if not _is_host(entry.strip("[]")):
            raise ValueError(
                "must be an IP address, a network as 192.0.2.0/24, or a host name; without a port"
            ) from None
        return entry.strip("[]").rstrip(".").lower()
    if network.prefixlen == 0:
        raise ValueError("must not be the whole internet")
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def host_and_port(address: str) -> tuple[str, int | None]:
    """The parts of an address. Raises Invalid."""
    text = address.strip().removeprefix("sip:")
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?", text)
    plain = re.fullmatch(r"([^:\[\]/@;?\s]+)(?::(\d{1,5}))?", text)
    found = bracketed or plain
    if found is None:
        raise Invalid(_ADDRESS, details=[_ADDRESS])
    host, port = found[1], int(found[2]) if found[2] else None
    if not _is_host(host) or (port is not None and not 0 < port < 65536):
        raise Invalid(_ADDRESS, details=[_ADDRESS])
    return host, port


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_HOST_NAME.fullmatch(host)) and not re.fullmatch(r"[\d.]+", host)
    return True


def _columns(settings: TrunkSettings) -> dict[str, Any]:
    host, port = host_and_port(settings.address)
    return settings.model_dump(by_alias=True, exclude={"address"}) | {"host": host, "port": port}


def _settings(trunk: Trunk) -> dict[str, Any]:
    kept = {info.alias or name for name, info in TrunkSettings.model_fields.items()} - {"address"}
    return {name: getattr(trunk, name) for name in kept} | {"address": address_of(trunk)}
