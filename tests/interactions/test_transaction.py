"""https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, place_of, refused, statuses
from tests.builders import (
    a_patient,
    a_transaction,
    an_entry,
    an_identifier,
    an_observation,
)
from tests.interactions.entries import a_patch, where


def test_every_kind_of_entry_in_one_transaction(client, send):
    first, second, third = (client.post("/fhir/Patient", json=a_patient()).json for _ in range(3))

    bundle = send(
        an_entry("GET", f"Patient/{first['id']}"),
        an_entry("PATCH", f"Patient/{second['id']}", a_patch(
            {"op": "add", "path": "/gender", "value": "other"})),
        an_entry("PUT", f"Patient/{first['id']}", first | {"gender": "male"}),
        an_entry("POST", "Patient", a_patient()),
        an_entry("DELETE", f"Patient/{third['id']}"),
        an_entry("GET", f"Patient?_id={second['id']},{third['id']}"),
    )  # fmt: skip

    assert statuses(bundle) == ["200", "200", "200", "201", "204", "200"]
    assert bundle["entry"][0]["resource"]["gender"] == "male"
    found = bundle["entry"][5]["resource"]
    assert [e["resource"]["gender"] for e in found["entry"]] == ["other"]
    assert [e["response"].get("etag") for e in bundle["entry"][1:5]] == [
        'W/"2"', 'W/"2"', 'W/"1"', 'W/"2"',
    ]  # fmt: skip


def test_two_equal_conditional_creates_make_one_resource(client, send):
    identifier = an_identifier()
    new = a_patient(identifier=[identifier])
    criteria = f"identifier={identifier['value']}"

    bundle = send(
        an_entry("POST", "Patient", new, ifNoneExist=criteria),
        an_entry("POST", "Patient", new, ifNoneExist=criteria),
    )

    assert statuses(bundle) == ["201", "200"]
    assert where(bundle, 0) == where(bundle, 1)
    assert bundle["entry"][1]["response"]["etag"] == 'W/"1"'
    assert done(client.get(f"/fhir/Patient?identifier={identifier['value']}"))["total"] == 1


def test_a_conditional_update_of_what_another_entry_creates_is_refused(fail):
    identifier = an_identifier()
    new, criteria = a_patient(identifier=[identifier]), f"identifier={identifier['value']}"
    entries = [
        an_entry("POST", "Patient", new, ifNoneExist=criteria),
        an_entry("PUT", f"Patient?{criteria}", new),
    ]

    fail(400, *entries)
    fail(400, *reversed(entries))


def test_what_a_deletion_takes_away_a_condition_does_not_match(client, send):
    identifier = an_identifier()
    there = client.post("/fhir/Patient", json=a_patient(identifier=[identifier])).json

    bundle = send(
        an_entry(
            "POST", "Patient", a_patient(identifier=[identifier]),
            ifNoneExist=f"identifier={identifier['value']}",
        ),
        an_entry("DELETE", f"Patient/{there['id']}"),
    )  # fmt: skip

    assert statuses(bundle) == ["201", "204"]


def test_changing_a_resource_twice_is_refused(client, fail, patient):
    address = f"Patient/{patient['id']}"
    put, delete = an_entry("PUT", address, patient), an_entry("DELETE", address)

    assert place_of(fail(400, put, put)) == "Bundle.entry[1].resource"
    fail(400, put, delete)
    fail(400, put, an_entry("PUT", f"Patient?_id={patient['id']}", patient))

    assert done(client.get(f"/fhir/{address}")) == patient


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (an_entry("POST", "Patient", a_patient(birthDate="x")), 400),
        (an_entry("POST", "Patient", an_observation()), 400),
        (an_entry("PUT", "Patient/1", a_patient()), 400),
        (an_entry("GET", "Patient/none"), 404),
        (an_entry("PATCH", "Patient/none", a_patch()), 404),
        (an_entry("GET", "Patient?foo=bar"), 400),
        (an_entry("PUT", "Patient/none", a_patient(id="none"), ifMatch='W/"3"'), 412),
        (an_entry("POST", "Patient", a_patient(), ifNoneExist="foo=bar"), 400),
        (an_entry("DELETE", "Patient"), 400),
        (an_entry("GET", "Nothing/1"), 404),
        (an_entry("POST", "", a_transaction()), 400),
        (an_entry("POST", "Patient/_search", {"resourceType": "Parameters"}), 400),
        (an_entry("POST", "Patient/1", a_patient()), 405),
        ({"resource": a_patient()}, 400),
    ],
)
def test_one_bad_entry_refuses_all_and_is_named(client, fail, bad, status):
    tag = ids.new()
    good = a_patient(meta={"tag": [{"code": tag}]})

    issue = fail(status, an_entry("POST", "Patient", good), bad, an_entry("POST", "Patient", good))

    assert place_of(issue).startswith("Bundle.entry[1]")
    assert done(client.get(f"/fhir/Patient?_tag={tag}"))["total"] == 0


def test_the_1500th_entry_of_3000_is_named_and_nothing_is_written(client, fail):
    tag = ids.new()
    entries = [
        an_entry("POST", "Patient", a_patient(meta={"tag": [{"code": tag}]})) for _ in range(3000)
    ]
    entries[1499]["resource"]["name"][0]["given"] = "Ada"

    issue = fail(400, *entries)

    assert place_of(issue) == "Bundle.entry[1499].resource.name[0].given"
    assert done(client.get(f"/fhir/Patient?_tag={tag}"))["total"] == 0


def test_the_1500th_entry_of_3000_may_fail_for_what_is_stored(client, fail, patient):
    tag = ids.new()
    entries = [
        an_entry("POST", "Patient", a_patient(meta={"tag": [{"code": tag}]})) for _ in range(3000)
    ]
    entries[1499] = an_entry("PUT", f"Patient/{patient['id']}", patient, ifMatch='W/"2"')

    issue = fail(412, *entries)

    assert place_of(issue) == "Bundle.entry[1499].resource"
    assert done(client.get(f"/fhir/Patient?_tag={tag}"))["total"] == 0


def test_three_thousand_entries_work(client, send):
    tag, urn = ids.new(), f"urn:uuid:{ids.new()}"
    tagged = {"tag": [{"code": tag}]}

    bundle = send(
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
        *[
            an_entry("POST", "Observation", an_observation(meta=tagged, subject={"reference": urn}))
            for _ in range(2999)
        ],
    )

    assert set(statuses(bundle)) == {"201"}
    found = done(client.get(f"/fhir/Observation?_tag={tag}&_summary=count"))
    assert found["total"] == 2999


def test_conditions_of_the_entry_are_honoured(client, send, patient):
    address = f"Patient/{patient['id']}"

    bundle = send(
        an_entry("PUT", address, patient | {"gender": "male"}, ifMatch='W/"1"'),
        an_entry("GET", f"{address}/_history/1", ifNoneMatch='W/"1"'),
    )

    assert statuses(bundle) == ["200", "304"]


def test_prefer_representation_brings_the_resources(send):
    bundle = send(an_entry("POST", "Patient", a_patient()), Prefer="return=representation")

    assert bundle["entry"][0]["resource"]["resourceType"] == "Patient"


def test_an_empty_transaction_is_answered_with_an_empty_one(send):
    assert "entry" not in send()


def test_versions_written_together_have_one_date(client, send):
    bundle = send(*[an_entry("POST", "Patient", a_patient()) for _ in range(5)])

    assert len({e["response"]["lastModified"] for e in bundle["entry"]}) == 1


def test_scopes_hold_for_each_entry_and_refuse_all(client, token):
    tag = ids.new()
    headers = {"Authorization": f"Bearer {token('system/Patient.cr')}"}
    body = a_transaction(
        an_entry("POST", "Patient", a_patient(meta={"tag": [{"code": tag}]})),
        an_entry("POST", "Observation", an_observation()),
    )

    issue = refused(client.post("/fhir", json=body, headers=headers), 403)

    assert place_of(issue) == "Bundle.entry[1].resource"
    assert done(client.get(f"/fhir/Patient?_tag={tag}"))["total"] == 0


def test_transactions_in_a_race_for_the_same_rows_all_succeed(app, client_of, at_once):
    clients = [client_of(app) for _ in range(6)]
    made = [clients[0].post("/fhir/Patient", json=a_patient()).json for _ in range(4)]
    answers = []

    def change(number):
        for i in range(5):
            entries = [
                an_entry(
                    "PUT", f"Patient/{p['id']}", p | {"birthDate": f"{1900 + number}-0{i + 1}"}
                )
                for p in (made if number % 2 else reversed(made))
            ]
            answers.append(clients[number].post("/fhir", json=a_transaction(*entries)))

    at_once(change, range(6))

    assert {a.status_code for a in answers} == {200}
    for resource in made:
        history = done(clients[0].get(f"/fhir/Patient/{resource['id']}/_history?_count=99"))
        versions = [e["resource"]["meta"]["versionId"] for e in history["entry"]]
        assert versions == [str(v) for v in range(31, 0, -1)]
