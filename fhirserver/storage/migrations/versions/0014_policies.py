"""Access policies as they are in force, what waits for approval, and who may be told of it."""

from __future__ import annotations

from alembic import op

from fhirserver.search.stamp import ALSO_OWNED
from fhirserver.storage.schema import owner_index

revision = "0014"
down_revision = "0013"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS access;

-- A policy by its name. `in_force` holds (null: what is shipped under the name, or nothing), and
-- `pending` is what somebody has proposed; both are the compact JSON. `source` is the key of the
-- Basic resource that says so.
CREATE TABLE IF NOT EXISTS access.policy (
  name text COLLATE "C" PRIMARY KEY,
  source int8 NOT NULL,
  in_force jsonb,
  in_force_version int4,
  pending jsonb,
  pending_version int4,
  proposed_by text);
CREATE UNIQUE INDEX IF NOT EXISTS policy_source ON access.policy (source);

-- Emergencies in which somebody broke the glass: what access.care grants by each, and why.
CREATE TABLE IF NOT EXISTS access.emergency (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient int8 NOT NULL,
  actor int8 NOT NULL,
  starts timestamptz NOT NULL DEFAULT now(),
  ends timestamptz NOT NULL,
  purpose text NOT NULL,
  user_id text NOT NULL,
  task text NOT NULL);
CREATE INDEX IF NOT EXISTS emergency_actor ON access.emergency (actor, ends);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)
    # CONCURRENTLY takes an old database as it is in use.
    with op.get_context().autocommit_block():
        for resource_type in sorted([*ALSO_OWNED, "Binary"]):
            op.execute(owner_index(resource_type))


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
