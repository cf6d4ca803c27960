"""Which HL7 v2 messages held a code that nobody knew, or that somebody has translated."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, member in (("unknown", "unknownCodes"), ("answered", "answeredCodes")):
            op.execute(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS message_{name} ON hl7v2.message "
                f"USING gin ((report->'{member}') jsonb_path_ops) WHERE report ? '{member}'"
            )
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS message_ended ON hl7v2.message (ended) "
            "WHERE state IN ('done', 'discarded')"
        )
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS message_refused ON hl7v2.message (received) "
            "WHERE state = 'refused'"
        )
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS sent_ended ON hl7v2.sent (ended)")


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
