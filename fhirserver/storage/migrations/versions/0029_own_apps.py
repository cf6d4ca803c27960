"""Clients whose users aren't asked for their consent: the hospital's own apps."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"

STATEMENTS = """
-- No third party: what it asks for is granted without a page. `own_app` is the folder of an app
-- that comes with the server, which keeps the row up to date; NULL for all others.
ALTER TABLE access.client ADD COLUMN IF NOT EXISTS is_trusted boolean NOT NULL DEFAULT false;
ALTER TABLE access.client ADD COLUMN IF NOT EXISTS own_app text COLLATE "C";
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
