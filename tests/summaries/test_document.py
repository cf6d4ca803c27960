"""What the document says in its own texts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fhirserver.summaries.document import Content, Frame, document

FRAME = Frame(
    base="http://a.example/fhir",
    bundle_id="b",
    composition_id="c",
    device_id="d",
    absent_ids={"AllergyIntolerance": "e", "MedicationStatement": "f", "Condition": "g"},
    timestamp="2026-12-01T02:11:00Z",
    zone=ZoneInfo("America/Phoenix"),
)
IMMUNIZATIONS = "11369-6"


def test_times_are_of_the_hospitals_zone_which_the_head_names() -> None:
    given = {
        "resourceType": "Immunization",
        "id": "1",
        "vaccineCode": {"text": "Influenza"},
        "occurrenceDateTime": "2026-12-01T02:10:00+00:00",
    }
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1962-09-26"}

    made = document(FRAME, patient, {IMMUNIZATIONS: Content([given])}, [])

    composition = made["entry"][0]["resource"]
    head = composition["text"]["div"]
    assert "2026-11-30 19:11" in head
    assert "America/Phoenix" in head
    assert composition["title"].endswith(", 2026-11-30")
    codes = {s["code"]["coding"][0]["code"]: s["text"]["div"] for s in composition["section"]}
    assert "2026-11-30 19:10" in codes[IMMUNIZATIONS]
    # What is stored stays as it is.
    assert given in [e["resource"] for e in made["entry"]]
