"""https://hl7.org/fhir/R4/xml.html: what is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.errors import NotAcceptable
from fhirserver.model import xml

START = '<?xml version="1.0" encoding="UTF-8"?>'


def written(resource: dict, **options: bool) -> str:
    return xml.write(resource, **options).decode()


def test_elements_are_in_the_order_of_the_standard():
    resource = {"birthDate": "1815-12-10", "active": True, "resourceType": "Patient", "id": "a"}

    assert written(resource) == (
        f'{START}<Patient xmlns="http://hl7.org/fhir"><id value="a"/><active value="true"/>'
        '<birthDate value="1815-12-10"/></Patient>'
    )


def test_decimals_keep_their_digits():
    quantity = {"value": Decimal("1.500")}

    assert '<value value="1.500"/>' in written(
        {"resourceType": "Observation", "valueQuantity": quantity}
    )


def test_marks_and_line_breaks_survive():
    resource = {"resourceType": "Patient", "name": [{"text": "a&<>\"\n\t\r'"}]}

    assert 'value="a&amp;&lt;&gt;&quot;&#10;&#9;&#13;\'"' in written(resource)
    assert xml.read(xml.write(resource)) == resource


def test_pretty_leaves_the_narrative_as_it_is():
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p>\n<p>b</p></div>'
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}

    assert written(resource, pretty=True) == (
        f'{START}\n<Patient xmlns="http://hl7.org/fhir">\n  <text>\n'
        f'    <status value="generated"/>\n    {div}\n  </text>\n</Patient>\n'
    )


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"name": [{"text": "\uffff"}]}, "Patient.name[0].text"),
        ({"name": [{"text": "\x01"}]}, "Patient.name[0].text"),
        ({"nickname": "A"}, "Patient"),
        ({"name": {"text": "a"}}, "Patient.name"),
        ({"birthDate": {}}, "Patient.birthDate"),
        ({"text": {"div": "</text></Patient>"}}, "Patient.text.div"),
        ({"text": {"div": '<!DOCTYPE a><div xmlns="http://www.w3.org/1999/xhtml"/>'}},
         "Patient.text.div"),
        ({"contained": [{"resourceType": "x"}]}, "Patient.contained[0]"),
    ],
)  # fmt: skip
def test_what_xml_cannot_say_is_named(members, place):
    with pytest.raises(NotAcceptable) as caught:
        xml.write({"resourceType": "Patient", **members})

    assert caught.value.issues[0].expression == place
