"""The index of quantities by unit, and statistics of number rows (storage/README.md)."""

from __future__ import annotations

from alembic import op

from fhirserver.model import definitions
from fhirserver.storage import schema
from fhirserver.storage.tables import kinds_needed

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # On a new database they are there already: CONCURRENTLY takes an old one as it is in use.
    with op.get_context().autocommit_block():
        for resource_type in definitions.load().resource_types:
            if "number" in kinds_needed(resource_type):
                for statement in schema.quantity_index(resource_type, concurrently=True):
                    op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
