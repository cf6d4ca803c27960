"""Access rules: care relationships, consent directives, and what rules look at in old versions."""

from __future__ import annotations

from alembic import op

from fhirserver.model import definitions
from fhirserver.storage import schema

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE SCHEMA IF NOT EXISTS access;

-- Who cares for whom, as resources say; `source` is the key of that resource. Digests of addresses.
CREATE TABLE IF NOT EXISTS access.care (
  source int8 NOT NULL,
  patient int8 NOT NULL,
  actor int8 NOT NULL,
  starts timestamptz NOT NULL DEFAULT '-infinity',
  ends timestamptz NOT NULL DEFAULT 'infinity',
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  kind text COLLATE "C" NOT NULL);
CREATE INDEX IF NOT EXISTS care_actor ON access.care (actor, kind, ends, patient);
CREATE INDEX IF NOT EXISTS care_patient ON access.care (patient);
CREATE INDEX IF NOT EXISTS care_source ON access.care (source);

-- What patients' consents say, taken apart: the deepest provision that applies decides.
CREATE TABLE IF NOT EXISTS access.directive (
  source int8 NOT NULL,
  patient int8 NOT NULL,
  actor int8,
  label int8,
  starts timestamptz NOT NULL DEFAULT '-infinity',
  ends timestamptz NOT NULL DEFAULT 'infinity',
  depth int2 NOT NULL,
  effect text NOT NULL CHECK (effect IN ('deny', 'permit')),
  purpose text,
  type text);
CREATE INDEX IF NOT EXISTS directive_patient ON access.directive (patient);
CREATE INDEX IF NOT EXISTS directive_source ON access.directive (source);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)
    types = definitions.load()
    for resource_type in types.resource_types:
        op.execute(schema.history_elements(resource_type))
    # CONCURRENTLY takes an old database as it is in use.
    with op.get_context().autocommit_block():
        for resource_type in types.compartments["Patient"]:
            op.execute(schema.owner_index(resource_type))


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
