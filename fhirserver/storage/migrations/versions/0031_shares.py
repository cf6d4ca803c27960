"""Single documents that were shared with somebody for a time."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"

STATEMENTS = """
-- Who may see what until when, as a Consent says; `source` is the key of that Consent. `target` is
-- what is seen, `actor` a person or what the members of a team have in common; both are digests.
CREATE TABLE IF NOT EXISTS access.share (
  source int8 NOT NULL,
  target int8 NOT NULL,
  actor int8 NOT NULL,
  starts timestamptz NOT NULL DEFAULT '-infinity',
  ends timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS share_actor ON access.share (actor, ends, target);
CREATE INDEX IF NOT EXISTS share_source ON access.share (source);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
