"""Shorter pending lists of the inverted indexes: every search reads them (storage/README.md)."""

from __future__ import annotations

from alembic import op

from fhirserver.model import definitions
from fhirserver.storage import schema

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for resource_type in definitions.load().resource_types:
        op.execute(schema.pending_lists(resource_type))


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
