"""Jobs that outlive a request: bulk exports and imports, how far they are, and their files."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS jobs;

-- `asked` is what was asked for, `place` how far it is; part `part` is the next to be done. Who
-- asked is the subject, the client and the scopes of the token.
CREATE TABLE IF NOT EXISTS jobs.job (
  id uuid PRIMARY KEY,
  made timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended timestamptz(3),
  expires timestamptz(3),
  done int8 NOT NULL DEFAULT 0,
  total int8,
  part int4 NOT NULL DEFAULT 0,
  kind text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  subject text COLLATE "C" NOT NULL,
  client text COLLATE "C",
  scope text NOT NULL,
  request text NOT NULL,
  reason text,
  asked jsonb NOT NULL,
  place jsonb);
CREATE INDEX IF NOT EXISTS job_of ON jobs.job (subject, state);
CREATE INDEX IF NOT EXISTS job_expires ON jobs.job (expires);

-- The files of a job: an encrypted object each.
CREATE TABLE IF NOT EXISTS jobs.file (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  number int4 NOT NULL,
  blob uuid NOT NULL,
  count int8 NOT NULL,
  size int8 NOT NULL,
  kind text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  about text,
  PRIMARY KEY (job, number));

-- What the resources of an export refer to, and whether that has been looked at.
CREATE TABLE IF NOT EXISTS jobs.referred (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  is_done boolean NOT NULL DEFAULT false,
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (job, type, id));
CREATE INDEX IF NOT EXISTS referred_left ON jobs.referred (job, type, id) WHERE NOT is_done;

-- Lines of an import's part that are stored: written with them, and gone when the part is done.
CREATE TABLE IF NOT EXISTS jobs.stored_line (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  line int8 NOT NULL,
  PRIMARY KEY (job, line));

-- Lines of an import that are refused, where they lie, and why. `waits`: something that comes later
-- may be what they lack.
CREATE TABLE IF NOT EXISTS jobs.refused_line (
  job uuid NOT NULL REFERENCES jobs.job ON DELETE CASCADE,
  line int8 NOT NULL,
  start int8 NOT NULL,
  length int4 NOT NULL,
  input int4 NOT NULL,
  waits boolean NOT NULL,
  round int4 NOT NULL DEFAULT 0,
  outcome text NOT NULL,
  PRIMARY KEY (job, input, line));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
