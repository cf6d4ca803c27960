"""What a sender was promised to be kept isn't removed silently."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from fhirserver import clock
from fhirserver.instances import Instances, Promised
from tests.instances.arriving import arrival, facts, uid


def kept(record: Instances, study: str, series: str, *instances: str) -> None:
    record.keep([arrival(record, facts(study, series, i)) for i in instances])


def test_promises_are_given_for_what_is_there(record: Instances) -> None:
    study, series, instance = uid(), uid(), uid()
    kept(record, study, series, instance)

    assert record.promise([instance, uid()]) == {instance}
    assert record.promise([]) == set()


def test_nothing_that_was_promised_is_removed_without_saying_so(record: Instances) -> None:
    study, series, other, first, second = uid(), uid(), uid(), uid(), uid()
    kept(record, study, series, first)
    kept(record, study, other, second)
    record.promise([first])

    for what in ((study,), (study, series), (study, series, first)):
        with pytest.raises(Promised) as refused:
            record.delete(*what)
        assert refused.value.instances == 1
    assert record.instances_named([first, second]).keys() == {first, second}

    removed = record.delete(study, other)
    assert removed is not None
    assert not removed.is_all
    removed = record.delete(study, with_promised=True)
    assert removed is not None
    assert removed.is_all


def test_a_promise_and_a_removal_at_once_never_both_succeed(record: Instances) -> None:
    for _ in range(20):
        study, series, instance = uid(), uid(), uid()
        kept(record, study, series, instance)
        begin = threading.Barrier(2)
        held: list[set[str]] = []

        def promise(instance: str = instance, held: list[set[str]] = held) -> None:
            begin.wait()  # noqa: B023 - joined before the next one
            held.append(record.promise([instance]))

        other = threading.Thread(target=promise)
        other.start()
        begin.wait()
        try:
            is_removed = record.delete(study) is not None
        except Promised:
            is_removed = False
        other.join()

        assert (held[0] == {instance}) is not is_removed
        assert (record.instance(instance) is None) is is_removed


def test_retention_begins_anew_with_a_promise(record: Instances) -> None:
    study, series, instance = uid(), uid(), uid()
    kept(record, study, series, instance)
    between = clock.now() + timedelta(milliseconds=1)
    while clock.now() <= between:
        pass
    record.promise([instance])
    after = clock.now() + timedelta(seconds=1)

    def due(before: object) -> set[str]:
        return {s.uid for s in record.unchanged_since(before, limit=100_000)}  # type: ignore[arg-type]

    assert study not in due(between)
    assert study in due(after)
