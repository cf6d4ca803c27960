"""The cases of `cases/`, a file per section of the specification.

Each case is evaluated on the file's resource; `result` lists the values, `types` their types.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from fhirserver import fhirpath
from fhirserver.errors import FhirError


class Loader(yaml.SafeLoader):
    """YAML whose decimals keep their digits and whose dates stay text."""


Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(node.value))
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def cases():
    for file in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        content = yaml.load(file.read_text(), Loader)
        for case in content["cases"]:
            yield pytest.param(
                content["resource"], case, id=f"{file.stem}: {case['expression'].strip()}"
            )


@pytest.mark.parametrize(("resource", "case"), list(cases()))
def test_expression_gives_what_the_specification_says(resource, case) -> None:
    before = copy.deepcopy(resource)
    type_ = resource["resourceType"]
    strict = case.get("strict", False)

    if "error" in case:
        with pytest.raises(FhirError, match=case["error"]):
            fhirpath.compile(case["expression"], type_, strict=strict)(resource)
        return
    found = fhirpath.compile(case["expression"], type_, strict=strict)(resource)

    assert [value for _, value, _ in found] == case["result"]
    if "types" in case:
        assert [type_ for type_, _, _ in found] == case["types"]
    assert resource == before
