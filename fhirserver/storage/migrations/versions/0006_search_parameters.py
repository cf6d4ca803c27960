"""Search parameters of a site, and the jobs that bring the index in step with them."""

from __future__ import annotations

from alembic import op

from fhirserver.model import definitions

revision = "0006"
down_revision = "0005"

TABLES = (
    # `made`: of index values, checked by every write. `asked`: of what may be searched for.
    """
CREATE TABLE IF NOT EXISTS fhir.search_state (
  made int8 NOT NULL DEFAULT 0,
  asked int8 NOT NULL DEFAULT 0,
  one boolean PRIMARY KEY DEFAULT true CHECK (one)) WITH (fillfactor = 20)""",
    "INSERT INTO fhir.search_state DEFAULT VALUES ON CONFLICT DO NOTHING",
    # The active SearchParameters, by the ids of their resources.
    """
CREATE TABLE IF NOT EXISTS fhir.search_definition (
  id text COLLATE "C" PRIMARY KEY,
  definition jsonb NOT NULL)""",
    # Which of them have index values on which type; complete when no job is named.
    """
CREATE TABLE IF NOT EXISTS fhir.search_index (
  type text NOT NULL,
  code text NOT NULL,
  fingerprint text NOT NULL,
  job int8,
  PRIMARY KEY (type, code))""",
    """
CREATE TABLE IF NOT EXISTS fhir.reindex_job (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reason text NOT NULL,
  created timestamptz NOT NULL DEFAULT now())""",
    """
CREATE TABLE IF NOT EXISTS fhir.reindex_part (
  job int8 NOT NULL,
  type text NOT NULL,
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'running', 'done', 'cancelled')),
  made int8 NOT NULL,
  last_key int8 NOT NULL DEFAULT 0,
  end_key int8,
  done int8 NOT NULL DEFAULT 0,
  total int8,
  changed int8 NOT NULL DEFAULT 0,
  begun timestamptz,
  ended timestamptz,
  PRIMARY KEY (job, type)) WITH (fillfactor = 50)""",
    "CREATE INDEX IF NOT EXISTS reindex_part_open ON fhir.reindex_part (type, job) "
    "WHERE state IN ('waiting', 'running')",
    # Raises what a client of ours takes for "somebody was faster": the write is tried again.
    """
CREATE OR REPLACE FUNCTION fhir.parameters_are(wanted int8) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  IF wanted = (SELECT made FROM fhir.search_state) THEN
    RETURN true;
  END IF;
  RAISE 'the search parameters have changed' USING ERRCODE = 'serialization_failure';
END $$""",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in TABLES:
        connection.exec_driver_sql(statement)
    for resource_type in definitions.load().resource_types:
        connection.exec_driver_sql(
            f'ALTER TABLE resource."{resource_type}" ADD COLUMN IF NOT EXISTS indexed xid8'
        )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
