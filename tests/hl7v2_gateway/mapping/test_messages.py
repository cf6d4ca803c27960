"""Whole messages and what they must become, written by hand from the standard: `messages/*.yaml`.

A case has the message (its MSH is given by the event, where it has none of its own; `19=V9` puts
a field, and those after it, where its number says) and, for a
FHIRPath expression over all resources of a type, the values. `cleared`: what it deletes, by type.
`unmapped`: all that is listed as unmapped, if the case speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhirserver import fhirpath
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.mapping.conversion import Conversion
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners.sender import Sender
from tests.hl7v2_gateway.mapping.converting import MSH


class Loader(yaml.SafeLoader):
    """YAML whose decimals keep their digits and whose dates stay text."""


Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(node.value))
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def _cases() -> Iterator[Any]:
    for file in sorted((Path(__file__).parent / "messages").glob("*.yaml")):
        for case in yaml.load(file.read_text(), Loader):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


def _placed(line: str) -> str:
    """A segment whose fields may be given by number."""
    fields: list[str] = []
    for part in line.split("|"):
        number, _, rest = part.partition("=")
        if fields and number.isdigit() and len(number) < 3 and "=" in part:
            fields.extend([""] * (int(number) - len(fields)))
            part = rest
        fields.append(part)
    return "|".join(fields)


def _values(conversion: Conversion, expression: str) -> list[Any]:
    """The values over all resources of the type that the expression begins with."""
    kind = expression.partition(".")[0].partition("(")[0]
    evaluate = fhirpath.compile(expression, kind)
    entries = {u.full_url: u.resource for u in conversion.upserts}
    env = fhirpath.Env(resolve=entries.get)
    return [v[1] for r in conversion.by_type(kind) for v in evaluate(r, env)]


@pytest.mark.parametrize("case", list(_cases()))
def test_a_message_becomes_what_the_standard_says(case: dict[str, Any]) -> None:
    lines = case["message"].strip().splitlines()
    if not lines[0].startswith("MSH"):
        lines.insert(0, MSH.format(type=case["event"]))
    raw = "\r".join(_placed(line) for line in lines).encode(case.get("charset", "utf-8"))
    sender = Sender(id="his", name="HIS", **case.get("sender", {}))

    conversion = convert(parse(raw), sender, message_id="m1")

    made = {e: _values(conversion, e) for e in case["expect"]}
    assert made == case["expect"]
    if "unmapped" in case:
        assert [u.position for u in conversion.unmapped] == case["unmapped"]
    for kind, paths in case.get("cleared", {}).items():
        found = {p for u in conversion.upserts if u.type == kind for p in u.cleared}
        assert found == set(paths)
    if "merges" in case:
        assert [[m.kind, m.survivor, m.retired] for m in conversion.merges] == case["merges"]
