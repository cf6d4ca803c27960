"""The HL7 v2 messages that go out: as they were written, and what the receiver answered."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS hl7v2;

-- `item` is that of the queue which a message was made for: so it is made once, however often that
-- is tried. `about` is the resource that changed, `version` which of its versions; `raw` and `ack`
-- are sealed with the data key `key`.
CREATE TABLE IF NOT EXISTS hl7v2.sent (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  made timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  tried timestamptz(3),
  ended timestamptz(3),
  item int8 NOT NULL UNIQUE,
  receiver text COLLATE "C" NOT NULL,
  control text COLLATE "C" NOT NULL UNIQUE,
  event text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  version int4 NOT NULL,
  patient text COLLATE "C",
  state text COLLATE "C" NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'stopped', 'accepted', 'rejected', 'discarded')),
  attempts int4 NOT NULL DEFAULT 0,
  code text COLLATE "C" NOT NULL DEFAULT '',
  reason text,
  key uuid NOT NULL,
  size int4 NOT NULL,
  raw bytea NOT NULL,
  ack bytea);
ALTER TABLE hl7v2.sent ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS sent_to ON hl7v2.sent (receiver, id);
CREATE INDEX IF NOT EXISTS sent_open ON hl7v2.sent (receiver, id)
  WHERE state IN ('waiting', 'stopped', 'rejected');
CREATE INDEX IF NOT EXISTS sent_about ON hl7v2.sent (about);
CREATE INDEX IF NOT EXISTS sent_patient ON hl7v2.sent (patient, id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
