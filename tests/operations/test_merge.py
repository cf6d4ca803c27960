"""https://hl7.org/fhir/R5/patient-operation-merge.html, and the undoing of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fhirserver.errors import Unavailable
from fhirserver.interactions.operating import merging
from tests.answers import done, refused, resources
from tests.builders import (
    a_batch,
    a_patient,
    a_transaction,
    an_entry,
    an_identifier,
    an_observation,
)


def stored(client, resource):
    answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json


def read(client, resource):
    return done(client.get(f"/fhir/{resource['resourceType']}/{resource['id']}"))


def to(patient):
    return {"reference": f"Patient/{patient['id']}"}


def parameters(**given):
    types = {"Patient": "resource", "bool": "valueBoolean", "Identifier": "valueIdentifier"}
    made = []
    for name, value in given.items():
        key = "valueReference"
        if isinstance(value, bool):
            key = types["bool"]
        elif value.get("resourceType") == "Patient":
            key = types["Patient"]
        elif "value" in value:
            key = types["Identifier"]
        made.append({"name": name.replace("_", "-"), key: value})
    return {"resourceType": "Parameters", "parameter": made}


def merged(client, source, target, **more):
    body = parameters(source_patient=to(source), target_patient=to(target), **more)
    return client.post("/fhir/Patient/$merge", json=body)


def undone(client, source, **more):
    return client.post(
        "/fhir/Patient/$merge-undo", json=parameters(source_patient=to(source), **more)
    )


def part(answer, name):
    return next(p["resource"] for p in done(answer)["parameter"] if p["name"] == name)


def the_content(resource):
    return {k: v for k, v in resource.items() if k != "meta"}


@pytest.fixture
def source(client):
    return stored(client, a_patient(identifier=[an_identifier()], active=True))


@pytest.fixture
def target(client):
    return stored(client, a_patient(identifier=[an_identifier()]))


def test_the_two_patients_are_linked_and_the_source_ends(client, source, target):
    answer = merged(client, source, target)

    one, other = read(client, source), read(client, target)
    assert one["active"] is False
    assert one["link"] == [{"other": to(target), "type": "replaced-by"}]
    assert other["link"] == [{"other": to(source), "type": "replaces"}]
    assert other["identifier"] == [*target["identifier"], {**source["identifier"][0], "use": "old"}]
    assert part(answer, "result") == other
    assert [p["name"] for p in answer.json["parameter"]] == ["input", "outcome", "result"]


def test_all_that_refers_to_the_source_is_moved(client, source, target):
    weight = stored(client, an_observation(subject=to(source), performer=[to(source)]))
    absolute = {"reference": f"http://127.0.0.1:8000/fhir/Patient/{source['id']}"}
    other = stored(client, an_observation(subject=absolute))
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "member": [{"entity": to(source)}],
    }
    group = stored(client, group)
    mother = stored(client, a_patient(link=[{"other": to(source), "type": "seealso"}]))

    outcome = part(merged(client, source, target), "outcome")

    assert read(client, weight)["subject"] == to(target)
    assert read(client, weight)["performer"] == [to(target)]
    assert read(client, other)["subject"] == to(target)
    assert read(client, group)["member"] == [{"entity": to(target)}]
    assert read(client, mother)["link"][0]["other"] == to(target)
    assert "4 resources (1 Group, 2 Observation, 1 Patient)" in outcome["issue"][0]["diagnostics"]
    left = done(client.get(f"/fhir/Observation?subject=Patient/{source['id']}&_summary=count"))
    assert left["total"] == 0


def test_more_resources_than_one_statement_takes_are_moved_and_restored(client, source, target):
    many = [
        an_entry("POST", "Observation", an_observation(subject=to(source))) for _ in range(1100)
    ]
    done(client.post("/fhir", json=a_transaction(*many)))

    merged(client, source, target)
    there = done(client.get(f"/fhir/Observation?subject=Patient/{target['id']}&_summary=count"))
    undone(client, source)
    back = done(client.get(f"/fhir/Observation?subject=Patient/{source['id']}&_summary=count"))

    assert (there["total"], back["total"]) == (1100, 1100)


def test_what_was_recorded_about_the_source_stays_with_it(client, source, target):
    record = {
        "resourceType": "Provenance",
        "target": [to(source)],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"display": "reception"}}],
    }
    record = stored(client, record)

    merged(client, source, target)

    assert read(client, record)["target"] == [to(source)]


def test_a_reference_to_a_version_of_the_source_stays(client, source, target):
    version = {"reference": f"Patient/{source['id']}/_history/1"}
    weight = stored(client, an_observation(subject=to(source), focus=[version]))

    merged(client, source, target)

    assert read(client, weight)["focus"] == [version]


def test_provenances_say_which_versions_were_made(client, source, target):
    weight = stored(client, an_observation(subject=to(source)))

    merged(client, source, target)

    found = resources(done(client.get(f"/fhir/Provenance?target=Observation/{weight['id']}")))
    (record,) = found
    assert record["target"] == [{"reference": f"Observation/{weight['id']}/_history/2"}]
    assert record["activity"]["coding"][0]["code"] == "merge"
    assert record["agent"][0]["who"]["display"] == "test"


def test_a_preview_changes_nothing(client, source, target):
    weight = stored(client, an_observation(subject=to(source)))

    answer = merged(client, source, target, preview=True)

    assert part(answer, "result")["link"][0]["type"] == "replaces"
    assert "would be moved" in part(answer, "outcome")["issue"][0]["diagnostics"]
    assert read(client, source) == source
    assert read(client, target) == target
    assert read(client, weight) == weight


def test_patients_are_found_by_their_identifiers(client, source, target):
    body = parameters(
        source_patient_identifier=source["identifier"][0],
        target_patient_identifier=target["identifier"][0],
    )

    done(client.post("/fhir/Patient/$merge", json=body))

    assert read(client, source)["link"][0]["other"] == to(target)


def test_identifiers_of_nobody_or_of_somebody_else_are_refused(client, source, target):
    nobody = parameters(source_patient_identifier=an_identifier(), target_patient=to(target))
    other = parameters(
        source_patient=to(source),
        source_patient_identifier=target["identifier"][0],
        target_patient=to(target),
    )

    assert (
        "no patient"
        in refused(client.post("/fhir/Patient/$merge", json=nobody), 422)["diagnostics"]
    )
    refused(client.post("/fhir/Patient/$merge", json=other), 422)


def test_the_result_patient_is_what_the_target_becomes(client, source, target):
    wanted = {**target, "name": [{"family": "Chalmers-Smith"}], "gender": "female"}

    made = part(merged(client, source, target, result_patient=wanted), "result")

    assert made["name"] == [{"family": "Chalmers-Smith"}]
    assert made["link"][0]["other"] == to(source)
    assert len(made["identifier"]) == 2


def test_a_result_patient_that_loses_an_identifier_is_refused(client, source, target):
    refused(merged(client, source, target, result_patient={**target, "identifier": []}), 400)
    lost = {k: v for k, v in target.items() if k != "identifier"}
    refused(merged(client, source, target, result_patient=lost), 400)
    refused(merged(client, source, target, result_patient={**target, "id": "other"}), 400)
    assert read(client, source) == source


def test_a_patient_is_not_merged_with_itself(client, source):
    refused(merged(client, source, source), 422)


def test_a_merged_patient_is_not_merged_again_nor_into(client, source, target):
    merged(client, source, target)
    third = stored(client, a_patient())

    refused(merged(client, source, third), 409)
    refused(merged(client, third, source), 409)


def test_a_missing_or_deleted_patient_is_refused(client, source, target):
    refused(merged(client, {"id": "nobody-here"}, target), 404)
    client.delete(f"/fhir/Patient/{target['id']}")
    refused(merged(client, source, target), 410)
    refused(client.post("/fhir/Patient/$merge", json=parameters(source_patient=to(source))), 400)


def test_if_match_is_about_the_target(client, source, target):
    body = parameters(source_patient=to(source), target_patient=to(target))

    refused(client.post("/fhir/Patient/$merge", json=body, headers={"If-Match": 'W/"7"'}), 412)
    done(client.post("/fhir/Patient/$merge", json=body, headers={"If-Match": 'W/"1"'}))


def test_a_versioned_reference_means_that_version_only(client, source, target):
    client.put(f"/fhir/Patient/{source['id']}", json={**source, "gender": "male"})
    old = {"reference": f"Patient/{source['id']}/_history/1"}
    body = parameters(source_patient=old, target_patient=to(target))

    refused(client.post("/fhir/Patient/$merge", json=body), 412)


def test_merging_needs_the_right_to_change_all_that_is_moved(client, token, source, target):
    weight = stored(client, an_observation(subject=to(source)))
    headers = {"Authorization": f"Bearer {token('system/Patient.rus')}"}
    body = parameters(source_patient=to(source), target_patient=to(target))

    refused(client.post("/fhir/Patient/$merge", json=body, headers=headers), 403)

    assert read(client, weight) == weight
    assert read(client, source) == source
    assert read(client, target) == target


def test_of_merges_at_once_one_wins_and_nothing_is_half_done(
    app, client_of, client, at_once, source
):
    targets = [stored(client, a_patient()) for _ in range(4)]
    weight = stored(client, an_observation(subject=to(source)))
    statuses = []

    at_once(lambda t: statuses.append(merged(client_of(app), source, t).status_code), targets)

    assert sorted(statuses) == [200, 409, 409, 409]
    winner = read(client, source)["link"][0]["other"]
    assert read(client, weight)["subject"] == winner
    linked = [t for t in targets if "link" in read(client, t)]
    assert [to(t) for t in linked] == [winner]


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


def test_links_between_the_two_become_the_links_of_the_merge(client, source):
    target = stored(client, a_patient(link=[{"other": to(source), "type": "seealso"}]))

    merged(client, source, target)

    assert read(client, target)["link"] == [{"other": to(source), "type": "replaces"}]
    undone(client, source)
    assert the_content(read(client, target)) == the_content(target)


def test_a_merge_runs_inside_a_batch(client, source, target):
    body = parameters(source_patient=to(source), target_patient=to(target))

    made = done(client.post("/fhir", json=a_batch(an_entry("POST", "Patient/$merge", body))))

    assert made["entry"][0]["response"]["status"] == "200 OK"
    assert read(client, source)["active"] is False


def test_the_number_of_statements_does_not_grow_with_what_is_moved(
    client, source, target, query_recorder
):
    for _ in range(20):
        stored(client, an_observation(subject=to(source)))
    query_recorder.clear()

    done(merged(client, source, target))

    assert len(query_recorder) < 40


def test_references_are_moved_wherever_they_are_in_a_resource(client, source, target):
    inside = an_observation(id="o", subject=to(source))
    medication = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "Aspirin"}, "subject": to(source),
        "contained": [inside], "supportingInformation": [{"reference": "#o"}],
        "note": [{"text": "said so", "authorReference": to(source)}],
        "extension": [{"url": "http://hospital.example/for", "valueReference": to(source)}],
    }  # fmt: skip
    ward = {"resourceType": "List", "status": "current", "mode": "working",
            "entry": [{"item": to(source)}, {"item": to(target)}]}  # fmt: skip
    medication, ward = stored(client, medication), stored(client, ward)

    done(merged(client, source, target))

    changed = read(client, medication)
    assert changed["contained"][0]["subject"] == to(target)
    assert changed["note"][0]["authorReference"] == to(target)
    assert changed["extension"][0]["valueReference"] == to(target)
    assert read(client, ward)["entry"] == [{"item": to(target)}, {"item": to(target)}]
    before = done(client.get(f"/fhir/MedicationRequest/{medication['id']}/_history/1"))
    assert before["subject"] == to(source)
    done(undone(client, source))
    assert the_content(read(client, medication)) == the_content(medication)


def test_a_document_that_was_written_down_stays_as_it_is(client, source, target):
    document = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:3b4c5d6e-0000-4000-8000-000000000001",
         "resource": an_observation(subject=to(source))}]}  # fmt: skip
    document = stored(client, document)

    done(merged(client, source, target))

    assert read(client, document) == document


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
