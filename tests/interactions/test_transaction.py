"""https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import base64
import itertools
import json

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


@pytest.fixture
def send(client):
    """Posts a transaction; the response Bundle."""

    def post(*entries, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        bundle = done(client.post("/fhir", json=a_transaction(*entries), headers=names))
        assert bundle["type"] == "transaction-response"
        assert len(bundle.get("entry", [])) == len(entries)
        return bundle

    return post


@pytest.fixture
def fail(client):
    """Posts a transaction that is refused as a whole; the issue."""

    def post(status, *entries, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        return refused(client.post("/fhir", json=a_transaction(*entries), headers=names), status)

    return post


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient(gender="female")).json


def where(bundle, number):
    """The reference by id to what an entry wrote."""
    return bundle["entry"][number]["response"]["location"].partition("/_history")[0]


def a_patch(*operations):
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


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


def test_links_by_urn_are_resolved_whatever_the_order_of_the_entries(client, send):
    for order in itertools.permutations(range(3)):
        urns = [f"urn:uuid:{ids.new()}" for _ in range(3)]
        entries = [
            an_entry("POST", "Patient", a_patient(), fullUrl=urns[0]),
            an_entry(
                "POST", "Encounter",
                {
                    "resourceType": "Encounter", "status": "finished",
                    "class": {"code": "AMB"}, "subject": {"reference": urns[0]},
                },
                fullUrl=urns[1],
            ),
            an_entry(
                "POST", "Observation",
                an_observation(subject={"reference": urns[0]}, encounter={"reference": urns[1]}),
                fullUrl=urns[2],
            ),
        ]  # fmt: skip

        bundle = send(*[entries[n] for n in order])

        observation = done(client.get(f"/fhir/{where(bundle, order.index(2))}"))
        assert observation["subject"]["reference"] == where(bundle, order.index(0))
        assert observation["encounter"]["reference"] == where(bundle, order.index(1))


def test_cycles_are_resolved(client, send):
    one, other = f"urn:uuid:{ids.new()}", f"urn:uuid:{ids.new()}"

    def linking(to):
        return a_patient(link=[{"type": "seealso", "other": {"reference": to}}])

    bundle = send(
        an_entry("POST", "Patient", linking(other), fullUrl=one),
        an_entry("POST", "Patient", linking(one), fullUrl=other),
    )

    for a, b in ((0, 1), (1, 0)):
        read = done(client.get(f"/fhir/{where(bundle, a)}"))
        assert read["link"][0]["other"]["reference"] == where(bundle, b)


def test_links_are_rewritten_wherever_they_are(client, send):
    urn = f"urn:uuid:{ids.new()}"
    observation = an_observation(
        text={
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{urn}">p</a>'
            f'<img src="{urn}" alt="{urn}"/></div>',
        },
        extension=[
            {"url": "http://hospital.example/a", "valueReference": {"reference": urn}},
            {"url": "http://hospital.example/b", "valueUri": urn},
            {"url": "http://hospital.example/c", "valueString": urn},
            {"url": "http://hospital.example/d", "valueCanonical": urn},
        ],
        contained=[
            {"resourceType": "Specimen", "id": "s", "subject": {"reference": urn}},
        ],
        specimen={"reference": "#s"},
        _status={"extension": [{"url": "http://x.example", "valueReference": {"reference": urn}}]},
        subject={"reference": urn, "display": urn},
    )

    bundle = send(
        an_entry("POST", "Observation", observation),
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
    )

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    new = where(bundle, 1)
    assert f'href="{new}"' in read["text"]["div"]
    assert f'src="{new}" alt="{urn}"' in read["text"]["div"]
    assert read["extension"][0]["valueReference"]["reference"] == new
    assert read["extension"][1]["valueUri"] == new
    assert read["extension"][2]["valueString"] == urn
    assert read["extension"][3]["valueCanonical"] == urn
    assert read["contained"][0]["subject"]["reference"] == new
    assert read["_status"]["extension"][0]["valueReference"]["reference"] == new
    assert read["subject"] == {"reference": new, "display": urn}


def test_what_was_linked_is_found_by_the_link(client, send):
    urn = f"urn:uuid:{ids.new()}"

    bundle = send(
        an_entry("POST", "Observation", an_observation(subject={"reference": urn})),
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
    )

    found = done(client.get(f"/fhir/Observation?subject={where(bundle, 1)}"))
    assert found["total"] == 1


def test_relative_links_below_the_root_of_the_full_url_are_rewritten(client, send):
    root = "http://elsewhere.example/fhir"

    bundle = send(
        an_entry(
            "POST", "Observation", an_observation(subject={"reference": "Patient/77"}),
            fullUrl=f"{root}/Observation/1",
        ),
        an_entry(
            "POST", "Observation", an_observation(subject={"reference": f"{root}/Patient/77"})
        ),
        an_entry("POST", "Observation", an_observation(subject={"reference": "Patient/77"})),
        an_entry("POST", "Patient", a_patient(id="77"), fullUrl=f"{root}/Patient/77"),
    )  # fmt: skip

    subjects = [
        done(client.get(f"/fhir/{where(bundle, n)}"))["subject"]["reference"] for n in range(3)
    ]
    assert subjects == [where(bundle, 3), where(bundle, 3), "Patient/77"]


def test_a_link_to_a_version_stays_one(client, send):
    root = "http://elsewhere.example/fhir"

    bundle = send(
        an_entry(
            "POST", "Observation",
            an_observation(subject={"reference": f"{root}/Patient/7/_history/1"}),
        ),
        an_entry("POST", "Patient", a_patient(), fullUrl=f"{root}/Patient/7"),
    )  # fmt: skip

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["subject"]["reference"] == f"{where(bundle, 1)}/_history/1"


def test_a_link_to_an_update_is_rewritten_too(client, send, patient):
    urn = f"urn:uuid:{ids.new()}"

    bundle = send(
        an_entry("POST", "Observation", an_observation(subject={"reference": urn})),
        an_entry("PUT", f"Patient/{patient['id']}", patient, fullUrl=urn),
    )

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_link_in_a_patch_is_rewritten_too(client, send, patient):
    urn = f"urn:uuid:{ids.new()}"
    value = [{"type": "seealso", "other": {"reference": urn}}]

    bundle = send(
        an_entry(
            "PATCH", f"Patient/{patient['id']}",
            a_patch({"op": "add", "path": "/link", "value": value}),
        ),
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
    )  # fmt: skip

    read = done(client.get(f"/fhir/Patient/{patient['id']}"))
    assert read["link"][0]["other"]["reference"] == where(bundle, 1)


def test_a_link_to_a_conditional_create_is_to_what_it_matches(client, send):
    identifier, urn = an_identifier(), f"urn:uuid:{ids.new()}"
    there = client.post("/fhir/Patient", json=a_patient(identifier=[identifier])).json

    bundle = send(
        an_entry("POST", "Observation", an_observation(subject={"reference": urn})),
        an_entry(
            "POST", "Patient", a_patient(identifier=[identifier]), fullUrl=urn,
            ifNoneExist=f"identifier={identifier['value']}",
        ),
    )  # fmt: skip

    assert statuses(bundle) == ["201", "200"]
    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["subject"]["reference"] == f"Patient/{there['id']}"


def test_two_entries_with_one_full_url_are_refused(fail):
    urn = f"urn:uuid:{ids.new()}"

    issue = fail(
        400,
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
        an_entry("POST", "Patient", a_patient(), fullUrl=urn),
    )

    assert place_of(issue) == "Bundle.entry[1].fullUrl"


def conditional(identifier):
    reference = f"Patient?identifier={identifier['system']}|{identifier['value']}"
    return an_observation(subject={"reference": reference})


def test_a_conditional_reference_with_one_match_becomes_a_reference(client, send):
    identifier = an_identifier()
    there = client.post("/fhir/Patient", json=a_patient(identifier=[identifier])).json

    bundle = send(an_entry("POST", "Observation", conditional(identifier)))

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["subject"]["reference"] == f"Patient/{there['id']}"
    found = done(client.get(f"/fhir/Observation?subject=Patient/{there['id']}"))
    assert found["total"] == 1


def test_a_conditional_reference_sees_what_the_transaction_creates(client, send):
    identifier = an_identifier()

    bundle = send(
        an_entry("POST", "Observation", conditional(identifier)),
        an_entry("POST", "Patient", a_patient(identifier=[identifier])),
    )

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["subject"]["reference"] == where(bundle, 1)


def test_a_conditional_reference_does_not_see_what_the_transaction_deletes(client, fail):
    identifier = an_identifier()
    there = client.post("/fhir/Patient", json=a_patient(identifier=[identifier])).json

    fail(
        422,
        an_entry("POST", "Observation", conditional(identifier)),
        an_entry("DELETE", f"Patient/{there['id']}"),
    )

    done(client.get(f"/fhir/Patient/{there['id']}"))


@pytest.mark.parametrize("matches", [0, 2])
def test_a_conditional_reference_without_exactly_one_match_fails_with_its_place(
    client, fail, matches
):
    identifier = an_identifier()
    for _ in range(matches):
        client.post("/fhir/Patient", json=a_patient(identifier=[identifier]))

    issue = fail(
        422,
        an_entry("POST", "Patient", a_patient()),
        an_entry("POST", "Observation", conditional(identifier)),
    )

    assert place_of(issue) == "Bundle.entry[1].resource.subject.reference"


@pytest.mark.parametrize("criteria", ["foo=bar", "", "_count=1", "identifier=%zz", "birthdate=x"])
def test_a_conditional_reference_that_does_not_select_fails(fail, criteria):
    observation = an_observation(subject={"reference": f"Patient?{criteria}"})

    issue = fail(400, an_entry("POST", "Observation", observation))

    assert place_of(issue) == "Bundle.entry[0].resource.subject.reference"


def test_a_search_in_an_element_that_is_no_reference_stays(client, send):
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": "Patient?name=nobody"}}],
    }

    bundle = send(an_entry("POST", "DocumentReference", resource))

    read = done(client.get(f"/fhir/{where(bundle, 0)}"))
    assert read["content"][0]["attachment"]["url"] == "Patient?name=nobody"


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
