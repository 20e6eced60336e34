"""Keys of vendors, and what an organisation may and wants to use of them."""

import sqlalchemy as sa
from alembic import op

from trunkline.storage.columns import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_provider_keys_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_keys")),
        sa.UniqueConstraint("org_id", "vendor", name=op.f("uq_provider_keys_org_id_vendor")),
    )
    # Plain ALTER TABLE: to make the table anew would remove all that hangs on it.
    op.add_column(
        "organisations", sa.Column("has_local_models_access", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "organisations", sa.Column("provider_defaults", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    )


def downgrade() -> None:
    op.drop_column("organisations", "provider_defaults")
    op.drop_column("organisations", "has_local_models_access")
    op.drop_table("provider_keys")
