"""Who has an import's part in hand, and a note for each group of its lines instead of each line."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

STATEMENTS = """
-- Who has taken on the part that is next: only they may note what they have stored.
ALTER TABLE jobs.job ADD COLUMN IF NOT EXISTS holder uuid;

-- Lines of an import's part that are stored: a row for each group, written with it.
CREATE TABLE IF NOT EXISTS jobs.stored_lines (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  input int4 NOT NULL,
  lines int8[] NOT NULL);
CREATE INDEX IF NOT EXISTS stored_lines_of ON jobs.stored_lines (job);

-- An import that was under way goes on where it was.
INSERT INTO jobs.stored_lines (job, input, lines)
SELECT s.job, coalesce((j.place ->> 'at')::int4, 0), array_agg(s.line)
FROM jobs.stored_line s JOIN jobs.job j ON j.id = s.job
WHERE NOT EXISTS (SELECT FROM jobs.stored_lines n WHERE n.job = s.job)
GROUP BY 1, 2;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
