"""Tables of the concepts of large code systems."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE SCHEMA IF NOT EXISTS terminology;

-- A version of a code system whose concepts are in these tables; `about` is its CodeSystem
-- resource without them.
CREATE TABLE IF NOT EXISTS terminology.code_system (
  id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  about jsonb NOT NULL,
  concepts int4 NOT NULL DEFAULT 0,
  is_hierarchical boolean NOT NULL DEFAULT false,
  loaded timestamptz NOT NULL DEFAULT now(),
  UNIQUE (url, version));

-- `number` is the place in the file, and the order of every answer. `names` are the code, the
-- display and the designations, folded, one on a line.
CREATE TABLE IF NOT EXISTS terminology.concept (
  system int4 NOT NULL,
  number int4 NOT NULL,
  is_inactive boolean NOT NULL,
  is_abstract boolean NOT NULL,
  code text COLLATE "C" NOT NULL,
  display text,
  definition text,
  names text NOT NULL,
  designations jsonb,
  properties jsonb,
  PRIMARY KEY (system, number));
CREATE UNIQUE INDEX IF NOT EXISTS concept_code ON terminology.concept (system, code);
CREATE INDEX IF NOT EXISTS concept_folded ON terminology.concept (system, lower(code));
CREATE INDEX IF NOT EXISTS concept_words ON terminology.concept
  USING gin (to_tsvector('simple', names));

CREATE TABLE IF NOT EXISTS terminology.parent (
  system int4 NOT NULL, child int4 NOT NULL, parent int4 NOT NULL,
  PRIMARY KEY (system, child, parent));
CREATE INDEX IF NOT EXISTS parent_children ON terminology.parent (system, parent, child);

-- Every concept with everything above it, at whatever depth.
CREATE TABLE IF NOT EXISTS terminology.closure (
  system int4 NOT NULL, ancestor int4 NOT NULL, descendant int4 NOT NULL,
  PRIMARY KEY (system, ancestor, descendant));
CREATE INDEX IF NOT EXISTS closure_above ON terminology.closure (system, descendant, ancestor);

CREATE TABLE IF NOT EXISTS terminology.property (
  system int4 NOT NULL, concept int4 NOT NULL,
  property text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL);
CREATE INDEX IF NOT EXISTS property_value ON terminology.property
  (system, property, left(value, 200), concept);
CREATE INDEX IF NOT EXISTS property_concept ON terminology.property (system, concept, property)
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
