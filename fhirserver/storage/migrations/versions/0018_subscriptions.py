"""Who has subscribed to what, with whose rights, and the events that each has had."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS subscription;

-- What a Subscription asks for, beside the resource with that key. `holder` is whose rights it has:
-- who wrote it last. `written` is the version of that write; later ones are the server's own.
CREATE TABLE IF NOT EXISTS subscription.subscription (
  key int8 PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  written int4 NOT NULL,
  status text COLLATE "C" NOT NULL,
  topic text COLLATE "C",
  types text[] NOT NULL,
  content jsonb NOT NULL,
  holder jsonb NOT NULL,
  ends timestamptz,
  heartbeat int4,
  spoken timestamptz,
  last_event int8 NOT NULL DEFAULT 0,
  error text,
  -- What had been committed when it began isn't for it.
  began pg_snapshot NOT NULL DEFAULT pg_current_snapshot()) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS subscription_id ON subscription.subscription (id);

-- Numbered without gaps within a subscription; the number is given before the first attempt.
-- `sent` is when the subscriber took it.
CREATE TABLE IF NOT EXISTS subscription.event (
  subscription int8 NOT NULL,
  number int8 NOT NULL,
  key int8 NOT NULL,
  version int4 NOT NULL,
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  method "char" NOT NULL,
  made timestamptz NOT NULL DEFAULT now(),
  sent timestamptz,
  PRIMARY KEY (subscription, number));
CREATE UNIQUE INDEX IF NOT EXISTS event_change
  ON subscription.event (subscription, key, version);
CREATE INDEX IF NOT EXISTS event_made ON subscription.event (made);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
