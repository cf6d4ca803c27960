"""Instances that come are kept, once, and whole."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fhirserver.errors import Unavailable
from fhirserver.instances import Exact, Instances, Wanted, room
from fhirserver.keys.chunks import CHUNK_BYTES
from fhirserver.storage.database import Database, DatabaseError
from tests.instances.arriving import CT, HEAD, arrival, facts, uid

SOME = os.urandom(2 * CHUNK_BYTES + 1000)


@pytest.mark.parametrize("dataset", [b"", b"x", SOME])
def test_what_was_kept_is_read_back_by_another_process(
    record: Instances, make_record: Callable[..., Instances], dataset: bytes
) -> None:
    study, series, instance = uid(), uid(), uid()

    (kept,) = record.keep([arrival(record, facts(study, series, instance), dataset)])

    other = make_record()
    row = other.instance(instance)
    assert kept.state == "new"
    assert row is not None
    assert row.number == kept.instance_key
    assert b"".join(other.read(row)) == HEAD + dataset
    assert b"".join(other.read(row, row.dataset_at)) == dataset
    assert b"".join(other.read(row, 3, 200)) == (HEAD + dataset)[3:200]
    assert (row.sop_class, row.study.uid, row.series.uid) == (CT, study, series)
    assert other.check(row) == "whole"


def test_studies_and_series_count_what_they_have(record: Instances) -> None:
    study, first, second = uid(), uid(), uid()

    for series, modality in ((first, "CT"), (first, "CT"), (second, "SR")):
        record.keep([arrival(record, facts(study, series, uid(), P00080060=modality), b"1234")])

    row = record.study(study)
    assert row is not None
    assert (row.series, row.instances, row.size) == (2, 3, 3 * len(HEAD + b"1234"))
    assert row.modalities == ("CT", "SR")
    assert row.sop_classes == (CT,)
    assert not row.is_mixed


def test_the_same_instance_is_kept_once(record: Instances) -> None:
    known = facts(uid(), uid(), uid())

    (first,) = record.keep([arrival(record, known, b"same")])
    again = record.keep([arrival(record, known, b"same"), arrival(record, known, b"same")])

    assert [k.state for k in again] == ["same", "same"]
    assert {k.instance_key for k in again} == {first.instance_key}
    row = record.study(known.study)
    assert row is not None
    assert row.instances == 1
    assert len(files(record)) == 1


def test_the_same_instance_with_other_bytes_is_a_conflict_and_both_are_kept(
    record: Instances,
) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first")])

    kept = [record.keep([arrival(record, known, b"other")])[0].state for _ in range(2)]

    assert kept == ["conflict", "conflict"]
    row = record.instance(known.instance)
    assert row is not None
    assert b"".join(record.read(row, row.dataset_at)) == b"first"
    assert row.study.instances == 1
    assert len(files(record)) == 2


def test_an_instance_that_claims_another_study_makes_none(record: Instances) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first")])
    elsewhere = facts(uid(), uid(), known.instance)

    (kept,) = record.keep([arrival(record, elsewhere, b"other")])

    assert kept.state == "conflict"
    assert record.study(elsewhere.study) is None


def test_a_study_with_two_persons_says_so(record: Instances) -> None:
    study, series = uid(), uid()

    record.keep([arrival(record, facts(study, series, uid()))])
    record.keep([arrival(record, facts(study, series, uid(), P00100020="0815"))])

    row = record.study(study)
    assert row is not None
    assert row.is_mixed


def files(record: Instances) -> list[str]:
    return [str(p) for p in record.files.root.rglob("*") if p.is_file()]


def test_instances_that_come_at_once_are_counted_right(
    make_record: Callable[..., Instances],
) -> None:
    """Four processes, each with four associations, into the same two studies."""
    studies, series = (uid(), uid()), uid()
    records = [make_record() for _ in range(4)]
    start = threading.Barrier(16)

    def send(number: int) -> list[str]:
        record = records[number % 4]
        start.wait()
        states = []
        for n in range(10):
            known = facts(studies[(number + n) % 2], f"{series}.{n % 3}", uid())
            states += [k.state for k in record.keep([arrival(record, known)])]
        return states

    with ThreadPoolExecutor(16) as threads:
        states = [s for found in threads.map(send, range(16)) for s in found]

    assert states == ["new"] * 160
    rows = [row for row in map(records[0].study, studies) if row is not None]
    assert [(row.instances, row.series) for row in rows] == [(80, 3), (80, 3)]
    for row in rows:
        series_found = records[0].series(Wanted(studies=[row.uid]))
        assert sum(s.instances for s in series_found) == 80
        assert len(records[0].instances(Wanted(studies=[row.uid]))) == 80


@pytest.mark.parametrize("others", [0, 1])
def test_one_instance_that_comes_from_all_sides_at_once_is_there_once(
    make_record: Callable[..., Instances], others: int
) -> None:
    """The same bytes, or other ones: one row, or a conflict. Every second one names another study."""
    first = facts(uid(), uid(), uid())
    elsewhere = facts(uid(), uid(), first.instance)
    records = [make_record() for _ in range(4)]
    start = threading.Barrier(8)

    def send(number: int) -> str:
        record = records[number % 4]
        dataset = b"bytes" if number % 2 or not others else b"other"
        come = arrival(record, (first, elsewhere)[number % 2 if others else 0], dataset)
        start.wait()
        (kept,) = record.keep([come])
        return kept.state

    with ThreadPoolExecutor(8) as threads:
        states = sorted(threads.map(send, range(8)))

    row = records[0].instance(first.instance)
    assert row is not None
    assert row.study.instances == 1
    same, conflicts = (7, 0) if not others else (3, 4)
    assert states == ["conflict"] * conflicts + ["new"] + ["same"] * same
    assert len(records[0].conflicts(row.study.uid)) == (1 if others else 0)
    assert sum(records[0].study(f.study) is not None for f in (first, elsewhere)) == 1
    assert len(files(records[0])) == 1 + others


def test_what_waits_is_kept_together(record: Instances, database: Database) -> None:
    study, series = uid(), uid()
    record.keep([arrival(record, facts(study, series, uid()))])
    came = [[arrival(record, facts(study, series, uid()))] for _ in range(8)]
    with database.transaction() as connection:
        connection.execute("SELECT FROM dicom.study WHERE uid = %s FOR UPDATE", (study,))
        futures = [record.begin_to_keep(one) for one in came]

    states = [f.result()[0].state for f in futures]

    assert states == ["new"] * 8
    transactions = database.read(
        "SELECT count(DISTINCT xmin::text) FROM dicom.instance WHERE study = "
        "(SELECT number FROM dicom.study WHERE uid = %s)",
        (study,),
    )
    assert transactions[0][0] <= 3


def test_one_that_can_not_be_kept_does_not_hold_back_the_others(record: Instances) -> None:
    bad, good = facts(uid(), uid(), "1.\0"), facts(uid(), uid(), uid())

    futures = [record.begin_to_keep([arrival(record, f)]) for f in (good, bad)]

    assert futures[0].result()[0].state == "new"
    with pytest.raises(DatabaseError):
        futures[1].result()
    assert len(files(record)) == 1


def test_a_list_is_kept_whole_or_not_at_all(record: Instances) -> None:
    known = [facts(uid(), uid(), uid()), facts(uid(), uid(), "1.\0")]

    with pytest.raises(DatabaseError):
        record.keep([arrival(record, f) for f in known])

    assert record.study(known[0].study) is None
    assert files(record) == []


def test_odd_attributes_are_kept_all_the_same(record: Instances) -> None:
    known = facts(uid(), uid(), uid(), P00104000="a\0b\ud800c", P00080050="\0 4711 \0")

    record.keep([arrival(record, known)])

    (row,) = record.studies(
        Wanted(studies=[known.study], keys={"AccessionNumber": Exact.of("4711")})
    )
    assert row.keys["00104000"]["Value"] == ["ab?c"]


def test_nothing_is_taken_when_the_quota_is_reached_or_the_disk_is_nearly_full(
    make_record: Callable[..., Instances],
) -> None:
    record = make_record(quota_bytes=1)
    make_record().keep([arrival(make_record(), facts(uid(), uid(), uid()))])

    with pytest.raises(Unavailable, match="quota"):
        record.begin()
    with pytest.raises(Unavailable, match="nearly full"):
        make_record(free_bytes=2**62).begin()


def test_a_large_one_is_stopped_when_the_disk_becomes_nearly_full(
    make_record: Callable[..., Instances], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_DISK_SECONDS", -10.0)
    upload = make_record(free_bytes=1).begin()
    monkeypatch.setattr(room.Room, "_of_disk", lambda _: "nearly full")

    for _ in range(60):
        upload.write(bytes(1_000_000))
    with pytest.raises(Unavailable, match="nearly full"):
        upload.write(bytes(5_000_000))
    upload.discard()


def test_uploads_that_wait_to_be_kept_hold_nothing_in_memory(record: Instances) -> None:
    dataset = os.urandom(CHUNK_BYTES - 1000)
    record.begin().discard()
    tracemalloc.start()
    try:
        arrivals = [arrival(record, facts(uid(), uid(), uid()), dataset) for _ in range(40)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 40 * 20_000
    for one in arrivals:
        one.upload.discard()


def test_an_upload_that_is_given_up_leaves_nothing(record: Instances) -> None:
    upload = record.begin()
    upload.write(b"x" * 3 * CHUNK_BYTES)

    upload.discard()

    assert files(record) == []


@pytest.mark.parametrize("damage", ["lost", "cut", "changed"])
def test_what_is_lost_or_damaged_is_mended_when_it_comes_again(
    record: Instances, damage: str
) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"pixels")])
    row = record.instance(known.instance)
    assert row is not None
    path = record.files.path(row.object)
    match damage:
        case "cut":
            os.truncate(path, 20)
        case "lost":
            path.unlink()
        case _:
            raw = bytearray(path.read_bytes())
            raw[-1] ^= 1
            path.write_bytes(raw)

    (kept,) = record.keep([arrival(record, known, b"pixels")])

    mended = record.instance(known.instance)
    assert mended is not None
    assert kept.state == "same"
    assert record.check(mended) == "whole"
    assert (mended.number, mended.study.instances) == (row.number, 1)
