"""What tells every process that a conformance resource has changed.

A row of `fhir.conformance_change` gets a fresh number in the transaction that writes such a
resource. Writers never wait for one another: each takes a row that nobody holds, or adds one.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

# As they were when this migration was written.
TYPES = (
    "StructureDefinition",
    "ValueSet",
    "CodeSystem",
    "ConceptMap",
    "SearchParameter",
    "OperationDefinition",
    "CompartmentDefinition",
    "NamingSystem",
    "CapabilityStatement",
    "StructureMap",
    "GraphDefinition",
    "MessageDefinition",
    "ImplementationGuide",
    "Questionnaire",
)

MARK = """
CREATE SEQUENCE fhir.conformance_number;
CREATE TABLE fhir.conformance_change (
  slot int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number int8 NOT NULL) WITH (fillfactor = 50);

CREATE FUNCTION fhir.mark_conformance_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE fhir.conformance_change SET number = nextval('fhir.conformance_number')
  WHERE slot = (SELECT slot FROM fhir.conformance_change
                ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED);
  IF NOT FOUND THEN
    INSERT INTO fhir.conformance_change (number) VALUES (nextval('fhir.conformance_number'));
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(MARK)
    for resource_type in TYPES:
        # A reindex, which writes no version, changes nothing that anybody could look up.
        connection.exec_driver_sql(
            "CREATE TRIGGER mark_conformance_change "
            f'AFTER INSERT OR UPDATE OF version ON resource."{resource_type}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION fhir.mark_conformance_change()"
        )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
