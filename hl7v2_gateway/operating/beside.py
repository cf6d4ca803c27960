"""A message beside the FHIR it makes: for every field what became of it, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hl7v2_gateway.er7 import Message
from hl7v2_gateway.operating.conversions import Made


def fields(message: Message, made: Made, known: Mapping[str, str]) -> list[dict[str, Any]]:
    """The fields that say something, in their order.

    `made` names resources by `known` (the fullUrl of an entry to its address), elements by the path
    of the rule (`name[1]`: the number is a label of the table), and the rule. What no rule used is
    `unmapped`, as a whole or by component.
    """
    by_field: dict[tuple[int, str], dict[tuple[str, str, str], None]] = {}
    for url, origins in made.provenance.items():
        for one in origins:
            position = one.position.partition("(")[0]
            told = (known.get(url, url), one.path, one.rule)
            by_field.setdefault((one.segment, position), {})[told] = None
    left = list((made.report or {}).get("unmapped", ()))
    count: dict[str, int] = {}
    found = []
    for index, segment in enumerate(message.segments):
        number = count[segment.name] = count.get(segment.name, 0) + 1
        where = f"{segment.name}[{number}]" if number > 1 else segment.name
        for n, field in enumerate(segment.fields, 1):
            if not field.raw:
                continue
            place = f"{where}-{n}"
            listed = by_field.get((index, f"{segment.name}-{n}"), ())
            one_field: dict[str, Any] = {
                "position": place,
                "value": field.raw,
                "made": [{"resource": r, "element": e, "rule": u} for r, e, u in listed],
            }
            rest = [p for p in left if p == place or p.startswith((f"{place}.", f"{place}("))]
            if rest:
                one_field["unmapped"] = rest
            found.append(one_field)
    return found
