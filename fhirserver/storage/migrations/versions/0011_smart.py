"""SMART clients, authorizations and tokens."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = """
-- Apps and services that may ask for tokens. `secret` is a SHA-256: ours have 256 random bits.
CREATE TABLE IF NOT EXISTS access.client (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('public', 'symmetric', 'asymmetric')),
  secret bytea CHECK (length(secret) = 32),
  redirect_uris text[] NOT NULL DEFAULT '{}',
  grant_types text[] NOT NULL,
  scope text NOT NULL,
  jwks jsonb,
  jwks_uri text,
  launch_uri text,
  may_introspect bool NOT NULL DEFAULT false,
  is_active bool NOT NULL DEFAULT true,
  details jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL DEFAULT now(),
  CHECK ((kind = 'symmetric') = (secret IS NOT NULL)),
  CHECK ((kind = 'asymmetric') = (jwks IS NOT NULL OR jwks_uri IS NOT NULL)));

-- What a user has granted an app, or a service has been given: all its tokens hang on it.
CREATE TABLE IF NOT EXISTS access.family (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  subject text NOT NULL,
  client text COLLATE "C" REFERENCES access.client ON DELETE CASCADE,
  user_id uuid REFERENCES access."user" ON DELETE CASCADE,
  session uuid,
  is_offline bool NOT NULL DEFAULT false,
  scope text NOT NULL,
  patient text,
  encounter text,
  launch jsonb NOT NULL DEFAULT '{}',
  authenticated timestamptz,
  created timestamptz NOT NULL DEFAULT now(),
  expires timestamptz NOT NULL,
  revoked timestamptz,
  used timestamptz);
ALTER TABLE access.family ADD COLUMN IF NOT EXISTS used timestamptz;
CREATE INDEX IF NOT EXISTS family_user ON access.family (user_id, client);
CREATE INDEX IF NOT EXISTS family_client ON access.family (client);
CREATE INDEX IF NOT EXISTS family_session ON access.family (session);
CREATE INDEX IF NOT EXISTS family_expires ON access.family (expires);

CREATE TABLE IF NOT EXISTS access.token (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  family uuid NOT NULL REFERENCES access.family ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
  scope text NOT NULL,
  issued timestamptz NOT NULL DEFAULT now(),
  expires timestamptz NOT NULL,
  used timestamptz);
CREATE INDEX IF NOT EXISTS token_family ON access.token (family);
CREATE INDEX IF NOT EXISTS token_expires ON access.token (expires);

-- A code that has been redeemed stays until it expires, so that a second try is noticed.
CREATE TABLE IF NOT EXISTS access.authorization_code (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  client text COLLATE "C" NOT NULL REFERENCES access.client ON DELETE CASCADE,
  redirect_uri text NOT NULL,
  code_challenge text NOT NULL,
  nonce text,
  family uuid NOT NULL REFERENCES access.family ON DELETE CASCADE,
  expires timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS access.redeemed_code (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  family uuid NOT NULL REFERENCES access.family ON DELETE CASCADE,
  expires timestamptz NOT NULL);

-- An app's request, from the authorize address until its user has decided.
CREATE TABLE IF NOT EXISTS access.pending (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  client text COLLATE "C" NOT NULL REFERENCES access.client ON DELETE CASCADE,
  request jsonb NOT NULL,
  user_id uuid REFERENCES access."user" ON DELETE CASCADE,
  expires timestamptz NOT NULL);

-- An EHR launch: what the EHR had open when it called the app.
CREATE TABLE IF NOT EXISTS access.launch (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  client text COLLATE "C" NOT NULL REFERENCES access.client ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES access."user" ON DELETE CASCADE,
  patient text,
  encounter text,
  context jsonb NOT NULL DEFAULT '{}',
  expires timestamptz NOT NULL);

-- The ids of client assertions that have been used.
CREATE TABLE IF NOT EXISTS access.jti (
  client text COLLATE "C" NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  expires timestamptz NOT NULL,
  PRIMARY KEY (client, hash));
CREATE INDEX IF NOT EXISTS jti_expires ON access.jti (expires);

-- Tokens that allow a client to register itself.
CREATE TABLE IF NOT EXISTS access.initial_token (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  expires timestamptz NOT NULL);

-- The keys that sign id_tokens; the newest signs, the others stay known for a while.
CREATE TABLE IF NOT EXISTS access.signing_key (
  id text COLLATE "C" PRIMARY KEY,
  private bytea NOT NULL,
  public jsonb NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  retires timestamptz NOT NULL DEFAULT 'infinity');

-- Tokens of `fhirserver token` go on.
WITH old AS (
  DELETE FROM fhir.access_token RETURNING gen_random_uuid() AS id, *
), made AS (
  INSERT INTO access.family (id, subject, scope, created, expires)
  SELECT id, subject, scope, issued, expires FROM old WHERE expires > now())
INSERT INTO access.token (hash, family, kind, scope, issued, expires)
SELECT hash, id, 'access', scope, issued, expires FROM old WHERE expires > now();
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
