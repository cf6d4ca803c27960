"""What comes with a bulk load is known as such, and is done after what has just happened."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

STATEMENTS = """
-- A bulk load says so in its transactions (storage/database.py), not in each statement.
ALTER TABLE fhir.change ADD COLUMN IF NOT EXISTS bulk boolean NOT NULL
  DEFAULT coalesce(current_setting('fhirserver.bulk', true), '') = 'on';
ALTER TABLE queue.item ADD COLUMN IF NOT EXISTS bulk boolean NOT NULL DEFAULT false;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)
    with op.get_context().autocommit_block():
        for name, condition in (("item_live", "NOT bulk"), ("item_bulk", "bulk")):
            op.execute(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON queue.item (topic, lane, id) "
                f"WHERE dead IS NULL AND {condition}"
            )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
