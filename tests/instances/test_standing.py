"""What becomes of studies: they change, are assigned, removed, and decided about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fhirserver.errors import Damaged
from fhirserver.instances import TOPIC, Instances, Wanted
from fhirserver.storage.database import Database
from tests.instances.arriving import arrival, facts, uid


@pytest.fixture(autouse=True)
def nothing_waits(database: Database) -> Iterator[None]:
    """Other tests of the run don't deal with these studies."""
    yield
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))


def items(database: Database, study: str) -> int:
    sql = "SELECT count(*) FROM queue.item WHERE topic = %s AND lane = %s"
    return int(database.read(sql, (TOPIC, study))[0][0])


def test_a_burst_of_instances_is_one_thing_to_do(record: Instances, database: Database) -> None:
    study, series = uid(), uid()
    for _ in range(3):
        record.keep([arrival(record, facts(study, series, uid()))])

    changed = record.changed(study)

    assert changed is not None
    assert changed.changes == 3
    assert items(database, study) == 1
    assert study in {c.study for c in record.quiet(0, limit=10_000)}
    assert study not in {c.study for c in record.quiet(3600, limit=10_000)}


def test_what_comes_while_a_study_is_dealt_with_is_to_be_dealt_with(
    record: Instances, database: Database
) -> None:
    study, series = uid(), uid()
    record.keep([arrival(record, facts(study, series, uid()))])
    seen = record.changed(study)
    record.keep([arrival(record, facts(study, series, uid()))])

    assert seen is not None
    assert not record.settle(study, seen.changes)
    assert record.settle(study, seen.changes + 1)
    assert record.changed(study) is None
    record.keep([arrival(record, facts(study, series, uid()))])
    assert items(database, study) == 2


def test_studies_follow_their_patient(record: Instances) -> None:
    study, old, new = uid(), uid(), uid()
    record.keep([arrival(record, facts(study, uid(), uid()))])

    assert record.assign(study, imaging_study="i1", patient=old)
    assert record.move(old, new) == [study]

    (row,) = record.studies(Wanted(patients=[new]))
    assert (row.uid, row.imaging_study, row.patient) == (study, "i1", new)
    assert record.release(study)
    assert record.studies(Wanted(patients=[new])) == []
    assert not record.assign("1.2.3", patient=new)


def test_an_instance_that_is_removed_is_counted_no_more(
    record: Instances, database: Database
) -> None:
    study, first, second = uid(), uid(), uid()
    known = [facts(study, s, uid(), P00080060=m) for s, m in ((first, "CT"), (second, "SR"))]
    record.keep([arrival(record, k) for k in known])
    gone = record.instance(known[1].instance)

    removed = record.delete(study, second, known[1].instance)

    row = record.study(study)
    assert removed is not None
    assert gone is not None
    assert row is not None
    assert (removed.instances, removed.is_all) == (1, False)
    assert (row.series, row.instances, row.modalities) == (1, 1, ("CT",))
    assert not record.files.path(gone.object).exists()
    assert record.delete(study, second) is None


def test_a_study_that_is_removed_can_come_again_under_another_key(record: Instances) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first")])
    record.keep([arrival(record, known, b"other")])
    before = record.instance(known.instance)

    removed = record.delete(known.study)

    assert removed is not None
    assert removed.is_all
    assert len(removed.objects) == 2
    assert [p for p in record.files.root.rglob("*") if p.is_file()] == []
    assert record.study(known.study) is None
    (kept,) = record.keep([arrival(record, known, b"other")])
    after = record.instance(known.instance)
    assert kept.state == "new"
    assert before is not None
    assert after is not None
    assert before.data_key != after.data_key
    assert record.conflicts(known.study) == []


def test_somebody_decides_which_dataset_is_shown(record: Instances) -> None:
    known = facts(uid(), uid(), uid(), P00200013="1")
    again = facts(known.study, known.series, known.instance, P00200013="2")
    record.keep([arrival(record, known, b"first", b'{"first":1}')])
    record.keep([arrival(record, again, b"the other")])
    (conflict,) = record.conflicts(known.study)
    assert b"".join(record.read(conflict, conflict.dataset_at)) == b"the other"

    assert record.decide(conflict, "other")

    shown = record.instance(known.instance)
    assert shown is not None
    assert b"".join(record.read(shown, shown.dataset_at)) == b"the other"
    assert shown.keys["00200013"]["Value"] == ["2"]
    assert shown.study.size == shown.size
    assert not shown.has_metadata
    put_by = record.conflict(conflict.number)
    assert put_by is not None
    assert b"".join(record.read(put_by, put_by.dataset_at)) == b"first"
    assert record.conflicts(known.study) == []
    assert not record.decide(conflict, "first")


def test_what_claims_another_series_can_not_be_shown_in_this_one(record: Instances) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first")])
    record.keep([arrival(record, facts(known.study, uid(), known.instance), b"the other")])
    (conflict,) = record.conflicts(known.study)

    assert not record.decide(conflict, "other")
    assert record.decide(conflict, "first")


def test_a_flipped_byte_and_a_lost_file_are_noticed(record: Instances) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"pixels" * 100)])
    row = record.instance(known.instance)
    assert row is not None
    path = record.files.path(row.object)

    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    assert record.check(row) == "damaged"
    with pytest.raises(Damaged):
        list(record.read(row))
    path.unlink()
    assert record.check(row) == "missing"


def test_models_are_made_once_and_come_in_order(record: Instances) -> None:
    study, series = uid(), uid()
    known = [facts(study, series, uid(), P00200013=str(n)) for n in (2, 1, 3)]
    texts = (b'{"2":1}', None, b'{"3":1}')
    record.keep([arrival(record, k, metadata=t) for k, t in zip(known, texts, strict=True)])
    made: list[str] = []

    for _ in range(2):
        found = list(
            record.metadata(
                study,
                make=lambda row: made.append(row.uid) or b'{"made":1}',  # type: ignore[func-returns-value]
            )
        )
        assert found == [b'{"made":1}', b'{"2":1}', b'{"3":1}']
    assert made == [known[1].instance]


def test_a_commitment_is_answered_by_one_and_not_forgotten(record: Instances) -> None:
    number = record.add_commitment(uid(), "ct-1", "CT1", {"instances": ["1.2"]})

    first = [c for c in record.commitments_due(limit=100) if c.number == number]
    assert [(c.sender, c.attempts, c.content) for c in first] == [
        ("ct-1", 1, {"instances": ["1.2"]})
    ]
    assert number not in {c.number for c in record.commitments_due(limit=100)}
    record.put_off_commitment(number, 0)
    assert number in {c.number for c in record.commitments_due(limit=100)}
    assert record.end_commitment(number)
    assert not record.end_commitment(number)
    record.put_off_commitment(number, 0)
    assert number not in {c.number for c in record.commitments_due(limit=100)}
