"""Attacks 52 to 54: bundles."""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused, statuses
from tests.builders import a_batch, a_bundle, a_patient, a_transaction, an_entry, an_observation
from tests.pace import soon


@pytest.fixture
def as_(app, token):
    """A client with other scopes."""

    def make(scope):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(scope)}"
        return client

    return make


def test_052_each_read_in_a_batch_is_held_to_the_callers_rights(client, as_):
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)
    observation = done(client.post("/fhir/Observation", json=an_observation()), 201)
    batch = a_batch(
        an_entry("GET", f"Observation/{observation['id']}"),
        an_entry("GET", f"Patient/{patient['id']}"),
        an_entry("GET", "Patient?_count=1"),
        an_entry("GET", "Patient/_history?_count=1"),
        an_entry("GET", f"Patient/{patient['id']}/$everything"),
        an_entry("POST", "Patient", a_patient()),
        an_entry("DELETE", f"Patient/{patient['id']}"),
    )

    answer = done(as_("system/Observation.r").post("/fhir", json=batch))

    assert statuses(answer) == ["200", *["403"] * 6]
    assert all("resource" not in e for e in answer["entry"][1:])


def test_052_so_is_each_in_a_transaction_and_nothing_is_done(client, as_):
    marker = ids.new()
    transaction = a_transaction(
        an_entry("POST", "Observation", an_observation(note=[{"text": "a"}])),
        an_entry("POST", "Patient", a_patient(identifier=[{"value": marker}])),
    )

    refused(as_("system/Observation.cruds").post("/fhir", json=transaction), 403)

    assert done(client.get(f"/fhir/Patient?identifier={marker}"))["total"] == 0


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("url", ["", "/", "?a=b", "/fhir", "../fhir", "Bundle/../"])
def test_052_a_bundle_inside_a_bundle_is_not_carried_out(client, kind, url):
    inner = a_batch(an_entry("POST", "Patient", a_patient()))
    before = done(client.get("/fhir/Patient?_summary=count"))["total"]

    answer = client.post("/fhir", json=a_bundle(kind, an_entry("POST", url, inner)))

    if answer.status_code == 200:
        assert statuses(answer.json)[0] in {"400", "404", "405"}
    else:
        assert answer.status_code in {400, 404, 405}
    assert done(client.get("/fhir/Patient?_summary=count"))["total"] == before


def test_053_a_bundle_of_too_many_entries_is_refused_before_any_work(
    make_app, client_of, query_recorder
):
    client = client_of(make_app(max_bundle_entries=100))
    entry = an_entry("GET", "Patient?_count=1")
    done(client.post("/fhir", json=a_batch(*[entry] * 100)))
    query_recorder.clear()

    for kind in ("batch", "transaction"):
        issue = refused(client.post("/fhir", json=a_bundle(kind, *[entry] * 101)), 413)
        assert "100 entries" in issue["diagnostics"]
    # Who asks is looked up, and that it was refused is recorded.
    assert [s for s in query_recorder if "fhir.patient" in s or "fhir.resource" in s] == []
    assert len(query_recorder) <= 8, query_recorder


def test_053_the_limit_lets_large_imports_through(app):
    assert app.extensions["fhirserver"].context.settings.max_bundle_entries >= 10_000


def test_054_entries_that_refer_to_each_other_in_a_ring_are_stored(client):
    first, second = f"urn:uuid:{ids.new()}", f"urn:uuid:{ids.new()}"
    ring = a_transaction(
        an_entry("POST", "Patient", a_patient(link=[{"other": {"reference": second}, "type": "seealso"}]), fullUrl=first),
        an_entry("POST", "Patient", a_patient(link=[{"other": {"reference": first}, "type": "seealso"}]), fullUrl=second),
    )  # fmt: skip

    answer = done(client.post("/fhir", json=ring))

    assert statuses(answer) == ["201", "201"]
    one, other = (
        e["response"]["location"].split("/_history")[0].rsplit("/", 2)[-2:] for e in answer["entry"]
    )
    stored = done(client.get("/fhir/" + "/".join(one)))
    assert stored["link"][0]["other"]["reference"] == "/".join(other)


@pytest.mark.parametrize("reference", ["urn:uuid:{}", "urn:oid:1.2.{}", "http://{}"])
def test_054_two_entries_of_one_full_url_are_refused(client, reference):
    full_url = reference.format(ids.new())

    answer = client.post(
        "/fhir",
        json=a_transaction(
            an_entry("POST", "Patient", a_patient(), fullUrl=full_url),
            an_entry("POST", "Patient", a_patient(), fullUrl=full_url),
        ),
    )

    refused(answer, 400)


def test_054_a_record_is_changed_once_only_in_a_transaction(client):
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)
    address = f"Patient/{patient['id']}"

    answer = client.post(
        "/fhir",
        json=a_transaction(
            an_entry("PUT", address, a_patient(id=patient["id"])),
            an_entry("DELETE", address),
        ),
    )

    refused(answer, 400)
    done(client.get(f"/fhir/{address}"))


def test_054_long_chains_of_references_are_resolved_in_time(client):
    urls = [f"urn:uuid:{ids.new()}" for _ in range(1000)]
    chain = [
        an_entry(
            "POST",
            "Patient",
            a_patient(link=[{"other": {"reference": urls[(n + 1) % 1000]}, "type": "seealso"}]),
            fullUrl=url,
        )
        for n, url in enumerate(urls)
    ]
    with soon(30):
        assert set(statuses(done(client.post("/fhir", json=a_transaction(*chain))))) == {"201"}
