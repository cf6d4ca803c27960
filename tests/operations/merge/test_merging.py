"""https://hl7.org/fhir/R5/patient-operation-merge.html"""

from __future__ import annotations

from tests.answers import done, refused, resources
from tests.builders import (
    a_batch,
    a_patient,
    a_transaction,
    an_entry,
    an_identifier,
    an_observation,
)
from tests.operations.merge.calling import (
    merged,
    parameters,
    part,
    read,
    stored,
    the_content,
    to,
    undone,
)


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
