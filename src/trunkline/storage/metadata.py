"""What all tables are made with: one collection of them, and the columns that most have."""

from sqlalchemy import Column, ForeignKey, MetaData, String

from trunkline.storage.columns import Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[str]:
    """The id of a thing."""
    return Column("id", String(64), primary_key=True)


def org_column(*, index: bool = True, primary_key: bool = False) -> Column[str]:
    """Whose it is."""
    to = ForeignKey("organisations.id", ondelete="CASCADE")
    return Column("org_id", String(64), to, nullable=False, index=index, primary_key=primary_key)


def required(name: str) -> Column[str]:
    """A text that must be there."""
    return Column(name, Words, nullable=False)
