"""Who has read the change log up to where, and what is to be done because of it."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS queue;

-- A reader has all changes of transactions before `low`, and those of [low, high) up to `seq`.
-- `last` is the highest number it has had: what is left to go by in another cluster.
CREATE TABLE IF NOT EXISTS queue.reader (
  name text COLLATE "C" PRIMARY KEY,
  low xid8 NOT NULL,
  high xid8 NOT NULL,
  seq int8 NOT NULL,
  last int8 NOT NULL);

-- What is to be done. Items of a lane are done one after the other, in the order of their ids.
-- `lease` is whose turn it is until `leased_until`; a dead item waits for somebody to look at it.
CREATE TABLE IF NOT EXISTS queue.item (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  made timestamptz NOT NULL DEFAULT now(),
  due timestamptz NOT NULL DEFAULT now(),
  leased_until timestamptz,
  dead timestamptz,
  lease uuid,
  attempts int4 NOT NULL DEFAULT 0,
  topic text COLLATE "C" NOT NULL,
  lane text COLLATE "C" NOT NULL,
  reason text,
  content jsonb NOT NULL) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX IF NOT EXISTS item_lane ON queue.item (topic, lane, id) WHERE dead IS NULL;
CREATE INDEX IF NOT EXISTS item_dead ON queue.item (topic, id) WHERE dead IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
