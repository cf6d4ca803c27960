"""Every base search parameter's expression, on every type that it is for."""

from __future__ import annotations

import pytest

from fhirserver import fhirpath
from fhirserver.model import definitions


def expressions():
    known = definitions.load()
    for parameter in known.search_parameters:
        for base in parameter.base:
            abstract = base in {"Resource", "DomainResource"}
            for type_ in known.resource_types if abstract else (base,):
                if parameter.expression:
                    yield parameter, type_


def test_every_expression_compiles_for_every_type() -> None:
    for parameter, type_ in expressions():
        fhirpath.compile(parameter.expression, type_)


def test_all_but_one_of_the_unordered_expressions_can_be_sorted_by_in_sql() -> None:
    untranslated = {
        f"{type_}.{parameter.code}"
        for parameter, type_ in expressions()
        if parameter.type in {"token", "reference", "uri"}
        and not fhirpath.to_sql_jsonpath(parameter.expression, type_)
    }

    # Its expression calls hasExtension(), which SQL/JSON has no word for.
    assert untranslated == {"QuestionnaireResponse.item-subject"}


@pytest.mark.parametrize(
    ("expression", "type_", "paths"),
    [
        ("Observation.code", "Observation", ['$."code"']),
        ("Patient.name.given", "Patient", ['$."name"[*]."given"[*]']),
        ("(Observation.value as Quantity)", "Observation", ['$."valueQuantity"']),
        ("Observation.value.ofType(string)", "Observation", ['$."valueString"']),
        ("Patient.active | Person.active", "Person", ['$."active"']),
        ("Resource.meta.tag", "Patient", ['$."meta"."tag"[*]']),
        ("Bundle.entry[0].resource", "Bundle", ['$."entry"[0]."resource"']),
        (
            "Patient.telecom.where(system='email' and use != 'old')",
            "Patient",
            ['$."telecom"[*] ? ((@."system" == "email") && (@."use" != "old"))'],
        ),
        (
            "Patient.birthDate.extension('http://x')",
            "Patient",
            ['$."_birthDate"."extension"[*] ? (@."url" == "http://x")'],
        ),
        ("Patient.name.given[0]", "Patient", []),
        ("Patient.name.given.upper()", "Patient", []),
        ("Bundle.entry.resource.id", "Bundle", []),
    ],
)
def test_path_selects_the_same_nodes_in_sql(expression, type_, paths) -> None:
    assert list(fhirpath.to_sql_jsonpath(expression, type_)) == paths


def test_reference_of_a_type_is_told_by_its_text_in_sql() -> None:
    (path,) = fhirpath.to_sql_jsonpath("Account.subject.where(resolve() is Patient)", "Account")

    assert path.startswith('$."subject"[*] ? (@."reference" like_regex "^(https?://.*/)?Patient/')
    assert path.endswith('|| @."type" == "Patient")')
