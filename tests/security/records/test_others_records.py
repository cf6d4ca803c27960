"""Attacks 1 to 20: other people's records."""

from __future__ import annotations

from typing import Any

from fhirserver import ids
from tests.access.conftest import As, Put
from tests.security.records.conftest import Two, V, found, is_as_absent, ref, total


def test_001_reading_another_patient_is_as_reading_nobody(two: Two) -> None:
    assert is_as_absent(two.pa, f"Patient/{two.b['id']}", two.b["id"]) == 404


def test_002_nor_is_another_patients_observation_there(two: Two) -> None:
    assert is_as_absent(two.pa, f"Observation/{two.ob['id']}", two.ob["id"]) == 404
    assert two.pa.get(f"/fhir/Observation/{two.oa['id']}").status_code == 200


def test_003_a_search_by_another_patient_finds_nothing(two: Two) -> None:
    for form in (two.b["id"], f"Patient/{two.b['id']}"):
        assert total(two.pa, f"Observation?patient={form}") == 0


def test_004_a_search_without_a_filter_finds_ones_own(two: Two) -> None:
    assert found(two.pa, "Observation") == {two.oa["id"]}
    assert total(two.pa, "Observation?_summary=count") == 1


def test_005_another_patients_compartment_is_empty(two: Two) -> None:
    assert total(two.pa, f"Patient/{two.b['id']}/Observation") == 0
    assert found(two.pa, f"Patient/{two.b['id']}/*") == set()


def test_006_an_absolute_reference_finds_no_more(two: Two) -> None:
    url = f"http://127.0.0.1:8000/fhir/Patient/{two.b['id']}"

    assert total(two.pa, f"Observation?patient={url}") == 0
    assert total(two.pa, f"Observation?subject={url}") == 0


def test_007_nor_does_the_identifier_in_a_reference(two: Two, put: Put) -> None:
    subject = {**ref(two.b), "identifier": {"system": "urn:mrn", "value": two.mrn}}
    put("Observation", **(two.pulse(None) | {"subject": subject}))

    assert total(two.pa, f"Observation?subject:identifier=urn:mrn|{two.mrn}") == 0


def test_008_of_a_list_of_ids_only_ones_own_are_found(two: Two) -> None:
    url = f"Observation?_id={two.ob['id']},{two.oa['id']}"

    assert found(two.pa, url) == {two.oa["id"]}
    assert total(two.pa, url) == 1


def test_009_a_link_to_another_patient_is_no_bridge(two: Two, put: Put) -> None:
    linked = {k: v for k, v in two.a.items() if k not in ("meta", "id", "resourceType")}
    put("Patient", two.a["id"], **linked, link=[{"other": ref(two.b), "type": "seealso"}])

    assert found(two.pa, f"Patient?link=Patient/{two.b['id']}&_include=Patient:link") == {
        two.a["id"]
    }
    assert found(two.pa, f"Patient?_id={two.a['id']}&_revinclude=Patient:link") == {two.a["id"]}
    assert two.pa.get(f"/fhir/Patient/{two.b['id']}").status_code == 404


def test_010_a_link_to_another_patient_cannot_be_written(two: Two) -> None:
    changed = {**two.a, "link": [{"other": ref(two.b), "type": "seealso"}]}

    assert two.pa.put(f"/fhir/Patient/{two.a['id']}", json=changed).status_code == 403


def test_011_nothing_can_be_written_about_another(two: Two, client: Any) -> None:
    code = f"x-{ids.new()}"
    made = two.pulse(two.b, code={"coding": [{"code": code}]}, performer=[ref(two.a)])
    answer = two.pa.post("/fhir/Observation", json={"resourceType": "Observation", **made})

    assert answer.status_code == 403
    assert total(client, f"Observation?code={code}") == 0


def test_012_ones_own_cannot_be_moved_to_another(two: Two) -> None:
    moved = {**two.oa, "subject": ref(two.b)}

    for who in (two.pa, two.dn):
        answer = who.put(f"/fhir/Observation/{two.oa['id']}", json=moved)
        assert answer.status_code == 403


def test_013_nor_by_a_patch(two: Two) -> None:
    path = f"/fhir/Observation/{two.oa['id']}"
    moved = [{"op": "replace", "path": "/subject", "value": ref(two.b)}]
    media = "application/json-patch+json"

    assert two.dn.patch(path, json=moved, content_type=media).status_code == 403
    assert two.dn.get(path).get_json()["subject"] == ref(two.a)


def test_013_a_patchs_test_does_not_tell_what_is_hidden(two: Two, put: Put, as_user: As) -> None:
    visit = {**{k: v for k, v in two.visit.items() if k not in ("id", "meta", "resourceType")}}
    put("Encounter", two.visit["id"], **visit, reasonCode=[{"text": "secret"}])
    reception = as_user("reception")

    def tested(value: str) -> tuple[int, str]:
        guess = [{"op": "test", "path": "/reasonCode/0/text", "value": value}]
        answer = reception.patch(f"/fhir/Encounter/{two.visit['id']}", json=guess,
                                 content_type="application/json-patch+json")  # fmt: skip
        return answer.status_code, answer.text

    assert tested("secret") == tested("another")


def test_014_what_is_nobodys_cannot_be_made(two: Two) -> None:
    made = {"resourceType": "Observation", **two.pulse(None, performer=[])}
    made.pop("performer")

    for who in (two.pa, two.dn):
        assert who.post("/fhir/Observation", json=made).status_code == 403


def test_015_groups_and_lists_lead_nobody_to_others(two: Two, put: Put) -> None:
    group = put("Group", type="person", actual=True, member=[{"entity": ref(two.b)}])
    both = put("List", status="current", mode="working", subject=ref(two.a),
               entry=[{"item": ref(two.ob)}, {"item": ref(two.oa)}])  # fmt: skip

    assert two.pa.get(f"/fhir/Group/{group['id']}").status_code in (403, 404)
    everything = two.pa.get(f"/fhir/Patient/{two.a['id']}/$everything").text
    assert two.ob["id"] not in everything.replace(f"Observation/{two.ob['id']}", "")
    assert found(two.dn, f"Observation?_list={both['id']}") <= {two.oa["id"]}


def test_016_provenance_is_seen_with_what_it_is_about(two: Two, put: Put) -> None:
    def provenance(target: dict[str, Any]) -> str:
        made = put("Provenance", target=[ref(target)], recorded="2026-01-01T00:00:00Z",
                   agent=[{"who": ref(two.doctor)}])  # fmt: skip
        return str(made["id"])

    own, others = provenance(two.oa), provenance(two.ob)

    assert two.pa.get(f"/fhir/Provenance/{own}").status_code == 200
    assert is_as_absent(two.pa, f"Provenance/{others}", others) == 404


def test_017_what_several_patients_share_shows_no_more_of_the_others(two: Two, put: Put) -> None:
    team = put("CareTeam", status="active", subject=ref(two.b),
               participant=[{"member": ref(two.doctor)}])  # fmt: skip
    put("Appointment", status="booked", start="2026-03-01T08:00:00Z", end="2026-03-01T09:00:00Z",
        participant=[{"actor": ref(p), "status": "accepted"} for p in (two.a, two.b)])  # fmt: skip

    assert two.pa.get(f"/fhir/CareTeam/{team['id']}").status_code == 404
    assert two.b["id"] not in found(two.pa, "Appointment?_include=Appointment:actor")
    assert total(two.pa, "Appointment?patient.gender=male") == 0


def test_018_a_document_leads_to_nothing_of_another(two: Two, put: Put) -> None:
    letter = put("Composition", status="final", type={"text": "Letter"}, subject=ref(two.a),
                 date="2026-01-01", author=[ref(two.doctor)], title="Letter",
                 section=[{"title": "s", "entry": [ref(two.ob)]}])  # fmt: skip

    answer = two.pa.get(f"/fhir/Composition/{letter['id']}/$document")

    assert answer.status_code in (200, 403, 404, 422)
    assert '"value":80' not in answer.text.replace(" ", "")
    whole = two.pa.get(f"/fhir/Composition?_id={letter['id']}&_include=Composition:entry")
    assert '"value":80' not in whole.text.replace(" ", "")


def test_019_what_is_contained_is_not_found_as_anothers(two: Two, put: Put) -> None:
    inside = {"resourceType": "Patient", "id": "p", "name": [{"family": "Inside"}]}
    held = put("Observation", **(two.pulse(None) | {"subject": {"reference": "#p"}}),
               contained=[inside])  # fmt: skip

    assert two.pa.get(f"/fhir/Observation/{held['id']}").status_code == 404
    assert total(two.pa, "Patient?family=Inside") == 0
    stored = put("Bundle", type="collection", entry=[{"resource": two.ob, "fullUrl":
                 f"http://127.0.0.1:8000/fhir/Observation/{two.ob['id']}"}])  # fmt: skip
    assert two.pa.get(f"/fhir/Bundle/{stored['id']}").status_code in (403, 404)


def test_020_a_doctor_without_a_relationship_sees_nobody(two: Two) -> None:
    assert is_as_absent(two.dn, f"Patient/{two.b['id']}", two.b["id"]) == 404
    assert two.b["id"] not in found(two.dn, "Patient?_count=500")
    hidden = two.observation(two.a, meta=V)
    assert is_as_absent(two.dn, f"Observation/{hidden['id']}", hidden["id"]) == 404
