"""A SIP trunk: the way to the telephone network, and what it may be asked to carry."""

from dataclasses import dataclass, field
from datetime import datetime

from trunkline.domain.plan import TrunkPlan


@dataclass(frozen=True, slots=True)
class Trunk:
    """One trunk. ``revision`` goes up with each edit, because the SIP stack keeps an agent per revision."""

    id: str
    org_id: str
    name: str
    host: str
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    provider: str | None = None
    port: int | None = None
    transport: str = "udp"
    srtp: str = "off"
    auth_username: str | None = None
    auth_password: str | None = field(default=None, repr=False)
    inbound_addresses: tuple[str, ...] = ()
    outbound_number: str | None = None
    register: bool = False
    allow_sip_uri: bool = False
    max_concurrent_calls: int | None = None
    calls_per_second: float | None = None
    is_active: bool = True
    status: str = "unknown"

    def plan(self) -> TrunkPlan:
        """The snapshot of this revision that a call runs on."""
        return TrunkPlan(
            id=self.id,
            revision=self.revision,
            name=self.name,
            host=self.host,
            port=self.port,
            transport=self.transport,
            srtp=self.srtp,
            auth_username=self.auth_username,
            auth_password=self.auth_password,
            register=self.register,
            allow_sip_uri=self.allow_sip_uri,
        )
