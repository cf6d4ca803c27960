"""https://hl7.org/fhir/R4/graphql.html: what a query selects."""

from __future__ import annotations

from tests.answers import done
from tests.builders import a_transaction, an_entry, an_observation
from tests.operations.graphql.asking import asked, refused


def test_elements_are_chosen_by_what_is_in_them(client, record, family):
    query = """{
        official: name(use: official) { family }
        known: name(fhirpath: "text.exists()") { text }
        second: name(_offset: 1, _count: 1) { text }
    }"""

    assert asked(client, query, f"Patient/{record[0]}/") == {
        "official": [{"family": family}],
        "known": [{"text": "Ady"}],
        "second": [{"text": "Ady"}],
    }


def test_decimals_keep_their_digits(client):
    seen = '{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": 1.10}}'
    made = done(client.post("/fhir/Observation", data=seen, content_type="application/json"), 201)

    answer = client.get(f"/fhir/Observation/{made['id']}/$graphql?query={{valueQuantity{{value}}}}")

    assert answer.data == b'{"data":{"valueQuantity":{"value":1.10}}}'


def test_a_list_is_searched_for_by_search_parameters(client, record, family):
    query = f'{{ PatientList(family: "{family}", birthdate: ["1970-01-01", "1969"]) {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[0]}]}


def test_a_list_is_sorted_and_cut_as_a_search_is(client, record, family):
    query = f'{{ PatientList(family: "{family}", _sort: "-birthdate", _count: 1) {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[1]}]}


def test_a_filter_expression_selects_too(client, record, family):
    query = f'{{ PatientList(_filter: "family eq {family} and active eq true") {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[0]}]}


def test_a_connection_is_walked_by_its_cursors(client, record, family):
    parts = "count offset pagesize next previous edges { mode resource { id } }"
    query = (
        f'{{ PatientConnection(family: "{family}", _count: 1, _sort: birthdate) {{ {parts} }} }}'
    )

    first = asked(client, query)["PatientConnection"]
    following = f"query($c: String) {{ PatientConnection(_cursor: $c) {{ {parts} }} }}"
    second = asked(client, following, variables={"c": first["next"]})["PatientConnection"]
    back = asked(client, following, variables={"c": second["previous"]})["PatientConnection"]

    assert (first["count"], first["offset"], first["pagesize"]) == (2, 0, 1)
    assert first["edges"] == [{"mode": "match", "resource": {"id": record[0]}}]
    assert (second["offset"], second["edges"][0]["resource"]["id"]) == (1, record[1])
    assert "next" not in second
    assert (back["offset"], back["edges"]) == (0, first["edges"])


def test_what_refers_to_a_resource_is_found(client, record):
    query = """{
        id
        ObservationList(_reference: subject, _sort: _id) { id valueQuantity { value } }
        ObservationConnection(_reference: patient) { count }
    }"""

    found = asked(client, query, f"Patient/{record[0]}/")

    assert [o["id"] for o in found["ObservationList"]] == [f"{record[0]}-1", f"{record[0]}-2"]
    assert found["ObservationConnection"] == {"count": 2}


def test_references_are_followed_by_the_type_of_what_they_are_to(client, record, family):
    query = """query($f: String) { ObservationList(subject: $f) {
        subject { resource { __typename resourceType
            ... on Patient { birthDate managingOrganization { resource { name } } }
            ... on Group { quantity } } }
        asGroup: subject { resource(type: Group) { id } } } }"""

    found = asked(client, query, variables={"f": record[0]})["ObservationList"]

    wanted = {
        "__typename": "Patient",
        "resourceType": "Patient",
        "birthDate": "1970-01-01",
        "managingOrganization": {"resource": {"name": "Ward"}},
    }
    assert found == [{"subject": {"resource": wanted}, "asGroup": {}}] * 2


def test_a_field_that_fits_one_type_of_several_is_left_out_for_the_others(client, record, family):
    query = "{ subject { resource { name { family } quantity } } }"

    found = asked(client, query, f"Observation/{record[0]}-1/")["subject"]["resource"]

    assert found == {"name": [{"family": family}, {}]}


def test_contained_resources_are_resolved(client):
    made = an_observation(
        contained=[{"resourceType": "Patient", "id": "p", "birthDate": "1999"}],
        subject={"reference": "#p"},
    )
    id_ = done(client.post("/fhir/Observation", json=made), 201)["id"]

    query = "{ subject { resource { ... on Patient { birthDate } } } }"
    assert asked(client, query, f"Observation/{id_}/") == {
        "subject": {"resource": {"birthDate": "1999"}}
    }


def test_nothing_refers_to_a_contained_resource(client):
    made = an_observation(
        contained=[{"resourceType": "Patient", "id": "p"}], subject={"reference": "#p"}
    )
    id_ = done(client.post("/fhir/Observation", json=made), 201)["id"]

    query = "{ contained { ... on Patient { id ObservationList(_reference: subject) { id } } } }"
    assert asked(client, query, f"Observation/{id_}/") == {
        "contained": [{"id": "p", "ObservationList": []}]
    }


def test_a_list_may_be_longer_than_a_page(make_app, client_of, record, family):
    client = client_of(make_app(max_count=1))
    query = (
        f'{{ PatientList(family: "{family}") {{ ObservationList(_reference: subject) {{ id }} }} }}'
    )

    found = asked(client, query)["PatientList"]

    assert [len(p["ObservationList"]) for p in found] == [2, 2]


def test_a_list_that_is_too_long_is_refused(make_app, client_of, record, family):
    client = client_of(make_app(max_count=1, max_includes=1))

    error = refused(client, f'{{ PatientList(family: "{family}") {{ id }} }}', 403)

    assert "more than 1 matches" in error["message"]


def test_fragments_merge(client, record, family):
    query = """{ ...A ...B }
        fragment A on Patient { name(use: official) { family } }
        fragment B on Patient { name(use: official) { given } }"""

    assert asked(client, query, f"Patient/{record[0]}/") == {
        "name": [{"family": family, "given": ["Ada", "B"]}]
    }


def test_more_resources_of_a_level_cost_no_more_statements(client, record, family, query_recorder):
    query = (
        f'{{ PatientList(family: "{family}") {{ managingOrganization {{ resource {{ name }} }} '
        "ObservationList(_reference: subject) { subject { resource { ... on Patient { id } } } } } }"
    )
    asked(client, query)
    query_recorder.clear()
    asked(client, query)
    statements = len(query_recorder)
    more = [
        an_entry("POST", "Observation", an_observation(subject={"reference": f"Patient/{p}"}))
        for p in record * 20
    ]
    done(client.post("/fhir", json=a_transaction(*more)))
    query_recorder.clear()

    found = asked(client, query)["PatientList"]

    assert [len(p["ObservationList"]) for p in found] == [22, 22]
    assert len(query_recorder) == statements
