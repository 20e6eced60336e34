"""Runs migrations inside the transaction that the caller began."""

from alembic import context

from trunkline.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transactional_ddl=False,
)
context.run_migrations()
