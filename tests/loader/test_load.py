"""What a load stores, what it refuses, and how it says so."""

import psycopg

from fhirserver.loader.pieces import Refused
from tests.builders import a_batch, a_bundle, a_patient, a_transaction, an_entry, an_observation
from tests.loader.files import BY_IDENTIFIER, PRACTITIONER, write


def test_lines_are_created_without_an_id_and_stored_under_theirs_with_one(load, count, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(id="a"), a_patient(), "", an_observation())

    summary = load(path)

    assert summary.by_type() == {"Observation": {"created": 1}, "Patient": {"created": 2}}
    assert (count("Patient"), count("Observation"), summary.refused) == (2, 1, [])


def test_a_second_load_stores_nothing_again(load, count, tmp_path):
    write(tmp_path / "a.ndjson", *(an_observation(note=[{"text": str(n)}]) for n in range(600)))
    write(tmp_path / "b.json", a_transaction(an_entry("POST", "Patient", a_patient())))
    write(tmp_path / "c.json", a_batch(an_entry("POST", "Patient", a_patient())))
    write(tmp_path / "d.json", a_patient())
    load(tmp_path)

    summary = load(tmp_path)

    assert (summary.counts, summary.before) == ({}, 603)
    assert (count("Observation"), count("Patient")) == (600, 3)


def test_lines_that_were_added_to_a_file_are_all_that_is_loaded_of_it(load, count, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(gender="female"))
    load(path)
    write(path, a_patient(gender="male"), a_patient(gender="female"))

    assert load(path).by_type() == {"Patient": {"created": 1}}
    assert count("Patient") == 2


def test_again_loads_what_was_loaded_before(load, count, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(), a_patient(id="a"))
    load(path)

    assert load(path, again=True).by_type() == {"Patient": {"created": 1, "unchanged": 1}}
    assert count("Patient") == 3


def test_the_newest_line_of_a_resource_wins(load, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(id="a"), a_patient(id="a", gender="male"))

    assert load(path).by_type() == {"Patient": {"created": 1, "updated": 1}}


def test_only_the_bad_lines_are_refused_and_each_is_named(load, count, tmp_path):
    lines = [a_patient(id=f"p{n}") for n in range(50)]
    lines[6] = a_patient(birthDate="yesterday")
    lines[30] = '{"resourceType": "Patient"'
    path = write(tmp_path / "a.ndjson", *lines)

    summary = load(path)

    assert count("Patient") == 48
    assert [(r.file, r.line) for r in sorted(summary.refused, key=lambda r: r.line)] == [
        (str(path), 7),
        (str(path), 31),
    ]
    assert "Patient.birthDate" in [r.issues[0][0] for r in summary.refused]


def test_refused_lines_are_tried_again_by_the_next_load(load, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(birthDate="yesterday"))
    load(path)

    assert len(load(path).refused) == 1


def test_a_transaction_is_stored_as_a_whole_or_not_at_all(load, count, tmp_path):
    good = an_entry("POST", "Patient", a_patient())
    bad = an_entry("POST", "Patient", a_patient(birthDate="yesterday"))
    path = write(tmp_path / "a.json", a_transaction(good, bad))

    refused = load(path).refused

    assert count("Patient") == 0
    assert [(r.entry, r.resources, r.issues[0][0]) for r in refused] == [
        (1, 2, "Bundle.entry[1].resource.birthDate")
    ]


def test_the_entries_of_a_batch_are_independent(load, count, tmp_path):
    good = an_entry("PUT", "Patient/a", a_patient(id="a"))
    bad = an_entry("POST", "Patient", a_patient(birthDate="yesterday"))
    path = write(tmp_path / "a.json", a_batch(bad, good))

    refused = load(path).refused

    assert count("Patient") == 1
    assert [(r.entry, r.type) for r in refused] == [(0, "Patient")]


def test_a_conditional_create_that_finds_something_leaves_it_unchanged(load, count, tmp_path):
    condition = "identifier=http://hospital.example/staff|7"
    entry = an_entry("POST", "Practitioner", PRACTITIONER, ifNoneExist=condition)
    write(tmp_path / "a.json", a_batch(entry))
    write(tmp_path / "b.json", a_batch(entry, an_entry("POST", "Patient", a_patient())))

    assert load(tmp_path).by_type()["Practitioner"] == {"created": 1, "unchanged": 1}
    assert count("Practitioner") == 1


def test_links_inside_a_collection_are_kept(load, empty_url, tmp_path):
    patient, observation = (
        "urn:uuid:0d3151bd-1a44-4dd2-9d54-a7d2fba42aa1",
        "urn:uuid:0d3151bd-1a44-4dd2-9d54-a7d2fba42aa2",
    )
    linked = an_observation(subject={"reference": patient})
    collection = a_bundle(
        "collection",
        {"fullUrl": observation, "resource": linked},
        {"fullUrl": patient, "resource": a_patient()},
    )

    load(write(tmp_path / "a.json", collection))

    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            "SELECT p.id, o.content #>> '{subject,reference}' FROM resource.\"Patient\" p, "
            'resource."Observation" o'
        ).fetchone()
    assert found[1] == f"Patient/{found[0]}"


def test_outcomes_in_a_searchset_are_left_out(load, tmp_path):
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    searchset = a_bundle(
        "searchset",
        {"resource": a_patient(id="a"), "search": {"mode": "match"}},
        {"resource": outcome, "search": {"mode": "outcome"}},
    )

    summary = load(write(tmp_path / "a.json", searchset))

    assert (summary.by_type(), summary.refused) == ({"Patient": {"created": 1}}, [])


def test_what_refers_to_something_later_is_loaded_after_it(load, count, tmp_path):
    observation = an_observation(performer=[BY_IDENTIFIER])
    write(tmp_path / "a.json", a_transaction(an_entry("POST", "Observation", observation)))
    write(tmp_path / "b.ndjson", an_observation(), observation)
    write(tmp_path / "c.json", a_batch(an_entry("POST", "Observation", observation)))
    write(tmp_path / "d.json", observation | {"status": "amended"})
    write(tmp_path / "e.json", PRACTITIONER)

    summary = load(tmp_path)

    assert summary.refused == []
    assert summary.by_type() == {
        "Observation": {"created": 5},
        "Practitioner": {"created": 1},
    }
    assert count("Observation") == 5


def test_what_refers_to_something_that_never_comes_is_refused(load, count, tmp_path):
    lines = [an_observation(performer=[BY_IDENTIFIER], note=[{"text": str(n)}]) for n in range(30)]
    path = write(tmp_path / "a.ndjson", *lines, an_observation())

    summary = load(path)

    assert count("Observation") == 1
    assert sorted(r.line for r in summary.refused) == list(range(1, 31))
    assert "Observation.performer" in summary.refused[0].issues[0][0]


def test_a_bundle_without_a_type_that_we_know_is_refused(load, tmp_path):
    path = write(tmp_path / "a.json", a_bundle("heap", {"resource": a_patient()}))

    assert load(path).refused == [
        Refused(str(path), (("Bundle.type", "the Bundle has no type that FHIR R4 knows"),))
    ]


def test_the_report_says_all_of_it(load, tmp_path):
    path = write(tmp_path / "a.ndjson", a_patient(), a_patient(birthDate="yesterday"))
    write(tmp_path / "package.json", {"name": "hl7.fhir.us.core"})

    report = load(tmp_path).report()

    assert report["types"] == {"Patient": {"created": 1}}
    assert [(r["file"], r["line"], r["issues"][0]["expression"]) for r in report["refused"]] == [
        (str(path), 2, "Patient.birthDate")
    ]
    assert [p["file"] for p in report["passed_over"]] == [str(tmp_path / "package.json")]


def test_each_file_is_on_record_before_it_is_read(load, count, tmp_path):
    before = count("AuditEvent")
    write(tmp_path / "a.ndjson", a_patient(), a_patient())
    write(tmp_path / "b.json", a_patient())

    load(tmp_path)

    assert count("AuditEvent") - before == 2
