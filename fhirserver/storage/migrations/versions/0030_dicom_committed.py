"""Instances whose sender was promised that they are kept."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"

STATEMENTS = """
-- When the last promise of storage commitment was given; NULL for none.
ALTER TABLE dicom.instance ADD COLUMN IF NOT EXISTS committed timestamptz(3);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
