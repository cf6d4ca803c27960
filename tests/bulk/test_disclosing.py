"""Whose data an export held is told in the accounting of disclosures, to each of them."""

from __future__ import annotations

import pytest

from fhirserver.storage import disclosed


@pytest.fixture
def told(client):
    """What $disclosures says of exports."""

    def ask(patient: str) -> list[dict]:
        answer = client.get(f"/fhir/Patient/{patient}/$disclosures?_count=100")
        assert answer.status_code == 200, answer.text
        return [
            e["resource"]
            for e in answer.json.get("entry", ())
            if any(s["code"] == "export" for s in e["resource"]["subtype"])
            and "Group" not in str(e["resource"]["entity"])
        ]

    return ask


@pytest.fixture
def people(put):
    for who in ("shown", "hidden"):
        put("Patient", who, gender="female")
        put("Observation", f"of-{who}", status="final", code={"text": "x"},
            subject={"reference": f"Patient/{who}"})  # fmt: skip
    member = [{"entity": {"reference": "Patient/shown"}}]
    put("Group", "told", type="person", actual=True, member=member)


def test_who_is_in_an_export_is_told_once_and_nobody_else(exports, people, told) -> None:
    before = len(told("shown")), len(told("hidden"))

    exports.all("Group/told/$export?_type=Patient,Observation")

    events = told("shown")
    assert (len(events) - before[0], len(told("hidden")) - before[1]) == (1, 0)
    assert events[0]["agent"][0]["who"] == {"identifier": {"value": "test"}}
    assert [e["what"]["reference"] for e in events[0]["entity"]] == ["Patient/shown"]


def test_what_is_exported_of_a_patient_without_the_patient_is_told_too(
    exports, people, told
) -> None:
    before = len(told("shown")), len(told("hidden"))

    exports.all("$export?_type=Observation")

    assert len(told("shown")) == before[0] + 1
    assert len(told("hidden")) == before[1] + 1


def test_an_export_that_is_ended_before_it_is_done_discloses_nothing(
    exports, people, told, client
) -> None:
    before = len(told("shown"))

    where = exports.start("$export?_type=Observation")
    client.delete(where)
    exports.work()

    assert len(told("shown")) == before


def test_more_patients_than_an_event_names_are_all_told(exports, put, told, monkeypatch) -> None:
    monkeypatch.setattr(disclosed, "AT_ONCE", 7)
    for n in range(17):
        put("Patient", f"many{n}", gender="male")

    exports.all("$export?_type=Patient")

    assert all(len(told(f"many{n}")) == 1 for n in range(17))
