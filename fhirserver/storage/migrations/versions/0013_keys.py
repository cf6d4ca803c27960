"""Wrapped keys, and which shared secrets are sealed."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS keys;

-- Keys that wrap data keys, under a version of the provider's master key.
CREATE TABLE IF NOT EXISTS keys.wrapping (
  id uuid PRIMARY KEY,
  made timestamptz NOT NULL DEFAULT clock_timestamp(),
  provider text NOT NULL,
  version text NOT NULL,
  wrapped bytea NOT NULL);

-- Keys that seal data, under a wrapping key. One that was destroyed stays, as a grave.
CREATE TABLE IF NOT EXISTS keys.data (
  id uuid PRIMARY KEY,
  wrapping uuid NOT NULL,
  owner int8,
  made timestamptz NOT NULL DEFAULT clock_timestamp(),
  destroyed timestamptz,
  shared boolean NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  wrapped bytea,
  CHECK ((wrapped IS NULL) = (destroyed IS NOT NULL)));
CREATE INDEX IF NOT EXISTS data_wrapping ON keys.data (wrapping) WHERE wrapped IS NOT NULL;
CREATE INDEX IF NOT EXISTS data_owner ON keys.data (owner) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS data_shared ON keys.data (purpose, coalesce(owner, 0))
  WHERE shared AND wrapped IS NOT NULL;

-- Binary objects; their bytes are files, sealed with the data key of the same id.
CREATE TABLE IF NOT EXISTS fhir.blob (
  id uuid PRIMARY KEY,
  made timestamptz NOT NULL DEFAULT clock_timestamp(),
  size int8 NOT NULL,
  digest bytea NOT NULL);

ALTER TABLE fhir.secret ADD COLUMN IF NOT EXISTS sealed boolean NOT NULL DEFAULT false;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
