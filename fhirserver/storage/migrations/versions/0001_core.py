"""The tables of every R4 resource type, the change log, tokens and secrets."""

from __future__ import annotations

from alembic import op

from fhirserver.model import definitions
from fhirserver.storage import schema
from fhirserver.storage.tables import kinds_needed

revision = "0001"
down_revision = None

GLOBAL = """
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE SCHEMA fhir; CREATE SCHEMA resource; CREATE SCHEMA history;
CREATE SCHEMA ix_date; CREATE SCHEMA ix_string; CREATE SCHEMA ix_number; CREATE SCHEMA ix_position;
CREATE SEQUENCE fhir.resource_key;

-- One row for every version ever written, in the writing transaction.
CREATE TABLE fhir.change (
  seq int8 GENERATED ALWAYS AS IDENTITY,
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  updated timestamptz(3) NOT NULL,
  key int8 NOT NULL,
  version int4 NOT NULL,
  method "char" NOT NULL,
  type text COLLATE "C" NOT NULL);
CREATE INDEX change_in_commit_order ON fhir.change (tx, seq);
CREATE INDEX change_in_time ON fhir.change (updated, seq);

-- Display texts that `:text` finds, with the element that resources having them carry.
CREATE TABLE fhir.token_text (
  param int4 NOT NULL, element int8 NOT NULL, text text COLLATE "C" NOT NULL,
  PRIMARY KEY (param, element));
CREATE INDEX token_text_prefix ON fhir.token_text (param, text);
CREATE INDEX token_text_trigrams ON fhir.token_text USING gin (text public.gin_trgm_ops);

-- Bearer tokens, as SHA-256.
CREATE TABLE fhir.access_token (
  hash bytea PRIMARY KEY, subject text NOT NULL, scope text NOT NULL,
  issued timestamptz NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX ON fhir.access_token (expires);

-- Keys that all servers on this database share.
CREATE TABLE fhir.secret (name text PRIMARY KEY, value bytea NOT NULL);

-- Files that `fhirserver load` has finished, so that it can be resumed.
CREATE TABLE fhir.loaded (
  digest bytea PRIMARY KEY, loaded timestamptz NOT NULL DEFAULT now(), resources int4 NOT NULL)
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(GLOBAL)
    for resource_type in definitions.load().resource_types:
        statements = schema.statements(resource_type, kinds_needed(resource_type))
        connection.exec_driver_sql(";".join(statements))


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
