"""https://hl7.org/fhir/R4/resource-operation-meta.html"""

from __future__ import annotations

from tests.answers import done, refused
from tests.builders import a_patient

A = {"system": "http://tags.example", "code": "a"}
B = {"system": "http://tags.example", "code": "b"}
SECRET = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def meta_of(answer):
    return answer["parameter"][0]["valueMeta"]


def asking(**meta):
    parameter = {"name": "meta", "valueMeta": meta}
    return {"resourceType": "Parameters", "parameter": [parameter]}


def make(client, **meta):
    patient = a_patient(meta=meta) if meta else a_patient()
    return done(client.post("/fhir/Patient", json=patient), 201)


def test_the_meta_of_a_resource(client):
    made = make(client, tag=[A], security=[SECRET])

    found = meta_of(done(client.get(f"/fhir/Patient/{made['id']}/$meta")))

    assert found == made["meta"]


def test_a_missing_or_deleted_resource_has_none(client):
    made = make(client)
    client.delete(f"/fhir/Patient/{made['id']}")

    refused(client.get(f"/fhir/Patient/{made['id']}/$meta"), 410)
    refused(client.get("/fhir/Patient/nobody/$meta"), 404)


def test_the_labels_of_a_type_are_each_there_once(client):
    for _ in range(2):
        person = {
            "resourceType": "Person",
            "meta": {"tag": [A | {"display": "x"}], "profile": ["http://p.example"]},
        }
        done(client.post("/fhir/Person", json=person), 201)

    found = meta_of(done(client.get("/fhir/Person/$meta")))

    assert [t["code"] for t in found["tag"]] == ["a"]
    assert found["profile"] == ["http://p.example"]
    assert "versionId" not in found


def test_the_labels_of_everything(client):
    make(client, security=[SECRET])

    assert SECRET in meta_of(done(client.get("/fhir/$meta")))["security"]


def test_a_type_without_labels_has_none(client):
    assert done(client.get("/fhir/VisionPrescription/$meta")) == {"resourceType": "Parameters"}


def test_tags_are_added_as_a_set(client):
    made = make(client, tag=[A])
    address = f"/fhir/Patient/{made['id']}"

    found = meta_of(
        done(client.post(f"{address}/$meta-add", json=asking(tag=[A | {"display": "A"}, B])))
    )

    assert found["tag"] == [A, B]
    stored = done(client.get(address))
    assert stored["meta"]["tag"] == [A, B]
    assert stored["meta"]["versionId"] == "2"
    assert stored["name"] == made["name"]


def test_what_is_there_already_makes_no_version(client):
    made = make(client, tag=[A], profile=["http://p.example"])

    found = meta_of(
        done(client.post(f"/fhir/Patient/{made['id']}/$meta-add", json=asking(tag=[A])))
    )

    assert found["versionId"] == "1"


def test_tags_and_labels_are_taken_off(client):
    made = make(client, tag=[A, B], security=[SECRET], profile=["http://p.example"])
    less = asking(tag=[A], security=[SECRET], profile=["http://p.example", "http://q.example"])

    found = meta_of(done(client.post(f"/fhir/Patient/{made['id']}/$meta-delete", json=less)))

    assert found["tag"] == [B]
    assert not {"security", "profile"} & set(found)


def test_if_match_is_honoured(client):
    made = make(client)
    address = f"/fhir/Patient/{made['id']}/$meta-add"

    refused(client.post(address, json=asking(tag=[A]), headers={"If-Match": 'W/"9"'}), 412)
    done(client.post(address, json=asking(tag=[A]), headers={"If-Match": 'W/"1"'}))


def test_it_is_found_by_the_new_tag(client):
    made = make(client)
    tag = {"system": "http://tags.example", "code": made["id"]}

    done(client.post(f"/fhir/Patient/{made['id']}/$meta-add", json=asking(tag=[tag])))

    assert done(client.get(f"/fhir/Patient?_tag={made['id']}"))["total"] == 1


def test_adding_at_once_loses_nothing(client, at_once, client_of, app):
    made = make(client)

    def add(code):
        done(
            client_of(app).post(
                f"/fhir/Patient/{made['id']}/$meta-add", json=asking(tag=[{"code": code}])
            )
        )

    at_once(add, [f"c{n}" for n in range(6)])

    tags = meta_of(done(client.get(f"/fhir/Patient/{made['id']}/$meta")))["tag"]
    assert {t["code"] for t in tags} == {f"c{n}" for n in range(6)}


def test_it_needs_the_right_to_update(client, token):
    made = make(client)
    reader = {"Authorization": f"Bearer {token('user/Patient.rs')}"}

    refused(
        client.post(f"/fhir/Patient/{made['id']}/$meta-add", json=asking(tag=[A]), headers=reader),
        403,
    )
