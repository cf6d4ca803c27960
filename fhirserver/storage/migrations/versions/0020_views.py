"""Which scheduled reports have been made."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS views;

-- A scheduled report is made by whose lease it is, and once.
CREATE TABLE IF NOT EXISTS views.report_run (
  key text COLLATE "C" PRIMARY KEY,
  leased_until timestamptz NOT NULL,
  made timestamptz);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
