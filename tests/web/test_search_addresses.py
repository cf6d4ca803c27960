"""https://hl7.org/fhir/R4/http.html#search and #vsearch"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, ids_of, links, refused, resources
from tests.builders import a_patient, an_observation

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def tag():
    return ids.new()


@pytest.fixture
def patients(client, tag):
    """Five patients with one tag."""
    tagged = {"tag": [{"code": tag}]}
    return [
        client.post("/fhir/Patient", json=a_patient(meta=tagged, birthDate=f"198{n}")).json
        for n in range(5)
    ]


@pytest.fixture
def observation(client, patients):
    subject = {"reference": f"Patient/{patients[0]['id']}"}
    return client.post("/fhir/Observation", json=an_observation(subject=subject)).json


def test_a_search_is_a_searchset_with_its_address(client, patients, tag):
    bundle = done(client.get(f"/fhir/Patient?_tag={tag}"))

    assert bundle["type"] == "searchset"
    assert bundle["total"] == 5
    assert links(bundle) == {"self": f"/fhir/Patient?_tag={tag}"}
    assert {r["id"] for r in resources(bundle)} == {p["id"] for p in patients}
    entry = bundle["entry"][0]
    assert entry["search"] == {"mode": "match"}
    assert entry["fullUrl"] == f"http://127.0.0.1:8000/fhir/Patient/{entry['resource']['id']}"


def test_a_search_by_post_says_the_same(client, patients, tag):
    got = client.get(f"/fhir/Patient?_tag={tag}&_sort=birthdate")

    posted = client.post("/fhir/Patient/_search", data={"_tag": tag, "_sort": "birthdate"})

    assert done(posted) == done(got)


def test_form_and_address_are_taken_together(client, patients, tag):
    answer = client.post(f"/fhir/Patient/_search?_tag={tag}", data={"birthdate": "1983"})

    assert ids_of(done(answer)) == [patients[3]["id"]]


def test_the_pages_of_a_search_by_post_are_fetched_by_get_or_post(client, patients, tag):
    first = done(client.post("/fhir/Patient/_search", data={"_tag": tag, "_count": "2"}))
    following = links(first)["next"]

    by_get = done(client.get(following))
    address, _, token = following.partition("?_page=")
    by_post = done(client.post(f"{address}/_search", data={"_page": token}))

    assert ids_of(by_get) == ids_of(by_post)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_paging_forth_and_back_sees_every_match_once(client, patients, tag, count):
    page = done(client.get(f"/fhir/Patient?_tag={tag}&_sort=-birthdate&_count={count}"))
    seen, last = [ids_of(page)], page
    while "next" in links(last):
        last = done(client.get(links(last)["next"]))
        seen.append(ids_of(last))
    back = [ids_of(last)]
    while "previous" in links(last):
        last = done(client.get(links(last)["previous"]))
        back.append(ids_of(last))

    assert [i for ids_ in seen for i in ids_] == [p["id"] for p in reversed(patients)]
    assert back[::-1] == seen
    assert all(len(ids_) <= count for ids_ in seen)


def test_what_is_written_while_paging_disturbs_nothing(client, patients, tag):
    page = done(client.get(f"/fhir/Patient?_tag={tag}&_sort=birthdate&_count=2"))
    seen = ids_of(page)
    client.delete(f"/fhir/Patient/{patients[4]['id']}")
    client.put(f"/fhir/Patient/{patients[3]['id']}", json=patients[3] | {"birthDate": "1900"})
    while "next" in links(page):
        page = done(client.get(links(page)["next"]))
        seen += ids_of(page)

    assert seen == [p["id"] for p in patients]


def test_included_resources_are_marked(client, patients, observation):
    bundle = done(
        client.get(f"/fhir/Observation?_id={observation['id']}&_include=Observation:subject")
    )

    assert [e["search"]["mode"] for e in bundle["entry"]] == ["match", "include"]
    assert bundle["total"] == 1


def test_a_compartment_is_searched(client, patients, observation):
    address = f"/fhir/Patient/{patients[0]['id']}"

    assert ids_of(done(client.get(f"{address}/Observation"))) == [observation["id"]]
    assert ids_of(done(client.get(f"{address}/Observation?code=29463-7"))) == [observation["id"]]
    assert ids_of(done(client.get(f"{address}/Observation?code=other"))) == []
    assert ids_of(done(client.post(f"{address}/Observation/_search", data={"code": "29463-7"})))
    assert ids_of(done(client.get(f"/fhir/Patient/{patients[1]['id']}/Observation"))) == []


def test_all_of_a_compartment_is_searched(client, patients, observation):
    bundle = done(client.get(f"/fhir/Patient/{patients[0]['id']}/*"))

    assert observation["id"] in ids_of(bundle)
    assert links(bundle)["self"].endswith("/*")


def test_the_pages_of_a_whole_compartment_work(client, patients, observation):
    client.post("/fhir/Observation", json={k: v for k, v in observation.items() if k != "id"})
    bundle = done(client.get(f"/fhir/Patient/{patients[0]['id']}/*?_type=Observation&_count=1"))

    following = done(client.get(links(bundle)["next"]))

    assert ids_of(following) != ids_of(bundle)


def test_all_types_are_searched(client, patients, observation, tag):
    address = f"/fhir?_id={patients[0]['id']},{observation['id']}"

    assert set(ids_of(done(client.get(address)))) == {patients[0]["id"], observation["id"]}
    assert ids_of(done(client.get(f"{address}&_type=Observation"))) == [observation["id"]]
    assert done(client.post("/fhir/_search", data={"_tag": tag}))["total"] == 5


def test_the_pages_of_all_types_work(client, patients, tag):
    page = done(client.get(f"/fhir?_tag={tag}&_count=2&_type=Patient,Observation"))
    seen = ids_of(page)
    while "next" in links(page):
        page = done(client.get(links(page)["next"]))
        seen += ids_of(page)

    assert sorted(seen) == sorted(p["id"] for p in patients)


def test_count_zero_is_the_total(client, patients, tag):
    bundle = done(client.get(f"/fhir/Patient?_tag={tag}&_count=0"))

    assert bundle["total"] == 5
    assert "entry" not in bundle


def test_a_count_above_the_most_is_cut(make_app, client_of, patients, tag):
    client = client_of(make_app(max_count=2))

    assert len(done(client.get(f"/fhir/Patient?_tag={tag}&_count=100"))["entry"]) == 2


def test_head_of_a_search_has_no_body(client, patients, tag):
    answer = client.head(f"/fhir/Patient?_tag={tag}")

    assert answer.status_code == 200
    assert answer.data == b""


def test_a_total_can_be_had_or_not(client, patients, tag):
    address = f"/fhir/Patient?_tag={tag}&_count=1"

    assert done(client.get(f"{address}&_total=accurate"))["total"] == 5
    assert "total" not in done(client.get(f"{address}&_total=none"))


def test_a_compartment_that_is_none_is_not_found(client):
    refused(client.get("/fhir/Medication/1/Observation"), 404)
    refused(client.get("/fhir/Patient/1/Medication"), 404)
