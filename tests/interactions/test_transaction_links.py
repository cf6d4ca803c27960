"""Links between the entries of a transaction: https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import itertools

import pytest

from fhirserver import ids
from tests.answers import done, place_of, statuses
from tests.builders import (
    a_patient,
    an_entry,
    an_identifier,
    an_observation,
)
from tests.interactions.entries import a_patch, where


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
