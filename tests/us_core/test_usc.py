"""The checklist of what US Core 6.1.0 test kits look at, USC-1 to USC-15, on US Core's examples.

Each test is named by the number of its rule. `test_usc_coverage.py` lists them, with what belongs
elsewhere. All searches of the kit, over more data: `conformance/us_core_searches`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from conformance.us_core_searches.filled import ADDITIONS, PACKAGE, Searching, filled
from conformance.us_core_searches.metadata import FOLDER, elements, groups
from conformance.us_core_searches.run import Report, run
from fhirserver.model.json import parse_object
from fhirserver.packages.contents import read
from tests.answers import done, resources
from tests.builders import a_patient, a_transaction, an_entry
from tests.packages.builders import a_package, a_profile
from tests.us_core import must_support

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER.is_dir() and PACKAGE.exists()),
        reason="../shared/data/inferno and us-core aren't at hand",
    ),
]
CORE = "http://hl7.org/fhir/us/core"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
OR = {
    "status": ("CarePlan", "Device", "DiagnosticReport", "DocumentReference", "MedicationDispense",
               "MedicationRequest", "Observation", "Procedure", "QuestionnaireResponse",
               "ServiceRequest"),
    "intent": ("MedicationRequest",),
    "type": ("MedicationDispense",),
}  # fmt: skip
DATES = {
    "CarePlan": ("date",),
    "Condition": ("recorded-date", "asserted-date", "onset-date", "abatement-date"),
    "DiagnosticReport": ("date",),
    "DocumentReference": ("date", "period"),
    "Encounter": ("date",),
    "Goal": ("target-date",),
    "Immunization": ("date",),
    "MedicationRequest": ("authoredon",),
    "Observation": ("date",),
    "Procedure": ("date",),
    "QuestionnaireResponse": ("authored",),
    "ServiceRequest": ("authored",),
}
NOTES = ("11488-4", "18842-5", "34117-2", "28570-0", "11506-3", "18748-4", "11502-2", "11526-1")
REPORTS = ("LP29708-2", "LP7839-6", "LP29684-5")
ONE_OF_EACH = {g.resource: g for g in groups()} if FOLDER.is_dir() else {}


@pytest.fixture(scope="module")
def searching(own_url) -> Searching:
    return filled(own_url, [])


@pytest.fixture
def client(searching):
    return searching.client


def read_back(client, resource_type: str, query: str = "") -> list[dict]:
    return resources(done(client.get(f"/fhir/{resource_type}?{query}&_count=1000")))


def agreeing(report: Report, form: str) -> set[str]:
    """The cases of a form, all of which agree."""
    found = {c: w for c, w in report.cases.items() if form in c.rpartition(": ")[2]}
    assert {c: w for c, w in found.items() if w} == {}
    return set(found)


def test_usc_1_the_capability_statement_claims_us_core(client) -> None:
    sdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire"
    profile = a_profile("sdc-questionnaire", url=sdc, type="Questionnaire", differential={
        "element": [{"id": "Questionnaire.url", "path": "Questionnaire.url", "min": 1}]
    }, baseDefinition="http://hl7.org/fhir/StructureDefinition/Questionnaire")  # fmt: skip
    data = b64encode(a_package(profile, name="hl7.fhir.uv.sdc")).decode()
    given = [{"name": "package", "valueBase64Binary": data}]
    done(client.post("/fhir/$install", json={"resourceType": "Parameters", "parameter": given}))

    statement = done(client.get("/fhir/metadata"))

    by_type = {r["type"]: r for r in statement["rest"][0]["resource"]}
    issues = done(client.post("/fhir/CapabilityStatement/$validate", json=statement))["issue"]
    assert [i for i in issues if i["severity"] == "error"] == []
    assert statement["fhirVersion"] == "4.0.1"
    assert "json" in statement["format"]
    assert f"{CORE}/CapabilityStatement/us-core-server" in statement["instantiates"]
    for group in groups():
        assert group.profile in by_type[group.resource]["supportedProfile"]


def test_usc_2_get_post_and_both_forms_of_the_patient_find_the_same(searching) -> None:
    firsts = [
        replace(g, searches=g.searches[:1], includes=(), revincludes=()) for g in groups()
        if g.searches
    ]  # fmt: skip

    report = run(searching, firsts, samples=1)

    assert len(agreeing(report, "get")) == len(firsts)
    assert len(agreeing(report, "post")) == len(firsts)
    assert len(agreeing(report, "patient as a reference")) > 30


def test_usc_3_tokens_with_their_system_and_texts_by_their_beginning(searching) -> None:
    some = [ONE_OF_EACH[t] for t in ("Encounter", "Patient", "Location")]
    report = run(searching, [replace(g, includes=(), revincludes=()) for g in some], samples=1)

    assert len(agreeing(report, "with its system")) >= 3
    assert len(agreeing(report, "in capitals")) >= 8
    assert len(agreeing(report, "by its beginning")) >= 6


def test_usc_3_a_comma_in_a_value_is_escaped(client) -> None:
    made = done(
        client.post("/fhir/Organization", json={"resourceType": "Organization", "name": "Aa, Bb"}),
        201,
    )

    assert [o["id"] for o in read_back(client, "Organization", r"name=Aa\, Bb")] == [made["id"]]
    assert read_back(client, "Organization", r"name=Aa\, Cc") == []


def test_usc_4_pages_follow_one_another_to_the_end(client) -> None:
    query = "patient=example&category=survey"
    wanted = {r["id"] for r in read_back(client, "Observation", query)}
    url, pages, found = f"/fhir/Observation?{query}&_count=3", 0, []

    while url and pages < 30:
        page = done(client.get(url))
        found += [r["id"] for r in resources(page)]
        links = {link["relation"]: link["url"] for link in page["link"]}
        url, pages = links.get("next", "").removeprefix("http://127.0.0.1:8000"), pages + 1

    assert pages > 10
    assert len(found) == len(wanted)
    assert set(found) == wanted


@pytest.mark.parametrize("resource_type", DATES)
def test_usc_5_dates_compare_with_gt_ge_lt_le(searching, resource_type) -> None:
    for code in DATES[resource_type]:
        group = replace(
            ONE_OF_EACH[resource_type],
            # The profile's own codes would leave few of the examples.
            searches=(("patient", code),), includes=(), revincludes=(),
        )  # fmt: skip

        report = run(searching, [group], samples=1)

        assert report.without_data == set(), code
        for compare in ("gt", "ge", "lt", "le"):
            assert compare in group.parameters[code].comparators
            assert agreeing(report, f"{code} {compare}")


@pytest.mark.parametrize(("code", "resource_type"), [(c, t) for c in OR for t in OR[c]])
def test_usc_6_several_values_with_a_comma_find_all_of_them(client, code, resource_type) -> None:
    everything = read_back(client, resource_type)
    having: dict[str, set[str]] = {}
    for resource in everything:
        for element in elements(resource, ONE_OF_EACH[resource_type].parameters[code].paths):
            codings = (
                element.get("coding", ()) if isinstance(element, dict) else [{"code": element}]
            )
            for coding in codings:
                having.setdefault(coding["code"], set()).add(resource["id"])

    found = read_back(client, resource_type, f"{code}={','.join([*having, 'unknown'])}")

    assert having
    assert {r["id"] for r in found} == set().union(*having.values())


@pytest.mark.parametrize(
    "resource_type", [t for t, g in ONE_OF_EACH.items() if "patient" in g.parameters]
)
def test_usc_7_no_status_is_demanded(client, resource_type) -> None:
    assert client.get(f"/fhir/{resource_type}?patient=example").status_code == 200


@pytest.mark.parametrize("resource_type", ["MedicationRequest", "MedicationDispense"])
def test_usc_8_the_medications_of_the_matches_are_included(searching, resource_type) -> None:
    group = replace(ONE_OF_EACH[resource_type], searches=(("patient",),), revincludes=())

    report = run(searching, [group], samples=1)

    assert agreeing(report, "") == set(report.cases)
    assert f"{group.name} _include={resource_type}:medication" in report.cases


def test_usc_9_provenance_is_included_with_every_clinical_profile(searching) -> None:
    having = [g for g in groups() if g.revincludes]

    report = run(
        searching, [replace(g, searches=g.searches[:1], includes=()) for g in having], samples=1
    )

    for group in having:
        assert report.cases[f"{group.name} _revinclude=Provenance:target"] is None


def test_usc_9_provenance_of_a_practitioner_says_on_whose_behalf(client) -> None:
    profile = f"{CORE}/StructureDefinition/us-core-provenance"
    agent = {"who": {"reference": "Practitioner/practitioner-1"}}
    provenance = {
        "resourceType": "Provenance", "meta": {"profile": [profile]},
        "target": [{"reference": "Patient/example"}], "recorded": "2024-05-01T10:00:00Z",
        "agent": [agent],
    }  # fmt: skip
    behalf = {"onBehalfOf": {"reference": "Organization/saint-luke-w-endpoint"}}

    def errors(resource):
        outcome = done(client.post("/fhir/Provenance/$validate", json=resource))
        return [i for i in outcome["issue"] if i["severity"] == "error"]

    assert any("provenance-1" in i["diagnostics"] for i in errors(provenance))
    assert errors(provenance | {"agent": [agent | behalf]}) == []


@pytest.mark.parametrize(
    "resource_type",
    ["Practitioner", "Organization", "Location", "Provenance", "Medication", "RelatedPerson",
     "PractitionerRole"],
)  # fmt: skip
def test_usc_10_what_is_referred_to_is_read_with_its_versions(client, resource_type) -> None:
    for resource in read_back(client, resource_type)[:5]:
        where = f"/fhir/{resource_type}/{resource['id']}"

        one = done(client.get(where))
        version = done(client.get(f"{where}/_history/{one['meta']['versionId']}"))
        history = done(client.get(f"{where}/_history"))

        assert (one["resourceType"], one["id"]) == (resource_type, resource["id"])
        assert version == one
        assert resources(history)[0] == one


def test_usc_11_every_element_of_the_examples_is_kept(client) -> None:
    def essence(resource):
        meta = {k: v for k, v in resource.get("meta", {}).items() if k == "profile"}
        return {k: v for k, v in resource.items() if k != "meta"} | {"meta": meta}

    examples = [
        e for e in read(PACKAGE, examples=True).examples if e["resourceType"] in ONE_OF_EACH
    ]

    assert len(examples) > 100
    for example in examples:
        answer = client.get(f"/fhir/{example['resourceType']}/{example['id']}")
        stored = parse_object(answer.data)
        assert essence(stored) == essence(example)


def test_usc_11_a_resource_of_each_profile_is_valid(client) -> None:
    checked = set()
    for group in groups():
        for resource in read_back(client, group.resource, f"_profile={group.profile}")[:1]:
            where = f"/fhir/{group.resource}/{resource['id']}/$validate?profile={group.profile}"
            issues = done(client.get(where))["issue"]
            assert [i for i in issues if i["severity"] == "error"] == []
            checked.add(group.profile)

    assert len(checked) >= 44


def test_usc_11_every_must_support_element_is_found(client) -> None:
    wanting = {}
    for group in must_support.profiles():
        having = read_back(client, group[":resource"], f"_profile={group[':profile_url']}")
        lacking = must_support.missing(group, having)
        if lacking:
            wanting[group[":name"]] = lacking

    assert wanting == {}


def test_usc_11_what_was_added_is_valid_by_the_profiles_that_it_declares(client) -> None:
    for entry in json.loads(ADDITIONS.read_text())["entry"]:
        where = entry["request"]["url"]
        issues = done(client.get(f"/fhir/{where}/$validate"))["issue"]

        assert [i for i in issues if i["severity"] == "error"] == [], where


def test_usc_12_missing_data_is_stored_and_found(client) -> None:
    pressure = done(client.get("/fhir/Observation/bp-data-absent"))
    teams = read_back(client, "CareTeam", f"role={ABSENT}|unknown")
    patient = a_patient(_birthDate={"extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]})  # fmt: skip
    made = done(client.post("/fhir/Patient", json=patient), 201)

    assert any("dataAbsentReason" in c for c in pressure["component"])
    assert [t["id"] for t in teams] == ["missing-coded-data-example"]
    kept = done(client.get(f"/fhir/Patient/{made['id']}"))
    assert kept["_birthDate"] == patient["_birthDate"]


def test_usc_13_clinical_notes_and_reports_share_their_attachments(client) -> None:
    patient = {"reference": "Patient/deceased-example"}
    attachment = {"contentType": "text/plain", "url": "http://127.0.0.1:8000/fhir/Binary/note"}
    base = {"subject": patient, "meta": {"tag": [{"code": "usc-13"}]}}
    category = {"system": f"{CORE}/CodeSystem/us-core-documentreference-category",
                "code": "clinical-note"}  # fmt: skip
    documents = [
        base | {
            "resourceType": "DocumentReference", "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "category": [{"coding": [category]}],
            "content": [{"attachment": attachment}],
        } for code in NOTES
    ]  # fmt: skip
    reports = [
        base | {
            "resourceType": "DiagnosticReport", "status": "final",
            "category": [{"coding": [{"system": "http://loinc.org", "code": code}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "34117-2"}]},
            "effectiveDateTime": "2024-05-01", "presentedForm": [attachment],
        } for code in REPORTS
    ]  # fmt: skip
    entries = [an_entry("POST", r["resourceType"], r) for r in (*documents, *reports)]
    done(client.post("/fhir", json=a_transaction(*entries)))

    for code in NOTES:
        (note,) = read_back(
            client, "DocumentReference", f"patient=deceased-example&type=http://loinc.org|{code}"
        )
        for_report = [read_back(client, "DiagnosticReport", f"patient=deceased-example&category=http://loinc.org|{c}")
                      for c in REPORTS]  # fmt: skip
        assert all(note["content"][0]["attachment"] == r["presentedForm"][0] for (r,) in for_report)
    answered = done(client.get("/fhir/DocumentReference/$docref?patient=deceased-example"))
    statement = done(client.get("/fhir/metadata"))["rest"][0]["resource"]
    offered = next(r for r in statement if r["type"] == "DocumentReference")["operation"]
    assert len(resources(answered)) == len(NOTES)
    assert {"docref"} <= {o["name"] for o in offered}


def test_usc_14_screening_is_found_by_all_its_categories(client) -> None:
    survey = {r["id"] for r in read_back(client, "Observation", "category=survey")}
    both = {
        code: {
            r["id"] for r in read_back(client, "Observation", f"category=survey&category={code}")
        }
        for code in ("sdoh", "disability-status")
    }
    alone = {
        code: len(read_back(client, "Observation", f"patient=example&category={code}"))
        for code in ("sdoh", "functional-status", "disability-status", "cognitive-status")
    }
    problems = read_back(client, "Condition", "category=problem-list-item&category=sdoh")

    assert all(found and found < survey for found in both.values())
    assert all(alone[c] for c in ("sdoh", "disability-status", "cognitive-status"))
    assert [p["id"] for p in problems] == ["condition-SDOH-example"]


def test_usc_15_practitioner_roles_are_supported_beside_addresses(client) -> None:
    roles = read_back(
        client,
        "PractitionerRole",
        "practitioner=practitioner-1&_include=PractitionerRole:practitioner",
    )
    addressed = [p for p in read_back(client, "Practitioner") if "address" in p]

    assert {r["resourceType"] for r in roles} == {"PractitionerRole", "Practitioner"}
    assert addressed
