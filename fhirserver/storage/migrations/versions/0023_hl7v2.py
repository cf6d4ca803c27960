"""The HL7 v2 messages that came: as they were, what was answered, and what became of them."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS hl7v2;

-- `raw` is sealed with the data key `key`. `control` is MSH-10, or # and the digest where there is
-- none; of those that are `is_known` a sender has each once, and what comes again is a duplicate.
-- `lanes` are the patients that it is about, as digests; `ack` was answered, `answer` is the
-- application acknowledgement of the enhanced mode, which is `owed` until it was sent.
CREATE TABLE IF NOT EXISTS hl7v2.message (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended timestamptz(3),
  copy_of int8,
  key uuid NOT NULL,
  size int4 NOT NULL,
  is_known boolean NOT NULL,
  is_owed boolean NOT NULL DEFAULT false,
  state text COLLATE "C" NOT NULL
    CHECK (state IN ('waiting', 'written', 'done', 'dead', 'refused', 'discarded')),
  sender text COLLATE "C" NOT NULL,
  control text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  address text COLLATE "C",
  mode text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  lanes text[] COLLATE "C" NOT NULL,
  reason text,
  report jsonb,
  digest bytea NOT NULL,
  ack bytea,
  answer bytea,
  raw bytea NOT NULL);
ALTER TABLE hl7v2.message ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX IF NOT EXISTS message_known ON hl7v2.message (sender, control) WHERE is_known;
CREATE INDEX IF NOT EXISTS message_of ON hl7v2.message (sender, id);
CREATE INDEX IF NOT EXISTS message_control ON hl7v2.message (control);
CREATE INDEX IF NOT EXISTS message_open ON hl7v2.message (sender, state, id)
  WHERE state IN ('waiting', 'written', 'dead');
CREATE INDEX IF NOT EXISTS message_owed ON hl7v2.message (sender, id) WHERE is_owed;
CREATE INDEX IF NOT EXISTS message_about ON hl7v2.message USING gin (lanes);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
