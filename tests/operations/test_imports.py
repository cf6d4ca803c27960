"""CodeSystem/$import and ConceptMap/$import."""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused

PARENT = {"code": "parent", "type": "code", "uri": "http://hl7.org/fhir/concept-properties#parent"}
LEGS = {"code": "legs", "type": "integer"}


def a_system(client, content="not-present", **more):
    made = {
        "resourceType": "CodeSystem", "url": f"http://hospital.example/{ids.new()}", "version": "1",
        "status": "active", "content": content, "caseSensitive": True, "property": [PARENT, LEGS],
    } | more  # fmt: skip
    return done(client.post("/fhir/CodeSystem", json=made), 201)


def body(*parameters):
    return {"resourceType": "Parameters", "parameter": list(parameters)}


def concept(code, display=None, **more):
    coding = {"code": code} | ({"display": display} if display else {}) | more
    return {"name": "concept", "valueCoding": coding}


def about(code, name, **value):
    return {"name": "property", "part": [
        {"name": "code", "valueCode": code}, {"name": "property", "valueCode": name},
        {"name": "value", **value}]}  # fmt: skip


def asked(client, system, *parameters):
    return client.post(f"/fhir/CodeSystem/{system['id']}/$import", json=body(*parameters))


def imported(client, system, *parameters):
    made = done(asked(client, system, *parameters))["parameter"]
    return tuple(p["valueUnsignedInt"] for p in made if "valueUnsignedInt" in p)


def looked_up(client, system, code):
    address = f"/fhir/CodeSystem/$lookup?system={system['url']}&code={code}&property=*"
    return client.get(address)


def display(client, system, code):
    made = done(looked_up(client, system, code))["parameter"]
    return next(p["valueString"] for p in made if p["name"] == "display")


def is_valid(client, system, code):
    address = f"/fhir/CodeSystem/$validate-code?url={system['url']}&code={code}"
    made = done(client.get(address))["parameter"]
    return next(p["valueBoolean"] for p in made if p["name"] == "result")


def subsumed(client, system, a, b):
    address = f"/fhir/CodeSystem/$subsumes?system={system['url']}&codeA={a}&codeB={b}"
    return done(client.get(address))["parameter"][0]["valueCode"]


@pytest.mark.parametrize("content", ["not-present", "fragment"])
def test_imported_concepts_are_answered_from(client, content):
    system = a_system(client, content)

    assert imported(client, system, concept("a", "A"), concept("b", "B")) == (2, 2)

    assert display(client, system, "b") == "B"
    assert is_valid(client, system, "a")
    assert imported(client, system, concept("b", "Bee"), concept("c")) == (3, 1)
    assert display(client, system, "b") == "Bee"


@pytest.mark.parametrize("content", ["not-present", "fragment"])
def test_parents_are_by_property_or_by_place(client, content):
    system = a_system(client, content)
    tree = {
        **{k: system[k] for k in ("resourceType", "url", "status", "content")},
        "concept": [{"code": "animal", "concept": [{"code": "mammal"}]}],
    }

    imported(client, system, {"name": "codeSystem", "resource": tree})
    imported(client, system, concept("cat"), about("cat", "parent", valueCode="mammal"))

    assert subsumed(client, system, "animal", "cat") == "subsumes"
    assert subsumed(client, system, "mammal", "animal") == "subsumed-by"


def test_what_is_put_above_a_concept_later_is_above_all_below_it(client):
    system = a_system(client)
    imported(client, system, concept("mammal"), concept("cat"),
             about("cat", "parent", valueCode="mammal"))  # fmt: skip

    imported(client, system, concept("animal"), about("mammal", "parent", valueCode="animal"))

    assert subsumed(client, system, "animal", "cat") == "subsumes"


@pytest.mark.parametrize("content", ["not-present", "fragment"])
def test_properties_are_told_and_filtered_by(client, content):
    system = a_system(client, content)
    imported(client, system, concept("cat"), concept("hen"), about("cat", "legs", valueInteger=4))
    imported(client, system, about("hen", "legs", valueInteger=2))

    told = [p["part"] for p in done(looked_up(client, system, "hen"))["parameter"]
            if p["name"] == "property"]  # fmt: skip
    include = {"system": system["url"], "filter": [{"property": "legs", "op": "=", "value": "4"}]}
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
    expanded = client.post(
        "/fhir/ValueSet/$expand", json=body({"name": "valueSet", "resource": value_set})
    )

    assert [{"name": "code", "valueCode": "legs"}, {"name": "value", "valueInteger": 2}] in told
    assert [c["code"] for c in done(expanded)["expansion"]["contains"]] == ["cat"]


def test_a_code_system_is_named_by_its_url(client):
    system = a_system(client)
    given = {"name": "system", "valueUri": system["url"]}

    done(client.post("/fhir/CodeSystem/$import", json=body(given, concept("a"))))

    assert is_valid(client, system, "a")
    refused(client.post("/fhir/CodeSystem/$import", json=body(
        {"name": "system", "valueUri": "http://nowhere.example"}, concept("a"))), 422)  # fmt: skip
    refused(client.post("/fhir/CodeSystem/$import", json=body(concept("a"))), 400)


@pytest.mark.parametrize("content", ["not-present", "fragment"])
@pytest.mark.parametrize(
    "bad",
    [
        about("z", "legs", valueInteger=1),
        about("a", "wings", valueInteger=1),
        about("a", "legs", valueString="many"),
        about("a", "parent", valueCode="nobody"),
        concept(" x"),
        concept("x", system="http://another.example"),
    ],
)
def test_one_mistake_leaves_nothing_behind(client, content, bad):
    system = a_system(client, content)
    imported(client, system, concept("old"))

    answer = asked(client, system, concept("a"), concept("b"), bad)

    assert answer.status_code in {400, 422}
    assert answer.json["issue"][0]["diagnostics"]
    assert done(client.get(f"/fhir/CodeSystem/{system['id']}")).get("concept", []) == (
        [{"code": "old"}] if content == "fragment" else []
    )
    assert looked_up(client, system, "a").status_code == 404
    assert imported(client, system, concept("b")) == (2, 1)


def test_a_circle_leaves_nothing_behind(client):
    system = a_system(client)
    imported(client, system, concept("a"), concept("b"), about("b", "parent", valueCode="a"))

    refused(asked(client, system, about("a", "parent", valueCode="b"), concept("c")), 400)

    assert looked_up(client, system, "c").status_code == 404
    assert subsumed(client, system, "a", "b") == "subsumes"


def test_all_codes_are_known_when_as_many_are_here_as_the_code_system_counts(client):
    system = a_system(client, count=2)

    imported(client, system, concept("a"))
    # Of a part, an unknown code may be a right one.
    assert is_valid(client, system, "x")
    imported(client, system, concept("b"))

    assert not is_valid(client, system, "x")


def test_a_complete_code_system_is_not_added_to(client):
    refused(asked(client, a_system(client, "complete"), concept("a")), 422)


def test_importing_needs_the_right_to_change_code_systems(client, token):
    system = a_system(client)
    answer = client.post(
        f"/fhir/CodeSystem/{system['id']}/$import", json=body(concept("a")),
        headers={"Authorization": f"Bearer {token('system/CodeSystem.rs')}"},
    )  # fmt: skip

    refused(answer, 403)


def test_imports_at_the_same_time_lose_nothing(client, at_once):
    system = a_system(client)

    at_once(lambda n: imported(client, system, concept(f"c{n}"), concept("shared")), range(6))

    assert imported(client, system, concept("shared")) == (7, 0)


def test_many_concepts_are_imported_in_bounded_time(client):
    system = a_system(client)
    tree = {
        **{k: system[k] for k in ("resourceType", "url", "status", "content")},
        "concept": [{"code": "top", "concept": [
            {"code": f"c{n}", "display": f"Number {n}"} for n in range(10_000)]}],
    }  # fmt: skip

    assert imported(client, system, {"name": "codeSystem", "resource": tree}) == (10_001, 10_001)
    assert subsumed(client, system, "top", "c9999") == "subsumes"


# Concept maps


FROM, TO = "http://hospital.example/from", "http://hospital.example/to"


def a_map(client, *groups):
    made = {
        "resourceType": "ConceptMap", "url": f"http://hospital.example/{ids.new()}",
        "status": "active",
    }  # fmt: skip
    made |= {"group": list(groups)} if groups else {}
    return done(client.post("/fhir/ConceptMap", json=made), 201)


def mapping(source, target=None, **more):
    parts = [{"name": "source", "valueCoding": {"system": FROM, "code": source}}]
    if target:
        parts.append({"name": "target", "valueCoding": {"system": TO, "code": target}})
    parts += [{"name": k, "valueString" if k == "comment" else "valueCode": v}
              for k, v in more.items()]  # fmt: skip
    return {"name": "mapping", "part": parts}


def mapped(client, concept_map, *parameters):
    address = f"/fhir/ConceptMap/{concept_map['id']}/$import"
    return client.post(address, json=body(*parameters))


def translated(client, concept_map, code):
    address = f"/fhir/ConceptMap/{concept_map['id']}/$translate?system={FROM}&code={code}"
    made = done(client.get(address))["parameter"]
    return [
        (q["valueCoding"]["code"], next(x["valueCode"] for x in p["part"] if x["name"] == "equivalence"))
        for p in made if p["name"] == "match"
        for q in p["part"] if q["name"] == "concept"
    ]  # fmt: skip


def test_imported_mappings_are_translated_by(client):
    concept_map = a_map(client)

    done(mapped(client, concept_map, mapping("a", "x", equivalence="equivalent"),
                mapping("a", "y", relationship="source-is-narrower-than-target"),
                mapping("b")))  # fmt: skip
    done(mapped(client, concept_map, mapping("a", "x", equivalence="equal")))

    assert translated(client, concept_map, "a") == [("x", "equal"), ("y", "wider")]
    stored = done(client.get(f"/fhir/ConceptMap/{concept_map['id']}"))
    assert [e["code"] for e in stored["group"][0]["element"]] == ["a", "b"]
    assert stored["group"][0]["element"][1]["target"] == [{"equivalence": "unmatched"}]


def test_a_whole_concept_map_is_imported_by_its_url(client):
    concept_map = a_map(client)
    given = {**concept_map, "group": [{"source": FROM, "target": TO, "element": [
        {"code": "a", "target": [{"code": "x", "equivalence": "wider"}]}]}]}  # fmt: skip

    done(client.post("/fhir/ConceptMap/$import",
                     json=body({"name": "conceptMap", "resource": given})))  # fmt: skip

    assert translated(client, concept_map, "a") == [("x", "wider")]


@pytest.mark.parametrize(
    "bad",
    [
        mapping("b", "y"),
        mapping("b", "y", equivalence="same"),
        mapping("b", equivalence="equal"),
        mapping("b", "y", relationship="x"),
    ],
)
def test_one_bad_mapping_leaves_nothing_behind(client, bad):
    concept_map = a_map(client)

    issue = refused(mapped(client, concept_map, mapping("a", "x", equivalence="equal"), bad), 400)

    assert "mapping" in issue["expression"][0] or "parameter[1]" in issue["expression"][0]
    assert "group" not in done(client.get(f"/fhir/ConceptMap/{concept_map['id']}"))


def test_what_cannot_be_found_is_refused(client):
    refused(client.post("/fhir/ConceptMap/$import", json=body(
        {"name": "url", "valueUri": "http://nowhere.example"},
        mapping("a", "x", equivalence="equal"))), 422)  # fmt: skip
