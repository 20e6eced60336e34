"""Indexes for the filters of the list of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FILTERS = ("status", "direction", "assistant_id", "number_id", "end_reason")
NEWEST: sa.ColumnClause[str] = sa.literal_column("created_at DESC")


def upgrade() -> None:
    for name in FILTERS:
        op.create_index(f"ix_calls_by_{name}", "calls", ["org_id", name, NEWEST, "id"], unique=False)
    op.drop_index("ix_calls_newest", table_name="calls")
    op.create_index("ix_calls_newest", "calls", ["org_id", NEWEST, "id", "duration_seconds"], unique=False)
    op.drop_index(op.f("ix_calls_org_id"), table_name="calls")


def downgrade() -> None:
    op.create_index(op.f("ix_calls_org_id"), "calls", ["org_id"], unique=False)
    op.drop_index("ix_calls_newest", table_name="calls")
    op.create_index("ix_calls_newest", "calls", ["org_id", NEWEST, "id"], unique=False)
    for name in FILTERS:
        op.drop_index(f"ix_calls_by_{name}", table_name="calls")
