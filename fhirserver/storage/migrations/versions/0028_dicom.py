"""The DICOM record: studies, series and instances that came, and what is open about them."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS dicom;

-- `key` is the data key that the keys of its files are sealed with. What queries compare is in
-- columns: names and texts folded, dates as YYYYMMDD, times as HHMMSS.FFFFFF. `keys` is a DICOM
-- JSON object of the attributes of this level. `person` is a digest of what the first instance says
-- of the patient; another one says something else when `is_mixed`. `owner` is the digest of the
-- address of the FHIR Patient, `patient`. No index has a column that changes with each instance.
CREATE TABLE IF NOT EXISTS dicom.study (
  number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key uuid NOT NULL,
  person int8 NOT NULL,
  owner int8,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  bytes int8 NOT NULL DEFAULT 0,
  series int4 NOT NULL DEFAULT 0,
  instances int4 NOT NULL DEFAULT 0,
  is_mixed boolean NOT NULL DEFAULT false,
  uid text COLLATE "C" NOT NULL,
  imaging_study text COLLATE "C",
  patient text COLLATE "C",
  encounter text COLLATE "C",
  modalities text[] COLLATE "C" NOT NULL DEFAULT '{}',
  sop_classes text[] COLLATE "C" NOT NULL DEFAULT '{}',
  patient_id text COLLATE "C" NOT NULL,
  issuer text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  ideographic text COLLATE "C" NOT NULL,
  phonetic text COLLATE "C" NOT NULL,
  birth_date text COLLATE "C" NOT NULL,
  sex text COLLATE "C" NOT NULL,
  date text COLLATE "C" NOT NULL,
  time text COLLATE "C" NOT NULL,
  accession text COLLATE "C" NOT NULL,
  study_id text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  referring text COLLATE "C" NOT NULL,
  keys jsonb NOT NULL) WITH (fillfactor = 75);
CREATE UNIQUE INDEX IF NOT EXISTS study_uid ON dicom.study (uid);
CREATE INDEX IF NOT EXISTS study_newest ON dicom.study (date DESC, time DESC, number DESC);
CREATE INDEX IF NOT EXISTS study_patient_id ON dicom.study (patient_id);
CREATE INDEX IF NOT EXISTS study_name ON dicom.study (name);
CREATE INDEX IF NOT EXISTS study_ideographic ON dicom.study (ideographic);
CREATE INDEX IF NOT EXISTS study_phonetic ON dicom.study (phonetic);
CREATE INDEX IF NOT EXISTS study_accession ON dicom.study (accession) WHERE accession <> '';
CREATE INDEX IF NOT EXISTS study_owner ON dicom.study (owner) WHERE owner IS NOT NULL;
CREATE INDEX IF NOT EXISTS study_key ON dicom.study (key);
CREATE INDEX IF NOT EXISTS study_imaging_study ON dicom.study (imaging_study)
  WHERE imaging_study IS NOT NULL;
CREATE INDEX IF NOT EXISTS study_modalities ON dicom.study USING gin (modalities);

CREATE TABLE IF NOT EXISTS dicom.series (
  number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study int8 NOT NULL,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  bytes int8 NOT NULL DEFAULT 0,
  instances int4 NOT NULL DEFAULT 0,
  series_number int8,
  uid text COLLATE "C" NOT NULL,
  modality text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  body_part text COLLATE "C" NOT NULL,
  station text COLLATE "C" NOT NULL,
  step_date text COLLATE "C" NOT NULL,
  step_time text COLLATE "C" NOT NULL,
  keys jsonb NOT NULL) WITH (fillfactor = 75);
CREATE UNIQUE INDEX IF NOT EXISTS series_uid ON dicom.series (study, uid);
CREATE INDEX IF NOT EXISTS series_by_uid ON dicom.series (uid);

-- `object` names the file, whose key is in `key`, sealed with that of the study; `digest` is the
-- SHA-256 of the dataset, which begins at `dataset_at`. `metadata` is the DICOM JSON model of all
-- of it, NULL until somebody makes it.
CREATE TABLE IF NOT EXISTS dicom.instance (
  number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study int8 NOT NULL,
  series int8 NOT NULL,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  object uuid NOT NULL,
  size int8 NOT NULL,
  instance_number int8,
  dataset_at int4 NOT NULL,
  uid text COLLATE "C" NOT NULL,
  sop_class text COLLATE "C" NOT NULL,
  transfer_syntax text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  caller text COLLATE "C" NOT NULL,
  key bytea NOT NULL,
  digest bytea NOT NULL,
  keys jsonb NOT NULL,
  metadata bytea);
CREATE UNIQUE INDEX IF NOT EXISTS instance_uid ON dicom.instance (uid);
CREATE UNIQUE INDEX IF NOT EXISTS instance_object ON dicom.instance (object);
CREATE INDEX IF NOT EXISTS instance_of ON dicom.instance (study, series, instance_number, number);
CREATE INDEX IF NOT EXISTS instance_unread ON dicom.instance (number) WHERE metadata IS NULL;

-- Another dataset of an instance that is there: `study` is that one's, whose key its key is sealed
-- with; `claimed_*` is where it says that it belongs.
CREATE TABLE IF NOT EXISTS dicom.conflict (
  number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study int8 NOT NULL,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended timestamptz(3),
  object uuid NOT NULL,
  size int8 NOT NULL,
  dataset_at int4 NOT NULL,
  uid text COLLATE "C" NOT NULL,
  claimed_study text COLLATE "C" NOT NULL,
  claimed_series text COLLATE "C" NOT NULL,
  sop_class text COLLATE "C" NOT NULL,
  transfer_syntax text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  caller text COLLATE "C" NOT NULL,
  key bytea NOT NULL,
  digest bytea NOT NULL,
  keys jsonb NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS conflict_uid ON dicom.conflict (uid, digest);
CREATE UNIQUE INDEX IF NOT EXISTS conflict_object ON dicom.conflict (object);
CREATE INDEX IF NOT EXISTS conflict_study ON dicom.conflict (study);
CREATE INDEX IF NOT EXISTS conflict_open ON dicom.conflict (number) WHERE ended IS NULL;

-- Studies with changes that nobody has dealt with: how many, since when, and when the last came.
CREATE TABLE IF NOT EXISTS dicom.change (
  study int8 PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated timestamptz NOT NULL DEFAULT clock_timestamp(),
  changes int8 NOT NULL DEFAULT 1) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Questions of senders whether instances are kept for good, until they are answered.
CREATE TABLE IF NOT EXISTS dicom.commitment (
  number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  due timestamptz NOT NULL DEFAULT clock_timestamp(),
  done timestamptz(3),
  attempts int4 NOT NULL DEFAULT 0,
  uid text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  caller text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'reported', 'given up')),
  content jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS commitment_due ON dicom.commitment (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS commitment_uid ON dicom.commitment (uid);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STATEMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
