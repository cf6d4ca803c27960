"""https://hl7.org/fhir/R4/xml.html: what is read, and what is refused where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.errors import NotUnderstood
from fhirserver.model import xml
from tests.pace import soon


def patient(inside: str, attributes: str = "") -> bytes:
    return f'<Patient xmlns="http://hl7.org/fhir"{attributes}>{inside}</Patient>'.encode()


def refusal(body: bytes | str) -> NotUnderstood:
    with pytest.raises(NotUnderstood) as caught:
        xml.read(body.encode() if isinstance(body, str) else body)
    return caught.value


def test_values_have_the_types_of_their_definitions():
    read = xml.read(
        patient('<id value="1"/><active value="true"/><multipleBirthInteger value="2"/>'
                '<birthDate value="1920-01-01"/>').replace(
            b'<birthDate value="1920-01-01"/>', b"")
    )  # fmt: skip

    assert read == {"resourceType": "Patient", "id": "1", "active": True, "multipleBirthInteger": 2}


def test_decimals_keep_their_digits():
    body = (
        b'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="1.500"/>'
        b"</valueQuantity></Observation>"
    )

    assert str(xml.read(body)["valueQuantity"]["value"]) == "1.500"
    assert xml.read(body)["valueQuantity"]["value"] == Decimal("1.5")


def test_a_value_and_its_extensions_are_apart_as_in_json():
    read = xml.read(
        patient(
            '<name><given value="Ada"/><given id="b"><extension url="http://x.example">'
            '<valueCode value="unknown"/></extension></given><given value="King"/></name>'
        )
    )

    assert read["name"][0] == {
        "given": ["Ada", None, "King"],
        "_given": [
            None,
            {"id": "b", "extension": [{"url": "http://x.example", "valueCode": "unknown"}]},
            None,
        ],
    }


def test_resources_inside_others_are_resources():
    read = xml.read(
        b'<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><Patient>'
        b'<contained><Basic><id value="b"/></Basic></contained></Patient></resource></entry></Bundle>'
    )

    assert read["entry"] == [
        {
            "resource": {
                "resourceType": "Patient",
                "contained": [{"resourceType": "Basic", "id": "b"}],
            }
        }
    ]


DIV = '<div xmlns="http://www.w3.org/1999/xhtml"  title="a>b"><!-- c --><p>1 &lt;\n 2&#160;<br/></p></div >'


def test_a_narrative_keeps_its_bytes():
    read = xml.read(patient(f'<text><status value="generated"/>{DIV}</text>'))

    assert read["text"]["div"] == DIV


def test_a_narrative_that_leans_on_outer_declarations_stands_alone_in_json():
    body = (
        '<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text>'
        '<h:div><h:p class="x">a &amp; b</h:p></h:div></f:text></f:Patient>'
    )

    assert xml.read(body.encode())["text"]["div"] == (
        '<div xmlns="http://www.w3.org/1999/xhtml"><p class="x">a &amp; b</p></div>'
    )


def test_comments_instructions_and_schema_locations_are_passed_over():
    schema = (
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://hl7.org/fhir x.xsd"'
    )
    body = b"\xef\xbb\xbf<?xml version='1.0'?><?a b?><!-- c -->" + patient(
        '<!-- c --><?a b?><active value="true"/>', schema
    )

    assert xml.read(body) == {"resourceType": "Patient", "active": True}


@pytest.mark.parametrize(
    ("inside", "text", "place"),
    [
        ('<nickname value="A"/>', "nickname is not an element of Patient", "Patient"),
        ("<name><last/></name>", "last is not an element of HumanName", "Patient.name[0]"),
        ('<name><given value="a"/><given value="b" lang="de"/></name>',
         "lang is not an attribute", "Patient.name[0].given[1]"),
        ('<active value="yes"/>', "must be true or false", "Patient.active"),
        ('<multipleBirthInteger value="01"/>', "must be a number", "Patient.multipleBirth"),
        ("<active/>", "is empty", "Patient.active"),
        ("<name/>", "is empty", "Patient.name[0]"),
        ("<contained/>", "is empty", "Patient.contained[0]"),
        ('<active value="true"/><active value="true"/>', "only once", "Patient"),
        ('<gender value="male"/><active value="true"/>', "out of order", "Patient"),
        ("<active>true</active>", "has text", "Patient.active"),
        ('<active xmlns="http://x.example" value="true"/>', "wrong namespace", "Patient"),
        ("<div>a</div>", "not an element", "Patient"),
        ("<text><div>a</div></text>", "wrong namespace", "Patient.text"),
        ('<contained><Basic><id value="1"/></Basic><Basic/></contained>', "one resource only",
         "Patient.contained[0]"),
        ("<contained><HumanName/></contained>", "must be a resource", "Patient.contained[0]"),
        ('<id value="1"/><id value="2"/>', "only once", "Patient"),
        ('<url value="a"/>', "not an element", "Patient"),
        ('<extension><url value="a"/></extension>', "not an element", "Patient.extension[0]"),
    ],
)  # fmt: skip
def test_what_the_definitions_do_not_know_is_refused_with_its_place(inside, text, place):
    error = refusal(patient(f"\n{inside}"))

    assert text in str(error)
    assert "line 2" in str(error) or "line 3" in str(error)
    assert error.issues[0].expression == place


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "no element found"),
        ("Patient", "syntax error (line 1, column 1)"),
        ('<Patient xmlns="http://hl7.org/fhir">', "no element found"),
        ("<Patient/>", "must be a resource of FHIR R4"),
        ('<HumanName xmlns="http://hl7.org/fhir"/>', "must be a resource of FHIR R4"),
        ('<Patient xmlns="http://hl7.org/fhir" active="true"/>', "not an attribute of Patient"),
        ('<Patient xmlns="http://hl7.org/fhir"><a>&nbsp;</a></Patient>', "not an element"),
        ('<Patient xmlns="http://hl7.org/fhir">&nbsp;</Patient>', "undefined entity"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><Patient/>', "must be in UTF-8"),
        ('<Patient xmlns="http://hl7.org/fhir"/><Patient/>', "junk after document element"),
    ],
)
def test_what_is_not_fhir_xml_is_refused(body, text):
    assert text in str(refusal(body))


@pytest.mark.parametrize("encoding", ["cp1250", "utf-16", "utf-16-le", "utf-32"])
def test_text_that_is_not_in_utf_8_is_refused(encoding):
    body = patient('<id value="ž"/>').decode().encode(encoding)

    assert "not UTF-8" in str(refusal(body)) or "NUL" in str(refusal(body))


BOMB = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE Patient [<!ENTITY l0 "lol">{BOMB}]>' + patient("&l9;").decode(),
        '<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + patient("&x;").decode(),
        '<!DOCTYPE Patient SYSTEM "http://x.example/x.dtd">' + patient("").decode(),
    ],
)
def test_a_document_type_is_refused_before_it_is_read(body):
    with soon(0.5):
        assert "must not have a document type" in str(refusal(body))


@pytest.mark.parametrize(
    "body",
    [
        patient("<extension>" * 200_000 + "</extension>" * 200_000),
        patient('<text><div xmlns="http://www.w3.org/1999/xhtml">' + "<p>" * 200_000),
        patient("<unknown>" * 200_000 + "</unknown>" * 200_000),
        patient('<extension url="x">' * 40 + "</extension>" * 40),
    ],
)
def test_what_is_too_deep_is_refused_at_once(body):
    with soon(0.5):
        assert "deeper than" in refusal(body).issues[-1].text or "empty" in str(refusal(body))


def test_a_name_that_could_be_a_patients_is_not_repeated():
    assert "J-Smith" not in str(refusal(patient("<J-Smith/>")))


def test_all_mistakes_are_told_each_with_its_line_and_column():
    body = patient(
        '\n<nickname value="A"/>\n<active value="yes"/>\n'
        '<name><last value="x"/></name>\n<id value="1"/>'
    )

    assert [(i.line, i.column, i.expression) for i in refusal(body).issues] == [
        (2, 1, "Patient"),
        (3, 1, "Patient.active"),
        (4, 7, "Patient.name[0]"),
        (5, 1, "Patient"),
    ]


def test_a_survey_has_what_can_be_understood():
    body = patient(
        '<id value="1"/><nickname><deep value="A"/></nickname>'
        '<name><given/><given value="Ada"/></name><active value="true"/>'
    )

    resource, issues = xml.survey(body)

    assert resource == {
        "resourceType": "Patient",
        "id": "1",
        "name": [{"given": ["", "Ada"]}],
        "active": True,
    }
    assert [i.expression for i in issues] == ["Patient", "Patient.name[0].given[0]", "Patient"]


def test_what_is_not_well_formed_is_told_after_the_mistakes_before_it():
    issues = refusal('<Patient xmlns="http://hl7.org/fhir"><x/>\n</Patiens>').issues

    assert [(i.line, i.expression) for i in issues] == [(1, "Patient"), (2, None)]


def test_a_body_of_mistakes_is_not_read_to_its_end():
    with soon(0.5):
        assert len(refusal(patient("<x/>" * 500_000)).issues) == 101
