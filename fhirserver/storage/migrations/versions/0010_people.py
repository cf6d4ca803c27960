"""Users, how they sign in, and their sessions."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS access;

-- A number that grows with every change of who may do what: what was worked out before is old then.
CREATE TABLE IF NOT EXISTS access.epoch (
  is_only bool PRIMARY KEY DEFAULT true CHECK (is_only),
  number int8 NOT NULL DEFAULT 1);
INSERT INTO access.epoch DEFAULT VALUES ON CONFLICT DO NOTHING;

-- `name` is what they type to sign in, folded; `fhir_user` who they are here: Practitioner/1.
CREATE TABLE IF NOT EXISTS access."user" (
  id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  display text NOT NULL,
  fhir_user text COLLATE "C",
  roles text[] COLLATE "C" NOT NULL DEFAULT '{}',
  clearances text[] COLLATE "C" NOT NULL DEFAULT '{}',
  is_active bool NOT NULL DEFAULT true,
  created timestamptz NOT NULL DEFAULT now(),
  updated timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS user_is_person ON access."user" (fhir_user);

-- What they sign in with. `secret`: the argon2id hash of a password, the sealed seed of an
-- authenticator app, the public key of a passkey. `external`: the id of a passkey, or issuer and
-- subject of an account elsewhere. `counter`: the last time step, or the passkey's own counter.
CREATE TABLE IF NOT EXISTS access.user_credential (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES access."user" ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('password', 'totp', 'passkey', 'external')),
  label text NOT NULL DEFAULT '',
  secret bytea,
  external text COLLATE "C",
  counter int8 NOT NULL DEFAULT 0,
  created timestamptz NOT NULL DEFAULT now(),
  used timestamptz,
  UNIQUE (kind, external));
CREATE INDEX IF NOT EXISTS user_credential_user ON access.user_credential (user_id, kind);
CREATE UNIQUE INDEX IF NOT EXISTS user_credential_single ON access.user_credential (user_id, kind)
  WHERE kind IN ('password', 'totp');

-- Codes for the day the phone is lost: each works once, and only its SHA-256 is here.
CREATE TABLE IF NOT EXISTS access.recovery_code (
  user_id uuid NOT NULL REFERENCES access."user" ON DELETE CASCADE,
  hash bytea NOT NULL,
  used timestamptz,
  PRIMARY KEY (user_id, hash));

-- `hash` is the SHA-256 of the cookie; `id` is what authorizations given in the session carry.
CREATE TABLE IF NOT EXISTS access.session (
  id uuid PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES access."user" ON DELETE CASCADE,
  methods text[] NOT NULL DEFAULT '{}',
  started timestamptz NOT NULL DEFAULT now(),
  seen timestamptz NOT NULL DEFAULT now(),
  authenticated timestamptz NOT NULL DEFAULT now(),
  ended timestamptz,
  address text NOT NULL DEFAULT '',
  agent text NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS session_of_user ON access.session (user_id, ended, started);
CREATE INDEX IF NOT EXISTS session_started ON access.session (started);

-- A sign-in that goes on in the next request: a second factor, a passkey, another server's answer.
CREATE TABLE IF NOT EXISTS access.begun (
  hash bytea PRIMARY KEY,
  purpose text NOT NULL,
  user_id uuid REFERENCES access."user" ON DELETE CASCADE,
  content jsonb NOT NULL DEFAULT '{}',
  expires timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS begun_expires ON access.begun (expires);

-- Attempts to sign in, by a digest of whose or from where.
CREATE TABLE IF NOT EXISTS access.attempt (
  key bytea PRIMARY KEY,
  count int4 NOT NULL DEFAULT 0,
  expires timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS attempt_expires ON access.attempt (expires);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
