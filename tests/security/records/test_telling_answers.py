"""Attacks 21 to 40: questions whose answer tells."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver import ids
from tests.access.conftest import As, Put
from tests.security.records.conftest import HIV, Two, V, found, is_as_absent, ref, total

CODE = "75622-1"


def test_021_has_finds_nobody_by_what_is_hidden(two: Two) -> None:
    two.observation(two.a, code=HIV, meta=V)
    two.observation(two.b, code=HIV)

    assert total(two.dn, f"Patient?_has:Observation:patient:code={CODE}") == 0
    assert found(two.dn, "Patient?_has:Observation:patient:code=8867-4") == {two.a["id"]}


def test_022_has_within_has_is_refused_when_it_is_too_deep(two: Two) -> None:
    deep = "_has:Observation:patient:" + "encounter." * 3 + "_has:Observation:encounter:code"

    assert two.dn.get(f"/fhir/Patient?{'_has:Observation:patient:' * 9}code=x").status_code == 400
    answer = two.dn.get(f"/fhir/Patient?{deep}=x")
    assert answer.status_code in (200, 400)


def test_023_a_chain_ends_at_what_is_hidden(two: Two, put: Put) -> None:
    hidden = two.observation(two.a, 190, meta=V)
    put("DiagnosticReport", status="final", code={"text": "r"}, subject=ref(two.a),
        result=[ref(hidden)])  # fmt: skip

    assert total(two.dn, "DiagnosticReport") == 1
    assert total(two.dn, "DiagnosticReport?result.value-quantity=gt5") == 0


def test_024_a_chain_through_a_forbidden_type_tells_nothing(two: Two, as_user: As) -> None:
    reception = as_user("reception")

    answer = reception.get("/fhir/Patient?_has:Observation:patient:code=8867-4")

    if answer.status_code == 200:
        assert answer.get_json()["total"] == 0
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("asked", ["Observation:subject", "*"])
@pytest.mark.parametrize("how", ["_include", "_include:iterate"])
def test_025_inclusions_leave_out_what_is_hidden(two: Two, put: Put, how: str, asked: str) -> None:
    seen = two.observation(two.a, hasMember=[ref(two.ob)])

    got = found(
        two.dn, f"Observation?_id={seen['id']}&{how}={asked}&_include=Observation:has-member"
    )

    assert two.ob["id"] not in got
    assert two.a["id"] in got


def test_026_what_refers_back_goes_by_its_own_rules(two: Two, put: Put) -> None:
    shared = put("Organization", name=f"O {ids.new()}")
    for patient in (two.a, two.b):
        put("Coverage", status="active", beneficiary=ref(patient), payor=[ref(shared)])

    got = found(two.pa, f"Organization?_id={shared['id']}&_revinclude=Coverage:payor")

    assert len(got) == 2
    answer = two.dn.get(f"/fhir/Patient?_id={two.a['id']}&_revinclude=AuditEvent:entity")
    assert "AuditEvent/" not in answer.text


def test_027_one_cannot_sort_by_what_is_hidden(two: Two, as_user: As, put: Put) -> None:
    reception = as_user("reception")

    assert reception.get("/fhir/Encounter?reason-code=x").status_code == 403
    assert reception.get("/fhir/Encounter?_sort=reason-code").status_code == 403


def test_028_counts_are_of_what_is_seen(two: Two) -> None:
    two.observation(two.a, meta=V)

    for url in (
        "Observation?_summary=count",
        "Observation?_total=accurate",
        "Observation?_count=0",
    ):
        assert total(two.dn, url) == 1


def test_029_estimates_tell_nothing_of_the_others(two: Two) -> None:
    for _ in range(30):
        two.observation(two.b)

    assert total(two.pa, "Observation?_total=estimate") == 1
    assert total(two.pa, "Observation?_total=estimate&_summary=count") == 1


@pytest.mark.parametrize(
    "asked",
    ["reason-code=x", "reason-code:not=x", "reason-code:missing=true", "reason-code:text=sec",
     "_filter=reason-code eq x", "reason-reference:missing=false"],
)  # fmt: skip
def test_030_nothing_hidden_can_be_asked_for(two: Two, as_user: As, asked: str) -> None:
    assert as_user("reception").get(f"/fhir/Encounter?{asked}").status_code == 403


@pytest.mark.parametrize("how", ["_elements=reasonCode", "_summary=data", "_summary=false"])
def test_031_what_is_hidden_is_not_brought_back(two: Two, put: Put, as_user: As, how: str) -> None:
    kept = {k: v for k, v in two.visit.items() if k not in ("id", "meta", "resourceType")}
    put("Encounter", two.visit["id"], **kept, reasonCode=[{"text": "secret"}])
    reception = as_user("reception")

    for url in (f"Encounter/{two.visit['id']}?{how}", f"Encounter?_id={two.visit['id']}&{how}"):
        answer = reception.get(f"/fhir/{url}")
        assert answer.status_code == 200
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    "asked", ["_lastUpdated=gt2020", "_security=V", "_tag=t", "_security:not=R"]
)
def test_032_what_every_row_has_finds_only_what_is_seen(two: Two, asked: str) -> None:
    hidden = two.observation(two.a, meta=V | {"tag": [{"code": "t"}]})
    two.observation(two.b, meta=V | {"tag": [{"code": "t"}]})

    assert found(two.dn, f"Observation?{asked}") <= {two.oa["id"]}
    assert hidden["id"] not in two.dn.get(f"/fhir?_type=Observation&{asked}").text


def _next(answer: Any) -> str:
    links = {link["relation"]: link["url"] for link in answer.get_json()["link"]}
    return str(links["next"]).removeprefix("http://127.0.0.1:8000")


def test_033_a_page_link_shows_each_user_their_own(two: Two, as_user: As) -> None:
    two.observation(two.a)
    url = _next(two.dn.get("/fhir/Observation?_count=1&_sort=_id"))
    other = as_user("patient", f"Patient/{two.b['id']}")

    answer = other.get(url)

    assert answer.status_code in (400, 403, 404) or not (
        {two.oa["id"]} & {e["resource"]["id"] for e in answer.get_json().get("entry", ())}
    )
    assert two.a["id"] not in answer.text


def test_033_the_next_page_goes_by_the_rules_of_now(two: Two, put: Put) -> None:
    others = [two.observation(two.a) for _ in range(3)]
    first = two.dn.get("/fhir/Observation?_count=1&_sort=_lastUpdated")
    shown = first.get_json()["entry"][0]["resource"]["id"]
    for each in others:
        if each["id"] != shown:
            put("Observation", each["id"], **two.pulse(two.a), meta=V)

    rest = two.dn.get(_next(first)).text

    assert not any(o["id"] in rest for o in others if o["id"] != shown)


def test_034_pages_are_full_whatever_lies_between(two: Two) -> None:
    for _ in range(4):
        for _ in range(3):
            two.observation(two.b)
        two.observation(two.a)

    answer = two.dn.get("/fhir/Observation?_count=2&_sort=_lastUpdated")
    sizes = [len(answer.get_json()["entry"])]
    while any(link["relation"] == "next" for link in answer.get_json()["link"]):
        answer = two.dn.get(_next(answer))
        sizes.append(len(answer.get_json()["entry"]))

    assert sizes == [2, 2, 1]


def test_035_the_newest_of_a_type_is_the_newest_one_sees(two: Two) -> None:
    newer = two.observation(two.b)

    answer = two.dn.get("/fhir/Observation?_sort=-_lastUpdated&_count=1")

    assert answer.get_json()["entry"][0]["resource"]["id"] == two.oa["id"]
    assert newer["meta"]["lastUpdated"] not in answer.text
    assert newer["id"] not in two.dn.get("/fhir/Observation/_history?_count=50").text


@pytest.mark.parametrize("asked", ["gt50", "gt100", "lt100", "eq80", "lt70"])
def test_036_halving_ranges_comes_to_nothing(two: Two, asked: str) -> None:
    by_value = f"Observation?value-quantity={asked}&patient={two.b['id']}"

    assert total(two.dn, by_value) == 0
    assert total(two.dn, f"Observation?code-value-quantity=8867-4${asked}&_id={two.ob['id']}") == 0
    assert total(two.dn, f"Patient?_has:Observation:patient:value-quantity={asked}&_id={two.b['id']}") == 0  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["Observation/$lastn?patient=Patient/{b}",
     "Observation/$stats?subject=Patient/{b}&code=8867-4&system=http://loinc.org&statistic=average",
     "Patient/{b}/$everything", "Patient/{b}/$summary",
     "DocumentReference/$docref?patient={b}", "List/$find?patient={b}&name=$current-problems"],
)  # fmt: skip
def test_037_operations_that_gather_gather_what_is_seen(two: Two, url: str) -> None:
    answer = is_as_absent(two.dn, url.format(b=two.b["id"]), two.b["id"])

    assert answer in (200, 403, 404)


def test_038_graphql_follows_no_reference_to_what_is_hidden(two: Two) -> None:
    seen = two.observation(two.a, hasMember=[ref(two.ob)])
    other = "hasMember { resource(optional: true) { ... on Observation { id valueQuantity { value } } } }"
    query = f'{{ Observation(id: "{seen["id"]}") {{ id {other} subject {{ resource {{ ... on Patient {{ id }} }} }} }} }}'

    answer = two.dn.get("/fhir/$graphql", query_string={"query": query})

    assert answer.status_code == 200, answer.text
    assert two.a["id"] in answer.text
    assert two.ob["id"] not in answer.text
    assert "80" not in str(answer.get_json()["data"]["Observation"]["hasMember"])


def test_039_vocabulary_is_no_way_to_records(two: Two, put: Put) -> None:
    url = f"http://tests.example/{ids.new()}"
    put("ValueSet", url=url, status="active",
        compose={"include": [{"system": "http://loinc.org", "concept": [{"code": CODE}]}]})  # fmt: skip
    two.observation(two.b, code=HIV)

    assert total(two.dn, f"Observation?code:in={url}") == 0
    assert total(two.dn, f"Patient?_has:Observation:patient:code:in={url}") == 0


def test_040_a_parameter_twice_narrows(two: Two) -> None:
    both = f"patient={two.a['id']}&patient={two.b['id']}"

    assert total(two.dn, f"Observation?{both}") == 0
    answer = two.dn.post(f"/fhir/Observation/_search?patient={two.a['id']}",
                         data={"patient": two.b["id"]})  # fmt: skip
    assert answer.status_code == 200
    assert answer.get_json()["total"] == 0
