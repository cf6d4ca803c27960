"""What is due is found by its time: thousands of timers wait for theirs without being looked at."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS item_due ON queue.item (topic, due) "
            "WHERE dead IS NULL"
        )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
