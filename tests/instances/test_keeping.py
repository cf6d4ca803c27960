"""Instances that come are kept, once, and whole."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from fhirserver.instances import Instances
from fhirserver.keys.chunks import CHUNK_BYTES
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
    return [str(p) for p in record.folder.rglob("*") if p.is_file()]
