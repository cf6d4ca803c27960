"""A merge is undone."""

from __future__ import annotations

from tests.answers import done, refused
from tests.builders import (
    a_patient,
    an_observation,
)
from tests.operations.merge.calling import merged, part, read, stored, the_content, to, undone


def test_an_undone_merge_leaves_no_trace_but_versions(client, source, target):
    weight = stored(client, an_observation(subject=to(source)))
    own = stored(client, an_observation(subject=to(target)))
    merged(client, source, target)

    answer = undone(client, source)

    for before in (source, target, weight, own):
        assert the_content(read(client, before)) == the_content(before)
    assert part(answer, "source") == read(client, source)
    assert part(answer, "result") == read(client, target)
    assert [i["severity"] for i in part(answer, "outcome")["issue"]] == ["information"]
    assert read(client, weight)["meta"]["versionId"] == "3"


def test_what_was_changed_since_is_named_and_left(client, source, target):
    weight, height, gone = (stored(client, an_observation(subject=to(source))) for _ in range(3))
    merged(client, source, target)
    amended = {**read(client, weight), "status": "amended"}
    client.put(f"/fhir/Observation/{weight['id']}", json=amended)
    client.delete(f"/fhir/Observation/{gone['id']}")

    issues = part(undone(client, source), "outcome")["issue"]

    warnings = {i["diagnostics"] for i in issues if i["severity"] == "warning"}
    assert warnings == {
        f"Observation/{weight['id']}: changed since",
        f"Observation/{gone['id']}: deleted since",
    }
    assert read(client, weight)["subject"] == to(target)
    assert read(client, height)["subject"] == to(source)


def test_a_target_that_was_changed_since_keeps_the_change(client, source, target):
    merged(client, source, target)
    now = read(client, target)
    client.put(f"/fhir/Patient/{target['id']}", json={**now, "gender": "female"})

    undone(client, source)

    after = read(client, target)
    assert after["gender"] == "female"
    assert after["identifier"] == target["identifier"]
    assert "link" not in after
    assert the_content(read(client, source)) == the_content(source)


def test_a_preview_of_the_undoing_changes_nothing(client, source, target):
    merged(client, source, target)
    before = read(client, target)

    answer = undone(client, source, preview=True)

    assert "would be restored" in part(answer, "outcome")["issue"][0]["diagnostics"]
    assert the_content(part(answer, "source")) == the_content(source)
    assert read(client, target) == before


def test_merges_are_undone_in_turn_and_can_be_made_again(client, source, target):
    third = stored(client, a_patient())
    weight = stored(client, an_observation(subject=to(source)))
    done(merged(client, source, target))
    done(merged(client, target, third))
    assert read(client, weight)["subject"] == to(third)

    refused(undone(client, source), 409)
    done(undone(client, target))
    assert read(client, weight)["subject"] == to(target)
    done(client.post(f"/fhir/Patient/{source['id']}/$merge-undo"))

    for before in (source, target, third, weight):
        assert the_content(read(client, before)) == the_content(before)
    refused(undone(client, source), 409)
    done(merged(client, source, third))
    done(undone(client, source))
    assert the_content(read(client, source)) == the_content(source)


def test_a_patient_that_was_not_merged_can_not_be_undone(client, source):
    refused(undone(client, source), 409)
    refused(client.post("/fhir/Patient/$merge-undo"), 400)
