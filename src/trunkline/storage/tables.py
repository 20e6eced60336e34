"""Every table, in one place. A call is live exactly as long as its ``ended_at`` is null."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from trunkline.storage.columns import Counting, Moment, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _org(*, index: bool = True) -> Column[str]:
    return Column("org_id", String(64), ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=index)


def _required(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


organisations = Table(
    "organisations",
    metadata,
    _id(),
    _required("name"),
    Column("email", Words),
    Column("minutes_balance", Float),
    Column("credits_balance", Float),
    Column("webhook_url", Words),
    Column("webhook_secret_sealed", Words),
    Column("max_concurrent_calls", Integer),
    Column("has_local_models_access", Boolean, nullable=False),
    Column("provider_defaults", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

provider_keys = Table(
    "provider_keys",
    metadata,
    _id(),
    _org(index=False),
    Column("vendor", String(64), nullable=False),
    _required("key_sealed"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("org_id", "vendor"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _org(),
    _required("name"),
    _required("prefix"),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    Column("created_at", Moment, nullable=False),
)

trunks = Table(
    "trunks",
    metadata,
    _id(),
    _org(),
    Column("revision", Integer, nullable=False),
    _required("name"),
    Column("provider", Words),
    _required("host"),
    Column("port", Integer),
    _required("transport"),
    _required("srtp"),
    Column("auth_username", Words),
    Column("auth_password_sealed", Words),
    Column("inbound_addresses", JSON, nullable=False),
    Column("outbound_number", Words),
    Column("register", Boolean, nullable=False),
    Column("allow_sip_uri", Boolean, nullable=False),
    Column("max_concurrent_calls", Integer),
    Column("calls_per_second", Float),
    Column("is_active", Boolean, nullable=False),
    _required("status"),
    Column("next_dial_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

assistants = Table(
    "assistants",
    metadata,
    _id(),
    _org(),
    _required("name"),
    Column("business_name", Words),
    Column("is_active", Boolean, nullable=False),
    Column("config", JSON, nullable=False),
    Column("secrets_sealed", Words),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    _id(),
    _org(),
    Column("phone_number", String(32), nullable=False, unique=True),
    Column("name", Words),
    Column("assistant_id", String(64), ForeignKey("assistants.id", ondelete="SET NULL")),
    Column("trunk_id", String(64), ForeignKey("trunks.id", ondelete="SET NULL")),
    Column("transfer_trunk_id", String(64), ForeignKey("trunks.id", ondelete="SET NULL")),
    _required("source"),
    Column("is_active", Boolean, nullable=False),
    Column("max_concurrent_calls", Integer),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    _id(),
    _org(index=False),
    Column("direction", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("end_reason", String(32)),
    Column("error", Words),
    Column("caller_phone", Words),
    Column("assistant_phone", Words),
    Column("number_id", String(64)),
    Column("number_name", Words),
    Column("trunk_id", String(64)),
    Column("assistant_id", String(64)),
    Column("assistant_name", Words),
    Column("business_name", Words),
    Column("metadata", JSON, nullable=False),
    Column("assistant_public", JSON, nullable=False),
    Column("plan_sealed", Words, nullable=False),
    Column("tells_status", Boolean, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Column("duration_seconds", Integer),
    Column("summary", Words),
    Column("analysis_result", JSON(none_as_null=True)),
    Column("recording", Words),
    Column("sip", JSON(none_as_null=True)),
    Column("usage", JSON(none_as_null=True)),
    Column("latency", JSON(none_as_null=True)),
    Column("cost", JSON(none_as_null=True)),
    Column("last_seq", Integer, nullable=False),
    Column("worker_id", String(128)),
    Column("lease_until", Moment),
    Column("dial_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
# The last column lets the month's seconds be summed up without reading a call.
Index("ix_calls_newest", calls.c.org_id, calls.c.created_at.desc(), calls.c.id, calls.c.duration_seconds)
for _filter in ("status", "direction", "assistant_id", "number_id", "end_reason"):
    Index(f"ix_calls_by_{_filter}", calls.c.org_id, calls.c[_filter], calls.c.created_at.desc(), calls.c.id)
Index(
    "ix_calls_live",
    calls.c.org_id,
    calls.c.number_id,
    calls.c.trunk_id,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)


def _call(*, index: bool = False, primary_key: bool = False) -> Column[str]:
    to = ForeignKey("calls.id", ondelete="CASCADE")
    return Column("call_id", String(64), to, nullable=False, index=index, primary_key=primary_key)


call_messages = Table(
    "call_messages",
    metadata,
    Column("id", Counting, primary_key=True, autoincrement=True),
    _org(),
    _call(index=True),
    Column("role", String(16), nullable=False),
    _required("content"),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("interrupted", Boolean, nullable=False),
)

call_events = Table(
    "call_events",
    metadata,
    _call(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _org(),
    Column("event", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Counting, primary_key=True, autoincrement=True),
    _org(),
    _call(index=True),
    Column("kind", String(32), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("taken_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_untaken",
    outbox.c.id,
    sqlite_where=text("taken_at IS NULL"),
    postgresql_where=text("taken_at IS NULL"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id(),
    _org(),
    _call(index=True),
    Column("position", Counting, nullable=False),
    Column("event", String(32), nullable=False),
    _required("url"),
    Column("body", Words),
    Column("status", String(16), nullable=False),
    Column("attempts", JSON, nullable=False),
    Column("next_attempt_at", Moment),
    Column("failing_since", Moment),
    Column("claimed_until", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("call_id", "position"),
)
Index("ix_webhook_deliveries_newest", webhook_deliveries.c.org_id, webhook_deliveries.c.created_at.desc())
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.next_attempt_at,
    sqlite_where=text("status = 'pending'"),
    postgresql_where=text("status = 'pending'"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key_id", String(64), primary_key=True),
    Column("method", String(8), primary_key=True),
    Column("path", String(512), primary_key=True),
    Column("key", String(255), primary_key=True),
    _org(),
    Column("body_hash", String(64), nullable=False),
    Column("status_code", Integer),
    Column("reply", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False, index=True),
)
