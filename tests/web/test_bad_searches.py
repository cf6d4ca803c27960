"""Searches that make no sense or too much work, and forged pages, are refused at once."""

from __future__ import annotations

import time

import pytest

from fhirserver import ids
from tests.answers import done, links, refused
from tests.builders import a_patient
from tests.pace import soon

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.mark.parametrize(
    "query",
    [
        "name=%zz",
        "name=%",
        "name=%ff",
        "name=%ed%a0%80",
        "%ff=1",
        "_id=%00",
        "a%00b=1",
        "name=a%00",
        "_count=-1",
        "_count=x",
        "_count=1.0",
        "_count=1e3",
        "_count=99999999999999999999",
        "_count=1&_count=2",
        "_sort=foo",
        "_sort=",
        "_summary=x",
        "_elements=foo",
        "_total=x",
        "_include=Patient",
        "_include=Foo:bar",
        "_include=Patient:foo",
        "_revinclude=Observation:foo",
        "foo=bar",
        "name:foo=bar",
        "name:=bar",
        ":=bar",
        "=bar",
        "birthdate=x",
        "birthdate=gt",
        "birthdate=gt2020-13",
        "_lastUpdated=x",
        "_has=x",
        "_has:Observation=x",
        "_has:Foo:bar:baz=x",
        "_filter=name",
        "_filter=(((",
        "general-practitioner.foo=x",
        "general-practitioner:Foo.name=x",
        "_query=x",
        "_contained=true",
        "_page=",
        "_page=x",
        "_page=%F0%9F%92%A9",
        "_explain=maybe",
        "_type=Patient",
    ],
)
def test_a_search_that_makes_no_sense_is_refused(client, query):
    answer = client.get(f"/fhir/Patient?{query}")

    assert refused(answer, 400)["diagnostics"]


@pytest.mark.parametrize("query", ["_type=Foo", "name=a", "_count=-1"])
def test_a_search_of_everything_that_makes_no_sense_is_refused(client, query):
    refused(client.get(f"/fhir?{query}"), 400)


def test_raw_utf_8_in_an_address_is_understood(client):
    answer = client.get("/fhir/Patient", query_string="name=é")

    done(answer)


def test_very_long_values_are_bounded(client):
    for query in (
        "name=" + "a" * 100_000,
        "identifier=" + ",".join(str(n) for n in range(1999)),
        "_id=" + ",".join(["a" * 64] * 1500),
    ):
        assert client.get("/fhir/Patient", query_string=query).status_code in {200, 400, 403}


@pytest.mark.parametrize(
    "query",
    [
        "&".join(["name=a"] * 6000),
        "&".join(["identifier=a"] * 999),
        "&".join(f"p{n}=a" for n in range(999)),
        "identifier=" + ",".join("a" for _ in range(5000)),
        "_sort=" + ",".join(["name"] * 100),
        "&".join(["_include=Patient:organization"] * 999),
        "&".join(["_include=*"] * 999),
        "&".join(["_revinclude:iterate=*"] * 999),
        "_include=" + "Patient:organization," * 2000,
        ".".join(["general-practitioner"] * 50) + ".name=a",
        "_has:Observation:patient:" * 50 + "code=a",
        "&".join(["general-practitioner.name=a"] * 20),
        "_elements=" + ",".join(["name"] * 20_000),
        "_filter=" + "(" * 5000,
        "_filter=" + " and ".join(["name eq a"] * 50),
    ],
)
def test_a_search_with_thousands_of_parts_is_answered_or_refused_in_time(client, query):
    answer = client.get("/fhir/Patient", query_string=query)

    assert answer.status_code in {200, 400, 403, 414}


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"name=a{n}" for n in range(900)),
        "&".join(f"_has:Observation:patient:code=a{n}" for n in range(900)),
        "_filter=" + " and ".join(["name eq a"] * 3000),
    ],
)
def test_hundreds_of_conditions_that_range_are_refused_at_once(make_app, client_of, query):
    client = client_of(make_app(search_timeout_seconds=2))
    with soon(1):
        answer = client.get("/fhir/Patient", query_string=query)

        assert answer.status_code in {400, 403}


def test_the_form_of_a_search_is_limited_in_the_same_way(client):
    form = "application/x-www-form-urlencoded"

    def search(body, kind=form):
        return client.post("/fhir/Patient/_search", data=body, content_type=kind)

    refused(search(b"name=%zz"), 400)
    refused(search(b"name=%ff"), 400)
    refused(search(b"name=\xff"), 400)
    refused(search(b"name=%00"), 400)
    refused(search(b"&".join([b"name=a"] * 6000)), 400)
    refused(search(b"{}", "application/json"), 415)
    refused(search(b"<a/>", "text/xml"), 415)
    done(search(b"", None))
    done(search(b"name=" + "é".encode()))


@pytest.fixture
def following(client):
    """The address of the second page of a search."""
    tag = ids.new()
    for _ in range(3):
        client.post("/fhir/Patient", json=a_patient(meta={"tag": [{"code": tag}]}))
    return links(client.get(f"/fhir/Patient?_tag={tag}&_count=2").json)["next"]


def test_the_link_of_a_page_works_as_often_as_one_likes(client, following):
    assert done(client.get(following))["entry"] == done(client.get(following))["entry"]


def test_a_forged_page_is_refused(client, following):
    address, _, token = following.partition("_page=")
    middle = len(token) // 2
    for forged in (
        token[:-1],
        token + "a",
        token[1:],
        token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :],
        "",
        "A" * 200,
        token[:middle],
    ):
        refused(client.get(f"{address}_page={forged}"), 400)


@pytest.mark.parametrize(
    "address",
    ["/fhir/Observation", "/fhir", "/fhir/Patient/1/Observation", "/fhir/Patient/_history"],
)
def test_a_page_of_another_address_is_refused(client, following, address):
    refused(client.get(f"{address}?{following.partition('?')[2]}"), 400)


def test_a_page_of_another_type_in_the_compartment_is_refused(client):
    patient = client.post("/fhir/Patient", json=a_patient()).json
    for _ in range(2):
        body = {
            "resourceType": "Flag", "status": "active", "code": {"text": "a"},
            "subject": {"reference": f"Patient/{patient['id']}"},
        }  # fmt: skip
        client.post("/fhir/Flag", json=body)
    page = links(client.get(f"/fhir/Patient/{patient['id']}/Flag?_count=1").json)["next"]

    assert done(client.get(page))["entry"]
    refused(client.get(page.replace("/Flag?", "/Condition?")), 400)


def test_a_page_that_is_too_old_is_refused(make_app, client_of):
    client = client_of(make_app(page_link_lifetime_seconds=0))
    for _ in range(2):
        client.post("/fhir/Patient", json=a_patient())
    page = links(client.get("/fhir/Patient?_count=1").json)["next"]
    time.sleep(1.1)  # the token's clock ticks in seconds

    assert "again" in refused(client.get(page), 400)["diagnostics"]
