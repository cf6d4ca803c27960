"""A message beside the FHIR it makes: for every field what became of it, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hl7v2_gateway.er7 import Message
from hl7v2_gateway.grammar import segment as definition
from hl7v2_gateway.operating.conversions import Made


def fields(message: Message, made: Made | None, known: Mapping[str, str]) -> list[dict[str, Any]]:
    """The fields that say something, in their order.

    `name` is what the standard calls a field, in capitals; a field of a segment of the site's own
    has none. `made` (of what was converted) names resources by `known` (the fullUrl of an entry to
    its address), elements by the path of the rule (`name[1]`: the number is a label of the table),
    and the rule. What no rule used is `unmapped`, as a whole or by component. Without a conversion
    nothing is said of either.
    """
    by_field: dict[tuple[int, str], dict[tuple[str, str, str], None]] = {}
    for url, origins in ({} if made is None else made.provenance).items():
        for one in origins:
            position = one.position.partition("(")[0]
            told = (known.get(url, url), one.path, one.rule)
            by_field.setdefault((one.segment, position), {})[told] = None
    report = {} if made is None else made.report or {}
    left = list(report.get("unmapped", ()))
    count: dict[str, int] = {}
    found = []
    version = message.header.version
    for index, segment in enumerate(message.segments):
        number = count[segment.name] = count.get(segment.name, 0) + 1
        where = f"{segment.name}[{number}]" if number > 1 else segment.name
        names = {part.number: part.name for part in definition(segment.name, version)}
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
            if n in names:
                one_field["name"] = names[n]
            rest = [p for p in left if p == place or p.startswith((f"{place}.", f"{place}("))]
            if rest:
                one_field["unmapped"] = rest
            found.append(one_field)
    return found
