"""`fhirserver dicom-verify`, what is removed by time, and the gauges."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from click.testing import CliRunner

from dicom_gateway.commands.dicom_verify import verified
from dicom_gateway.tasks.retention import remove_old, sweep
from fhirserver import clock
from fhirserver.cli import main
from fhirserver.instances import Instances
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.instances.arriving import arrival, facts, uid


@pytest.fixture
def study(record: Instances) -> list[str]:
    """A study of three instances, one of them damaged, one missing: their UIDs after its own."""
    study, series = uid(), uid()
    known = [facts(study, series, uid()) for _ in range(3)]
    record.keep([arrival(record, k, b"pixels" * 20) for k in known])
    for k, act in ((known[1], _damage), (known[2], _lose)):
        row = record.instance(k.instance)
        assert row is not None
        act(record.files.path(row.object))
    return [study, *(k.instance for k in known)]


def _damage(path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 4
    path.write_bytes(data)


def _lose(path) -> None:
    path.unlink()


def test_verify_names_what_is_damaged_or_missing(
    study, database_url, settings, monkeypatch
) -> None:
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    monkeypatch.setenv("FHIRSERVER_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("FHIRSERVER_KEY_FILE", str(settings.key_file))

    result = CliRunner().invoke(main, ["dicom-verify", "--study", study[0]])

    assert result.exit_code == 1, result.output
    found = [line.split()[:2] for line in result.output.splitlines()]
    assert ["damaged", study[2]] in found
    assert ["missing", study[3]] in found
    assert "3 instances checked, 2 of them damaged or missing" in result.output
    assert CliRunner().invoke(main, ["dicom-verify", "--study", "1.2.3"]).exit_code != 0


def test_all_instances_are_verified_and_what_is_in_conflict(record: Instances) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first")])
    record.keep([arrival(record, known, b"other")])
    (conflict,) = record.conflicts(known.study)
    record.decide(conflict, "first")

    found = [c for c, of, _ in verified(record) if of == known.instance]

    assert found == ["whole", "whole"]


def test_studies_go_when_their_time_is_over_and_that_is_on_record(
    record: Instances, settings: Settings, database: Database
) -> None:
    old, new, patient = facts(uid(), uid(), uid()), facts(uid(), uid(), uid()), uid()
    record.keep([arrival(record, old), arrival(record, new)])
    record.assign(old.study, imaging_study=f"i-{patient}", patient=patient)
    database.write(
        "UPDATE dicom.study SET updated = %s WHERE uid = %s",
        (clock.now() - timedelta(days=11), old.study),
    )

    assert remove_old(record, settings) == 0
    assert remove_old(record, dataclasses.replace(settings, dicom_retention_days=10.0)) >= 1

    assert record.study(old.study) is None
    assert record.study(new.study) is not None
    events = database.read(
        'SELECT content::text FROM resource."AuditEvent" WHERE content::text LIKE %s',
        (f"%ImagingStudy/i-{patient}%",),
    )
    assert len(events) == 1
    assert f"Patient/{patient}" in events[0][0]


def test_a_missing_file_is_told_to_the_operator(record: Instances, study, caplog) -> None:
    row = record.instance(study[3])
    assert row is not None

    swept = sweep(record)

    assert row.object in swept.missing
    assert str(row.object) in str([getattr(r, "object", "") for r in caplog.records])


def test_the_gauges_tell_how_much_there_is(record: Instances, client) -> None:
    record.keep([arrival(record, facts(uid(), uid(), uid()))])

    text = client.get("/metrics").get_data(as_text=True)

    gauges = dict(line.split() for line in text.splitlines() if line.startswith("fhirserver_dicom"))
    for name in ("studies", "series", "instances", "bytes", "unmapped"):
        assert float(gauges[f"fhirserver_dicom_{name}"]) >= 1
    assert float(gauges["fhirserver_dicom_unmapped_seconds"]) >= 0
