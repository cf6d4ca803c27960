"""`:in`, `:not-in`, `:above` and `:below`: searching by what codes mean."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid, NotFound, TooCostly
from fhirserver.search import vocabulary
from fhirserver.search.extract import extract
from fhirserver.search.parse import parse
from tests.search.conftest import meets

LOINC = "http://loinc.org"
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
}
NARROWER = {"29463-7": ["3141-9"]}


class Known:
    """A vocabulary of two codes and one value set."""

    def members(self, value_set):
        if value_set not in {"http://example.org/vitals", "ValueSet/vitals"}:
            raise NotFound(f"there is no ValueSet {value_set}")
        return [(LOINC, "29463-7"), (LOINC, "8302-2")]

    def below(self, system, code):
        return [(system, code), *((system, c) for c in NARROWER.get(code, ()))]

    def above(self, system, code):
        return [(system, code), *((system, b) for b, cs in NARROWER.items() if code in cs)]


@pytest.fixture
def finds(parameters, site):
    def run(key, value, resource=WEIGHT):
        asked = parse(
            resource["resourceType"], [(key, value)],
            parameters=parameters, site=site, vocabulary=Known(),
        )  # fmt: skip
        return meets(asked.condition, extract(resource, parameters, site), resource)

    return run


@pytest.mark.parametrize(
    ("key", "value", "is_found"),
    [
        ("code:in", "http://example.org/vitals", True),
        ("code:in", "ValueSet/vitals", True),
        ("code:not-in", "http://example.org/vitals", False),
        ("code:below", f"{LOINC}|29463-7", True),
        ("code:above", f"{LOINC}|3141-9", True),
        ("code:below", f"{LOINC}|3141-9", False),
        ("code:above", f"{LOINC}|8302-2,{LOINC}|29463-7", True),
        ("_filter", f"code ss {LOINC}|29463-7", True),
        ("_filter", f"code sb {LOINC}|3141-9", True),
        ("_filter", "code in http://example.org/vitals", True),
    ],
)
def test_a_code_is_found_by_what_it_means(finds, key, value, is_found):
    assert finds(key, value) is is_found


def test_a_plain_code_is_found_without_its_system(finds):
    patient = {"resourceType": "Patient", "gender": "female"}

    assert finds("gender:below", "http://hl7.org/fhir/administrative-gender|female", patient)


def test_an_unknown_value_set_is_an_error(finds):
    with pytest.raises(NotFound, match="no-such"):
        finds("code:in", "http://example.org/no-such")


def test_above_and_below_need_a_system(finds):
    with pytest.raises(Invalid, match=r"SYSTEM\|CODE"):
        finds("code:below", "29463-7")


def test_a_value_set_of_too_many_codes_is_refused(finds, monkeypatch):
    monkeypatch.setattr(vocabulary, "MAX_CODES", 1)

    with pytest.raises(TooCostly, match="narrower"):
        finds("code:in", "http://example.org/vitals")
