"""What a view refuses, and the rows that the guide's own tests leave open."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver import views
from fhirserver.errors import Invalid, TooCostly


def a_view(*select: Any, resource: str = "Patient", **more: Any) -> views.View:
    return views.read({"resource": resource, "status": "active", "select": list(select), **more})


def column(path: str, name: str = "c", **more: Any) -> dict[str, Any]:
    return {"column": [{"name": name, "path": path, **more}]}


@pytest.mark.parametrize(
    ("select", "place"),
    [
        (column("nmae.family"), "ViewDefinition.select[0].column[0].path"),
        (column("%wrong"), "ViewDefinition.select[0].column[0].path"),
        (column("id", "_id"), "ViewDefinition.select[0].column[0].name"),
        (column("id", "id; drop table"), "ViewDefinition.select[0].column[0].name"),
        ({"forEach": "name", "repeat": ["name"], **column("family")}, "ViewDefinition.select[0]"),
        ({"forEach": "name"}, "ViewDefinition.select[0]"),
        ({"forEach": "name", **column("system")}, "ViewDefinition.select[0].column[0].path"),
        (
            {"unionAll": [column("id"), column("id", "d")]},
            "ViewDefinition.select[0].unionAll[1]",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(select: Any, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_view(select)

    assert refused.value.issues[0].expression == place


def test_two_columns_may_not_have_one_name() -> None:
    with pytest.raises(Invalid, match="two columns are called c"):
        a_view(column("id"), column("gender"))


def test_a_column_has_the_type_of_its_path_unless_it_says_another() -> None:
    view = a_view(column("birthDate", "a"), column("birthDate", "b", type="string"),
                  column("name.exists()", "d"), column("deceased", "e"))  # fmt: skip

    assert [c.type for c in view.columns] == ["date", "string", "boolean", None]


def test_a_path_applies_to_those_items_that_have_its_elements() -> None:
    view = a_view({"forEach": "value", **column("code")}, resource="Observation")

    assert list(view.rows({"resourceType": "Observation", "valueQuantity": {"code": "kg"}})) == [
        ("kg",)
    ]
    assert list(view.rows({"resourceType": "Observation", "valueString": "heavy"})) == [(None,)]


def test_a_row_for_nothing_has_nothing_in_it() -> None:
    view = a_view({"forEachOrNull": "name.given", **column("$this")})

    assert list(view.rows({"resourceType": "Patient"})) == [(None,)]


def test_a_reference_to_another_server_has_no_key() -> None:
    view = a_view(column("subject.getReferenceKey()"), resource="Observation")
    elsewhere = {"reference": "https://other.example/fhir/Patient/1"}

    assert list(view.rows({"resourceType": "Observation", "subject": elsewhere})) == [(None,)]


def test_a_version_of_what_is_referred_to_is_not_in_its_key() -> None:
    view = a_view(column("subject.getReferenceKey(Patient)"), resource="Observation")
    subject = {"reference": "Patient/1/_history/3"}

    assert list(view.rows({"resourceType": "Observation", "subject": subject})) == [("Patient/1",)]


def test_selects_that_multiply_without_end_are_stopped() -> None:
    names = {"resourceType": "Patient", "name": [{"family": "x"}] * 100}
    view = a_view(*({"forEach": "name", **column("family", f"c{n}")} for n in range(4)))

    with pytest.raises(TooCostly):
        list(view.rows(names))
