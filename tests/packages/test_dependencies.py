"""The order of packages, and what they lack."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.packages.contents import Package
from fhirserver.packages.dependencies import missing, ordered


def needing(name: str, version: str = "1.0.0", **needed: str) -> Package:
    return Package(name, version, None, needed, (), ())


def test_what_is_needed_comes_first() -> None:
    a, b, c = needing("a", b="1.0.0", c="1.0.x"), needing("b", c="1.0.0"), needing("c")

    assert [p.name for p in ordered([a, b, c])] == ["c", "b", "a"]


def test_packages_that_need_one_another_in_a_circle_are_refused() -> None:
    a, b, c = needing("a", b="1.0.0"), needing("b", c="1.0.0"), needing("c", a="1.0.0")

    with pytest.raises(
        Invalid, match=r"in a circle: a#1\.0\.0 > b#1\.0\.0 > c#1\.0\.0 > a#1\.0\.0"
    ):
        ordered([a, b, c])


def test_the_same_package_twice_is_refused() -> None:
    with pytest.raises(Invalid, match=r"a#1\.0\.0 is given twice"):
        ordered([needing("a"), needing("a")])


def test_two_versions_of_a_package_are_two_packages() -> None:
    assert len(ordered([needing("a"), needing("a", "2.0.0")])) == 2


def test_a_thousand_packages_in_a_row_are_no_trouble() -> None:
    row = [needing(f"p{n}", **{f"p{n + 1}": "1.0.0"}) for n in range(1_000)]

    assert ordered(row)[0].name == "p999"


def test_what_is_missing_is_told_with_what_there_is() -> None:
    package = needing("a", b="2.0.0", c="1.0.0", d="^1.0.0")
    package = Package(
        "a", "1.0.0", None, {**package.dependencies, "hl7.fhir.r4.core": "4.0.1"}, (), ()
    )
    found = missing([package, needing("c")], {"b": ["1.0.0"], "d": ["1.4.0"]})

    assert [str(m) for m in found] == ["b#2.0.0, needed by a#1.0.0 (there is 1.0.0)"]
