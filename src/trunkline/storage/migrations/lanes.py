"""Gives deliveries that wait from before the lane that they go in."""

import hashlib

import sqlalchemy as sa

_deliveries = sa.table(
    "webhook_deliveries", sa.column("id"), sa.column("org_id"), sa.column("url"), sa.column("status"), sa.column("lane")
)


def fill(connection: sa.Connection) -> None:
    """Those that are over need none."""
    waiting = sa.select(_deliveries.c.id, _deliveries.c.org_id, _deliveries.c.url).where(
        _deliveries.c.status == "pending"
    )
    for id, org_id, url in connection.execute(waiting).all():
        lane = hashlib.sha256(f"{org_id} {url}".encode()).hexdigest()[:32]
        connection.execute(sa.update(_deliveries).where(_deliveries.c.id == id).values(lane=lane))
