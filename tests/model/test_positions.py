"""Where elements stand in the text of a resource."""

import pytest

from fhirserver.model.positions import positions

JSON = b"""{
  "resourceType": "Observation",
  "valueQuantity": {"unit": "a \\"b\\" {[,:"},
  "category": [
    {"text": "one"},
    {"text": "two", "coding": [{"code": "x"}]}
  ],
  "_status": {"id": "s"}
}
"""
XML = b"""<Observation xmlns="http://hl7.org/fhir">
  <contained>
    <Patient>
      <name><family value="Ng"/></name>
    </Patient>
  </contained>
  <status value="final"/>
  <category/>
  <category><text value="two"/></category>
  <valueString value="1"/>
</Observation>
"""


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("Observation", (1, 1)),
        ("Observation.value", (3, 3)),
        ("Observation.value.unit", (3, 21)),
        ("Observation.category[1].text", (6, 6)),
        ("Observation.category[1].coding[0].code", (6, 33)),
        ("Observation.status", (8, 3)),
        ("Observation.code", (1, 1)),
        ("Observation.category[7].text", (1, 1)),
    ],
)
def test_json(expression: str, place: tuple[int, int]) -> None:
    found = positions(JSON, "json")

    assert found is not None
    assert found.of(expression) == place


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("Observation", (1, 1)),
        ("Observation.contained[0].name[0].family", (4, 13)),
        ("Observation.status", (7, 3)),
        ("Observation.category[1].text", (9, 13)),
        ("Observation.value", (10, 3)),
    ],
)
def test_xml(expression: str, place: tuple[int, int]) -> None:
    found = positions(XML, "xml")

    assert found is not None
    assert found.of(expression) == place


def test_a_resource_in_parameters() -> None:
    text = b'{"resourceType":"Parameters","parameter":[{"name":"a"},{"name":"resource","resource":\n{"id":"a"}}]}'

    found = positions(text, "json", inside="Parameters.parameter[1].resource")

    assert found is not None
    assert found.of("Patient.id") == (2, 2)


@pytest.mark.parametrize("text", [b"", b"\xff", b"1 2 ]"])
def test_what_is_no_json_has_no_places(text: bytes) -> None:
    assert positions(text, "json") is None
