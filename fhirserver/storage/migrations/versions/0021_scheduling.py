"""Tables of scheduling."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
