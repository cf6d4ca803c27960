"""https://hl7.org/fhir/R4/resource-operation-graph.html, https://hl7.org/fhir/R4/graphdefinition.html"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, place_of, refused, resources
from tests.builders import a_patient, a_transaction, an_entry, an_observation


@pytest.fixture
def record(client):
    """Two patients with observations that refer to each other; what their ids end with."""
    end = ids.new()[:12]
    entries = [
        an_entry("PUT", f"{r['resourceType']}/{r['id']}", r)
        for r in (
            {"resourceType": "Organization", "id": f"ward-{end}", "name": "Ward"},
            a_patient(
                id=f"ada-{end}",
                managingOrganization={"reference": f"Organization/ward-{end}"},
                generalPractitioner=[{"reference": "Practitioner/nobody"}],
            ),
            a_patient(id=f"ben-{end}"),
            an_observation(id=f"one-{end}", subject={"reference": f"Patient/ada-{end}"}),
            an_observation(
                id=f"two-{end}",
                subject={"reference": f"Patient/ada-{end}"},
                hasMember=[
                    {"reference": f"Observation/one-{end}"},
                    {"reference": f"Observation/ben-{end}"},
                ],
            ),
            an_observation(id=f"ben-{end}", subject={"reference": f"Patient/ben-{end}"}),
        )
    ]
    done(client.post("/fhir", json=a_transaction(*entries)))
    return end


def link(path=None, *targets, **more):
    made = {"target": list(targets)} if targets else {}
    return made | ({"path": path} if path else {}) | more


def target(kind, *links, **more):
    return {"type": kind} | ({"link": list(links)} if links else {}) | more


OBSERVATIONS = target("Observation", params="subject={ref}")


@pytest.fixture
def graph(client, record):
    """Calls $graph on the first patient with a definition of these links."""

    def call(*links, start="Patient", where=None, profile=None, **more):
        made = {
            "resourceType": "GraphDefinition",
            "id": f"g-{record}",
            "url": f"http://hospital.example/GraphDefinition/{record}",
            "name": "Test",
            "status": "active",
            "start": start,
            "link": list(links),
        } | ({"profile": profile} if profile else {})
        answer = client.put(f"/fhir/GraphDefinition/g-{record}", json=made)
        assert answer.status_code in {200, 201}, answer.text
        named = more.pop("named", f"GraphDefinition/g-{record}")
        address = where or f"Patient/ada-{record}"
        return client.get(f"/fhir/{address}/$graph?graph={named}", **more)

    return call


def found(answer):
    return [r["id"].partition("-")[0] for r in resources(done(answer))]


def test_a_path_leads_to_what_is_referred_to(graph, record):
    bundle = done(graph(link("managingOrganization", target("Organization"))))

    assert [r["id"] for r in resources(bundle)] == [f"ada-{record}", f"ward-{record}"]
    assert [e["search"]["mode"] for e in bundle["entry"]] == ["match", "include"]
    assert bundle["entry"][1]["fullUrl"].endswith(f"/fhir/Organization/ward-{record}")


def test_a_star_leads_to_all_references(graph):
    assert found(graph(link("*"))) == ["ada", "ward"]


def test_only_targets_of_the_right_type_are_reached(graph):
    assert found(graph(link("managingOrganization", target("Group")))) == ["ada"]


def test_parameters_lead_to_what_refers_back(graph):
    assert sorted(found(graph(link(None, OBSERVATIONS)))) == ["ada", "one", "two"]


def test_parameters_may_say_more(graph, record):
    one = target("Observation", params=f"_id=one-{record}&subject={{ref}}")
    chained = target("Observation", params="_filter=subject eq {ref}")

    assert found(graph(link(None, one))) == ["ada", "one"]
    assert sorted(found(graph(link(None, chained)))) == ["ada", "one", "two"]


def test_links_go_on_from_a_target(graph):
    on = target("Observation", link("hasMember", target("Observation")), params="subject={ref}")

    assert sorted(found(graph(link(None, on)))) == ["ada", "ben", "one", "two"]


@pytest.mark.parametrize(
    ("rule", "more", "reached"),
    [
        ("identical", {}, ["ada", "one", "two"]),
        ("matching", {}, ["ada", "one", "two"]),
        ("different", {}, ["ada", "ben", "one", "two"]),
        ("custom", {"expression": "id.startsWith('ben')"}, ["ada", "ben", "one", "two"]),
        ("custom", {"expression": "subject = %source.subject"}, ["ada", "one", "two"]),
    ],
)
def test_a_compartment_rule_says_whose_a_target_must_be(graph, rule, more, reached):
    must = {"use": "requirement", "code": "Patient", "rule": rule} | more
    on = target(
        "Observation",
        link("hasMember", target("Observation", compartment=[must])),
        params="subject={ref}",
    )

    assert sorted(found(graph(link(None, on)))) == reached


def test_a_requirement_is_only_for_what_meets_the_condition(graph):
    rules = [
        {"use": "condition", "code": "Patient", "rule": "matching"},
        {"use": "requirement", "code": "Patient", "rule": "different"},
    ]
    on = target(
        "Observation",
        link("hasMember", target("Observation", compartment=rules)),
        params="subject={ref}",
    )

    # Of another patient, so the requirement isn't for it.
    assert "ben" in found(graph(link(None, on)))


def test_a_target_must_keep_to_its_profile(graph):
    vital = target(
        "Observation",
        params="subject={ref}",
        profile="http://hl7.org/fhir/StructureDefinition/vitalsigns",
    )
    unknown = OBSERVATIONS | {"profile": "http://nowhere.example/StructureDefinition/x"}

    assert found(graph(link(None, vital))) == ["ada"]
    assert len(found(graph(link(None, unknown)))) == 3


def test_the_start_must_keep_to_its_profile(client, graph, record):
    profile = {
        "resourceType": "StructureDefinition", "url": f"http://hospital.example/{record}",
        "name": "Married", "status": "active", "kind": "resource", "abstract": False,
        "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {
            "element": [{"id": "Patient.maritalStatus", "path": "Patient.maritalStatus", "min": 1}]
        },
    }  # fmt: skip
    done(client.post("/fhir/StructureDefinition", json=profile), 201)

    issue = refused(graph(link("*"), profile=profile["url"]), 422)

    assert place_of(issue) == "GraphDefinition.profile"


def test_a_canonical_names_the_definition_too(client, graph, record):
    done(graph(link("*")))

    answer = graph(link("*"), named=f"http://hospital.example/GraphDefinition/{record}")

    assert found(answer) == ["ada", "ward"]


@pytest.mark.parametrize(
    ("links", "status", "place"),
    [
        ([link(None, OBSERVATIONS, max="1")], 422, "GraphDefinition.link[0]"),
        ([link(None, OBSERVATIONS, min=3)], 422, "GraphDefinition.link[0]"),
        ([link("generalPractitioner", min=2)], 422, "GraphDefinition.link[0]"),
        ([link("*"), link("shoeSize")], 400, "GraphDefinition.link[1].path"),
        ([link("birthDate | name.family")], 400, None),
        ([link("name")], 400, "GraphDefinition.link[0].path"),
        ([link(description="x")], 400, "GraphDefinition.link[0]"),
        ([link(None, target("Observation"))], 400, "GraphDefinition.link[0].target[0].params"),
        ([link(None, target("Observation", params="code=x"))], 400, None),
        ([link(None, target("Observation", params="shoe={ref}"))], 400, None),
        ([link(None, target("Observation", params="subject={ref}&_include=*"))], 400, None),
        ([link("repeat(name)")], 400, None),
        ([link("*", sliceName="x")], 400, "GraphDefinition.link[0].sliceName"),
    ],
)
def test_what_cant_be_followed_is_refused_with_its_place(graph, links, status, place):
    issue = refused(graph(*links), status)

    if place is not None:
        assert place_of(issue) == place


def test_another_start_is_refused(graph):
    assert place_of(refused(graph(link("*"), start="Encounter"), 422)) == "GraphDefinition.start"


def test_an_unknown_definition_is_refused(graph):
    refused(graph(link("*"), named="GraphDefinition/nobody"), 404)
    refused(graph(link("*"), named="http://nowhere.example/x"), 400)
    refused(graph(link("*"), named="Patient/1"), 400)


def test_what_the_caller_may_not_read_is_left_out(graph, token):
    reader = {"Authorization": f"Bearer {token('user/Patient.r user/GraphDefinition.r')}"}

    assert found(graph(link("managingOrganization"), headers=reader)) == ["ada"]
    refused(graph(link(None, OBSERVATIONS), headers=reader), 403)


def test_circles_end(graph):
    on = OBSERVATIONS
    for _ in range(5):
        back = target("Patient", link(None, on))
        on = target("Observation", link("subject", back), params="subject={ref}")

    assert sorted(found(graph(link(None, on)))) == ["ada", "one", "two"]


def test_a_graph_of_too_many_searches_is_refused(graph):
    links = [
        link(None, target("Observation", params=f"subject={{ref}}&code=x{n}")) for n in range(201)
    ]

    assert "200 searches" in refused(graph(*links), 403)["diagnostics"]


def test_more_resources_cost_no_more_statements(client, graph, record, query_recorder):
    on = target("Observation", link("subject", target("Patient")), params="subject={ref}")
    done(graph(link(None, on)))
    call = f"/fhir/Patient/ada-{record}/$graph?graph=GraphDefinition/g-{record}"
    query_recorder.clear()
    done(client.get(call))
    statements = len(query_recorder)
    more = [
        an_entry(
            "POST", "Observation", an_observation(subject={"reference": f"Patient/ada-{record}"})
        )
        for _ in range(20)
    ]
    done(client.post("/fhir", json=a_transaction(*more)))
    query_recorder.clear()

    assert len(resources(done(client.get(call)))) == 23
    assert len(query_recorder) == statements
