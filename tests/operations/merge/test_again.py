"""Merges that break off, that meet other writers, and that are made again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fhirserver.errors import Unavailable
from fhirserver.interactions.operating import merging
from tests.answers import done, refused
from tests.builders import (
    an_observation,
)
from tests.operations.merge.calling import merged, part, read, stored, the_content, to, undone


def give_up(ctx):
    raise Unavailable("gone")


def lose_the_database(ctx):
    """PostgreSQL ends the connection, as when its process is killed."""
    database = ctx.store.database
    process = database.connection("write").info.backend_pid
    database.read("SELECT pg_terminate_backend(%s)", (process,))


@pytest.mark.parametrize("break_off", [give_up, lose_the_database])
def test_a_merge_that_breaks_off_leaves_nothing_half_written(
    client, source, target, monkeypatch, break_off
):
    weights = [stored(client, an_observation(subject=to(source))) for _ in range(3)]
    ward = {"resourceType": "List", "status": "current", "mode": "working"}
    ward = stored(client, {**ward, "entry": [{"item": to(source)}]})
    moves = merging._moves

    def broken_off(ctx, resource_type, *arguments):
        if resource_type == "Observation":
            break_off(ctx)
        return moves(ctx, resource_type, *arguments)

    monkeypatch.setattr(merging, "_moves", broken_off)
    refused(merged(client, source, target), 503)
    monkeypatch.undo()

    for one in (source, target, ward, *weights):
        assert read(client, one) == one
    recorded = f"/fhir/Provenance?target=Patient/{source['id']}&_summary=count"
    assert done(client.get(recorded))["total"] == 0
    assert (
        "4 resources" in part(merged(client, source, target), "outcome")["issue"][0]["diagnostics"]
    )


def test_what_was_written_while_the_merge_was_under_way_is_moved_and_undone(
    client, source, target, monkeypatch
):
    late = []
    move = merging._move

    def moved_and_written(*arguments):
        counts = move(*arguments)
        if not late:
            # The write commits after the merge has looked for the last time.
            late.append(stored_aside(an_observation(subject=to(source))))
        return counts

    def stored_aside(resource):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(stored, client, resource).result()

    monkeypatch.setattr(merging, "_move", moved_and_written)
    outcome = part(merged(client, source, target), "outcome")

    assert read(client, late[0])["subject"] == to(target)
    assert "1 resources (1 Observation)" in outcome["issue"][0]["diagnostics"]
    done(undone(client, source))
    assert read(client, late[0])["subject"] == to(source)


def test_merging_again_moves_what_has_come_since_and_the_undoing_knows(client, source, target):
    first = stored(client, an_observation(subject=to(source)))
    done(merged(client, source, target))
    late = stored(client, an_observation(subject=to(source)))
    patients = [read(client, one) for one in (source, target)]

    told = part(merged(client, source, target, preview=True), "outcome")
    answer = merged(client, source, target)

    assert "1 resources (1 Observation) would be moved" in told["issue"][0]["diagnostics"]
    assert (
        "1 resources (1 Observation) were moved"
        in part(answer, "outcome")["issue"][0]["diagnostics"]
    )
    assert part(answer, "result") == patients[1]
    assert read(client, late)["subject"] == to(target)
    assert [read(client, one) for one in (source, target)] == patients
    assert (
        "0 resources" in part(merged(client, source, target), "outcome")["issue"][0]["diagnostics"]
    )
    done(undone(client, source))
    assert read(client, first)["subject"] == read(client, late)["subject"] == to(source)
    assert the_content(read(client, source)) == the_content(source)


def test_merging_again_changes_no_more_than_that(client, source, target):
    done(merged(client, source, target))

    refused(merged(client, source, target, result_patient=read(client, target)), 409)
    refused(merged(client, target, source), 409)
