"""https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, links, refused, resources
from tests.builders import a_patient, an_observation

GENDERS = ("male", "female", "other", "unknown")


@pytest.fixture
def patient(client):
    """A patient with five versions; the last but one is a deletion."""
    made = client.post("/fhir/Patient", json=a_patient()).json
    address = f"/fhir/Patient/{made['id']}"
    client.put(address, json=made | {"gender": "male"})
    client.put(address, json=made | {"gender": "female"})
    client.delete(address)
    return client.put(address, json=made | {"gender": "other"}).json


@pytest.fixture
def address(patient):
    return f"/fhir/Patient/{patient['id']}/_history"


def versions(bundle):
    return [e["response"]["etag"] for e in bundle.get("entry", [])]


def moments(client, address):
    """When each version was written, oldest first."""
    entries = done(client.get(f"{address}?_count=1000"))["entry"]
    return [e["response"]["lastModified"] for e in reversed(entries)]


def pages(client, address):
    """Every page from an address on."""
    while address:
        page = done(client.get(address))
        yield page
        address = links(page).get("next")


def test_the_newest_version_comes_first_and_deletions_are_there(client, patient, address):
    bundle = done(client.get(address))

    assert bundle["type"] == "history"
    assert bundle["total"] == 5
    assert versions(bundle) == ['W/"5"', 'W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']
    assert [e["request"]["method"] for e in bundle["entry"]] == [
        "PUT", "DELETE", "PUT", "PUT", "POST",
    ]  # fmt: skip
    assert bundle["entry"][0]["resource"] == patient
    assert bundle["entry"][-1]["request"]["url"] == "Patient"
    assert "resource" not in bundle["entry"][1]
    assert links(bundle)["self"].startswith(address)


def test_every_version_of_the_history_can_be_read(client, patient, address):
    for resource in resources(done(client.get(address))):
        version = resource["meta"]["versionId"]
        assert done(client.get(f"{address}/{version}")) == resource


def test_an_unknown_id_has_no_history(client):
    refused(client.get(f"/fhir/Patient/{ids.new()}/_history"), 404)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_paging_through_all_versions(client, patient, address, count):
    found = list(pages(client, f"{address}?_count={count}"))

    assert [v for page in found for v in versions(page)] == [f'W/"{n}"' for n in (5, 4, 3, 2, 1)]
    assert all(len(versions(page)) <= count for page in found)


def test_count_zero_has_the_total_only(client, address):
    bundle = done(client.get(f"{address}?_count=0"))

    assert bundle["total"] == 5
    assert "entry" not in bundle


def test_since_includes_what_was_written_at_that_instant(client, address):
    third = moments(client, address)[2]

    assert versions(done(client.get(f"{address}?_since={third}"))) == ['W/"5"', 'W/"4"', 'W/"3"']


def test_since_tomorrow_is_an_empty_bundle(client, address):
    bundle = done(client.get(f"{address}?_since=2999-01-01T00:00:00Z"))

    assert bundle["total"] == 0
    assert "entry" not in bundle


def test_at_finds_the_version_that_was_current_then(client, address):
    third, fourth = moments(client, address)[2:4]

    assert versions(done(client.get(f"{address}?_at={third}"))) == ['W/"3"']
    assert versions(done(client.get(f"{address}?_at={fourth}"))) == ['W/"4"']


def test_at_a_year_finds_all_that_were_current_in_it(client, patient, address):
    year = patient["meta"]["lastUpdated"][:4]

    assert len(versions(done(client.get(f"{address}?_at={year}")))) == 5
    assert versions(done(client.get(f"{address}?_at=2001"))) == []
    assert versions(done(client.get(f"{address}?_at=2999"))) == ['W/"5"']


def test_paging_keeps_since(client, address):
    second = moments(client, address)[1]

    found = list(pages(client, f"{address}?_since={second}&_count=3"))

    assert [v for p in found for v in versions(p)] == ['W/"5"', 'W/"4"', 'W/"3"', 'W/"2"']


@pytest.mark.parametrize(
    "query",
    [
        "_count=-1",
        "_count=x",
        "_count=",
        "_count=1.5",
        "_count=٣",
        "_since=yesterday",
        "_since=",
        "_since=2020-13-01",
        "_since=0000",
        "_since=99999-01-01",
        "_at=x",
        "_count=1&_count=2",
        "_since=2020&_since=2021",
        "foo=bar",
        "gender=male",
        "_sort=_lastUpdated",
        "_list=1",
        "_page=x",
        "_summary=maybe",
    ],
)
@pytest.mark.parametrize("level", ["instance", "type", "system"])
def test_parameters_that_a_history_does_not_take_are_refused(client, address, query, level):
    where = {"instance": address, "type": "/fhir/Patient/_history", "system": "/fhir/_history"}

    refused(client.get(f"{where[level]}?{query}"), 400)


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00%2B14:00", "0001", "9999", "9999-12-31"])
def test_the_ends_of_time_are_dates_too(client, address, date):
    done(client.get(f"{address}?_at={date}"))
    done(client.get(f"{address}?_since={date}"))


def test_lenient_handling_passes_over_unknown_parameters(client, address):
    answer = client.get(f"{address}?foo=bar", headers={"Prefer": "handling=lenient"})

    assert done(answer)["total"] == 5


def test_a_summary_of_each_version(client, address):
    bundle = done(client.get(f"{address}?_summary=text&_count=1"))

    assert "gender" not in bundle["entry"][0]["resource"]
    assert bundle["entry"][0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.parametrize("address", ["/fhir/Basic/_history", "/fhir/_history"])
def test_type_and_system_have_the_changes_of_all_resources_newest_first(client, address):
    made = [
        done(
            client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": str(n)}}),
            201,
        )
        for n in range(4)
    ]
    client.delete(f"/fhir/Basic/{made[0]['id']}")
    start = made[0]["meta"]["lastUpdated"]

    found = list(pages(client, f"{address}?_since={start}&_count=2"))

    urls = [e["request"]["url"] for page in found for e in page["entry"]]
    assert urls == [f"Basic/{made[0]['id']}", *["Basic"] * 4]
    shown = [r for page in found for r in resources(page)]
    assert shown == made[::-1]


def test_the_history_of_a_type_has_no_other_types(client):
    start = done(client.post("/fhir/Observation", json=an_observation()), 201)["meta"][
        "lastUpdated"
    ]
    client.post("/fhir/Patient", json=a_patient())

    found = done(client.get(f"/fhir/Observation/_history?_since={start}"))

    assert {r["resourceType"] for r in resources(found)} == {"Observation"}


def test_what_is_written_while_paging_disturbs_nothing(client):
    start = None
    for n in range(6):
        made = client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": str(n)}})
        start = start or made.json["meta"]["lastUpdated"]

    seen = []
    for page in pages(client, f"/fhir/Basic/_history?_since={start}&_count=2"):
        seen += [r["code"]["text"] for r in resources(page)]
        client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "new"}})

    assert seen == ["5", "4", "3", "2", "1", "0"]


def test_the_pages_of_a_history_belong_to_its_address(client, patient, address):
    following = links(done(client.get(f"{address}?_count=1")))["next"].partition("?")[2]

    other = client.post("/fhir/Patient", json=a_patient()).json
    refused(client.get(f"/fhir/Patient/{other['id']}/_history?{following}"), 400)
    refused(client.get(f"/fhir/Patient/_history?{following}"), 400)
    refused(client.get(f"/fhir/Patient?{following}"), 400)


def test_head_of_a_history_has_no_body(client, address):
    answer = client.head(address)

    assert answer.status_code == 200
    assert answer.data == b""
