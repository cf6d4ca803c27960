"""The number of access.epoch grows with everything that ends a token before its time."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

_ENDS = (
    ("token", "DELETE", "OLD.expires > now()"),
    ("family", "UPDATE OF revoked", "OLD.revoked IS DISTINCT FROM NEW.revoked"),
    ("session", "UPDATE OF ended", "OLD.ended IS DISTINCT FROM NEW.ended"),
    ("session", "DELETE", "OLD.ended IS NULL"),
    ("client", "UPDATE OF is_active", "OLD.is_active IS DISTINCT FROM NEW.is_active"),
    ("client", "DELETE", "true"),
    ('"user"', "UPDATE OF is_active", "OLD.is_active IS DISTINCT FROM NEW.is_active"),
    ('"user"', "DELETE", "true"),
)

FUNCTION = """
CREATE OR REPLACE FUNCTION access.has_ended() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE access.epoch SET number = number + 1; RETURN NULL; END $$;
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(FUNCTION)
    for table, event, condition in _ENDS:
        name = f"has_ended_by_{event.split()[0].lower()}"
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON access.{table} "
            f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION access.has_ended()"
        )


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
