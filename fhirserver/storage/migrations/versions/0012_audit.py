"""The chain of seals over the AuditEvents."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS audit;

-- What an event touched beyond the entities that its content has room for.
CREATE TABLE IF NOT EXISTS audit.more (
  key int8 PRIMARY KEY,
  refs text[] COLLATE "C" NOT NULL);

-- A link of the chain for each AuditEvent: HMAC(key, mac before, seq, digest of the event).
CREATE TABLE IF NOT EXISTS audit.seal (
  seq int8 PRIMARY KEY,
  key int8 NOT NULL UNIQUE,
  recorded timestamptz NOT NULL,
  digest bytea NOT NULL,
  mac bytea NOT NULL);

-- One row: up to where it is sealed. Every event of a transaction before `bound` has its seal.
CREATE TABLE IF NOT EXISTS audit.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq int8 NOT NULL,
  mac bytea NOT NULL,
  bound xid8 NOT NULL);

-- Signed statements of where the chain stood, to be kept elsewhere.
CREATE TABLE IF NOT EXISTS audit.checkpoint (
  seq int8 PRIMARY KEY,
  made timestamptz NOT NULL,
  statement text NOT NULL,
  signature bytea NOT NULL);

-- Signed statements of which part of the chain was removed when its time was over.
CREATE TABLE IF NOT EXISTS audit.tombstone (
  last int8 PRIMARY KEY,
  mac bytea NOT NULL,
  made timestamptz NOT NULL,
  statement text NOT NULL,
  signature bytea NOT NULL);

-- Events come all the time and are looked for seldom: they go into the inverted index in large
-- batches, which costs a good deal less for each.
ALTER INDEX resource."AuditEvent_elements_idx" SET (gin_pending_list_limit = 1024);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)
    # What the sealer goes by. CONCURRENTLY takes an old database as it is in use.
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_in_commit_order "
            'ON resource."AuditEvent" (tx, key)'
        )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
