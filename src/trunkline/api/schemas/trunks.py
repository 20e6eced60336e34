"""SIP trunks as replies show them, and what a test of one tells."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.domain.trunk import Trunk
from trunkline.ports.carrier import ProbeStep
from trunkline.services.trunks import address_of


class TrunkShown(Shown):
    """A SIP trunk, without its password."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    provider: str | None = Field(description="Whose it is; a note for people.")
    address: str = Field(description="Host, with `:port` where it is not the usual one.")
    transport: str = Field(description="How SIP travels: udp, tcp or tls.")
    srtp: str = Field(description="Whether sound is encrypted: off, optional or required.")
    auth_username: str | None = Field(description="For digest.")
    auth_password_set: bool = Field(description="Whether there is a password; it is never shown.")
    inbound_addresses: list[str] = Field(description="Who may send us calls for its numbers.")
    outbound_number: str | None = Field(description="The number that the provider gave with it; a note for people.")
    register_: bool = Field(alias="register", description="Whether we register before calling through it.")
    allow_sip_uri: bool = Field(description="Whether calls may go to SIP URIs, and not to numbers alone.")
    max_concurrent_calls: int | None = Field(description="The most calls at once; null: no limit.")
    calls_per_second: float | None = Field(description="The pace of new calls; null: no limit.")
    is_active: bool = Field(description="Inactive trunks carry no new calls.")
    status: str = Field(description="What its last test told: unknown, ok or failed.")
    created_at: Moment = Field(description="When it was made.")
    updated_at: Moment = Field(description="When it was last changed.")


class TrunkReply(Shown):
    """One trunk."""

    trunk: TrunkShown = Field(description="The trunk.")


class TrunksReply(Shown):
    """A page of trunks, newest first."""

    trunks: list[TrunkShown] = Field(description="The trunks.")
    pagination: Pagination = Field(description="Which part this is.")


class TestStep(Shown):
    """One step of a test."""

    name: str = Field(description="What was tried: dns, options or register.")
    ok: bool | None = Field(description="Whether it worked; null where it does not apply.")
    detail: str = Field(description="What was seen.")
    duration_ms: float = Field(description="How long it took.")


class TestReply(Shown):
    """What a test of a trunk told."""

    success: bool = Field(description="Whether no step failed.")
    trunk_id: str = Field(description="The trunk.")
    steps: list[TestStep] = Field(description="The steps, in order.")


def shown(trunk: Trunk) -> dict[str, Any]:
    """A trunk as a reply shows it."""
    return {
        "id": trunk.id,
        "name": trunk.name,
        "provider": trunk.provider,
        "address": address_of(trunk),
        "transport": trunk.transport,
        "srtp": trunk.srtp,
        "auth_username": trunk.auth_username,
        "auth_password_set": trunk.auth_password is not None,
        "inbound_addresses": list(trunk.inbound_addresses),
        "outbound_number": trunk.outbound_number,
        "register": trunk.register,
        "allow_sip_uri": trunk.allow_sip_uri,
        "max_concurrent_calls": trunk.max_concurrent_calls,
        "calls_per_second": trunk.calls_per_second,
        "is_active": trunk.is_active,
        "status": trunk.status,
        "created_at": moment(trunk.created_at),
        "updated_at": moment(trunk.updated_at),
    }


def tested(trunk_id: str, steps: Sequence[ProbeStep], success: bool) -> dict[str, Any]:
    """What a test told."""
    return {
        "success": success,
        "trunk_id": trunk_id,
        "steps": [
            {"name": step.name, "ok": step.ok, "detail": step.detail, "duration_ms": round(step.duration_ms, 1)}
            for step in steps
        ],
    }
