"""Whether an overlay can be applied: every row of it, with the row that can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhirserver.model import definitions
from hl7v2_gateway.mapping import plans, rules
from hl7v2_gateway.mapping.overlays import MEMBERS, Overlay
from hl7v2_gateway.mapping.vocabulary import has_vocabulary

_ANY: Final = "ADT_A01"
_CHANGES: Final = frozenset({"add", "drop", "fix", "whole"})
_FEWEST: Final = 2
_UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What reading something of another form raises; a path that FHIR lacks is a ValueError, too."""


def problems_of(overlay: Overlay) -> list[str]:
    """What is wrong with an overlay; nothing when it can be used."""
    found = list(_of_form(overlay.content))
    return found or list(_of_rows(overlay))


def _of_form(content: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(content.keys() - MEMBERS):
        yield f"{name} is none of {', '.join(sorted(MEMBERS))}"
    for name in ("slots", "maps", "codes"):
        if not isinstance(content.get(name, {}), dict):
            yield f"{name} is no object"
            return
    for name, change in content.get("maps", {}).items():
        if not isinstance(change, dict) or change.keys() - _CHANGES:
            yield f"maps.{name} has something else than {', '.join(sorted(_CHANGES))}"
    for name, codes in content.get("codes", {}).items():
        if not (has_vocabulary(name) or "-" in name):
            yield f"codes.{name} is no vocabulary of the tables and no field such as PID-8"
        elif not isinstance(codes, dict) or not all(_is_target(t) for t in codes.values()):
            yield f'codes.{name} isn\'t of the form {{"code": ["target", "system", "display"]}}'


def _is_target(target: Any) -> bool:
    is_list = isinstance(target, list) and 1 <= len(target) <= _FEWEST + 1
    return is_list and all(isinstance(t, str) for t in target) and bool(target[0])


def _of_rows(overlay: Overlay) -> Iterator[str]:
    for name in overlay.maps:
        kind = name.partition("[")[2].rstrip("]").partition("-")[0]
        if not definitions.load().is_resource(kind):
            yield f"maps.{name}: its name is such as PID[Patient]"
            continue
        try:
            wrong = rules.problems(name, kind, (overlay,))
        except _UNREADABLE as error:
            yield f"maps.{name}: {type(error).__name__} {error}"
            continue
        own = {str(row["row"]) for row in rules.rows(name)}
        yield from (f"{p.rule}: {p.why}" for p in wrong)
        change = overlay.maps[name]
        for row in sorted({*change.get("drop", {}), *change.get("fix", {})} - own):
            yield f"maps.{name}: there is no row {row}"
    try:
        plans.plan(_ANY, (overlay,))
    except _UNREADABLE as error:
        yield f"slots: {type(error).__name__} {error}"
