"""Tables of the closures that clients keep up with $closure."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
-- What one caller keeps under a name. `systems` are the versions of the code systems that its
-- entries rest on, by url.
CREATE TABLE IF NOT EXISTS terminology.client_closure (
  id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  version int4 NOT NULL DEFAULT 0,
  concepts int4 NOT NULL DEFAULT 0,
  systems jsonb NOT NULL DEFAULT '{}',
  used timestamptz NOT NULL DEFAULT now(),
  UNIQUE (owner, name));

-- Its concepts, each with everything above it.
CREATE TABLE IF NOT EXISTS terminology.client_closure_concept (
  closure int4 NOT NULL REFERENCES terminology.client_closure ON DELETE CASCADE,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  ancestors text[] COLLATE "C" NOT NULL,
  PRIMARY KEY (closure, system, code));

-- `code` is below `ancestor`; the client was told so with this version.
CREATE TABLE IF NOT EXISTS terminology.client_closure_entry (
  closure int4 NOT NULL REFERENCES terminology.client_closure ON DELETE CASCADE,
  version int4 NOT NULL,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  ancestor text COLLATE "C" NOT NULL,
  PRIMARY KEY (closure, version, system, code, ancestor))
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
