"""A hospital's own table of interactions, from a CSV file."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.prescribing.checks import Record, check
from fhirserver.prescribing.interaction_table import About, concept_map
from fhirserver.prescribing.knowledge import knowledge
from fhirserver.validation import check as validate
from tests.prescribing.builders import a_prescription

HEADING = (
    "system,code,other_system,other_code,severity,explanation,management,source,name,other_name"
)
ROW = 'RxNorm,161,ATC,A10BA,high,"Only in this test, of course","Don\'t",,acetaminophen,Biguanides'


def table(*rows, heading=HEADING, **about):
    return concept_map([f"{line}\n" for line in (heading, *rows)], About(**about))


def test_a_table_becomes_a_valid_map_that_the_checks_use(shipped):
    made = table(ROW, source="Vendor 2026-11", version="2026-11")
    known = knowledge([made])
    drug = {
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "A10BA02"}]
        }
    }
    asked = a_prescription(**drug)
    record = Record(medicines=[a_prescription("161") | {"id": "m"}])

    assert [i for i in validate(made) if i.severity == "error"] == []
    (finding,) = check([asked], record, known).findings
    assert (finding.severity, finding.source) == ("high", "Vendor 2026-11")
    assert "Only in this test, of course" in finding.detail
    assert finding.management == "Don't"


def test_a_table_of_two_systems_has_two_groups_and_a_medicine_once():
    made = table(ROW, ROW.replace("A10BA", "A10BB"), ROW.replace("ATC,A10BA", "urn:own,1"))

    assert [len(g["element"]) for g in made["group"]] == [1, 1]
    assert len(made["group"][0]["element"][0]["target"]) == 2


@pytest.mark.parametrize(
    ("rows", "heading", "words"),
    [
        ([], HEADING, "no lines"),
        ([ROW], "system,code", "no column other_system"),
        ([ROW], f"{HEADING},extra", "'extra' is none of"),
        ([ROW, ROW.replace("high", "deadly")], HEADING, "line 3: severity is none of"),
        ([ROW.replace("161", "")], HEADING, "line 2: code is empty"),
        ([ROW.replace("ATC", "WHO")], HEADING, "line 2: other_system"),
        (['"open'], HEADING, "no CSV"),
        ([], "", "no column"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_line(rows, heading, words):
    with pytest.raises(Invalid, match=words):
        table(*rows, heading=heading)


def test_all_mistakes_are_told_up_to_ten():
    with pytest.raises(Invalid) as caught:
        table(*[ROW.replace("high", "x")] * 30)

    assert str(caught.value).count("line ") == 10


def test_the_more_severe_of_two_tables_counts(shipped):
    mild = table("RxNorm,11289,RxNorm,1191,low,x,,,,")
    severe = table("RxNorm,1191,RxNorm,11289,high,y,,,,")

    for maps in ([mild, severe], [severe, mild]):
        (found,) = knowledge(maps).interactions.values()
        assert found.severity == "high"
