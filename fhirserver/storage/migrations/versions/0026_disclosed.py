"""Whose data an export holds, until that is on record: before anybody can fetch a file of it."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

STATEMENTS = """
-- `owner` is the digest of a patient's address, as in the rows of what is theirs.
CREATE TABLE IF NOT EXISTS jobs.disclosed (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  owner int8 NOT NULL,
  PRIMARY KEY (job, owner));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
