"""The index of what is due is only for who asks for that.

The planner takes a queue for nearly empty, as it was when it was last analyzed, and then walked
this index for each lane and each item of a queue of thousands. Its condition is always true, and
only the statement that repeats it can use the index.
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    # Who takes an item on changes nothing that an index has: there is to be room beside it.
    op.execute("ALTER TABLE queue.item SET (fillfactor = 50)")
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS item_when ON queue.item (topic, due) "
            "WHERE dead IS NULL AND due > '-infinity'"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS queue.item_due")


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
