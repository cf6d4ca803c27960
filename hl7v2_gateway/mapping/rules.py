"""The rows of a segment map, with the overlay over them, as rules that can be applied.

A row says: if this field (and this condition), this path gets this value. What the official row
can't say in its own words the overlay says: `overlay/segments.json` (fixes, rows left out with the
reason, rows of ours), `overlay/senders/*.json` (more of the same for one sender).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from fhirserver.model import definitions
from hl7v2_gateway.mapping import datatypes
from hl7v2_gateway.mapping.conditions import Test, compiled, parse
from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.datatypes import (  # noqa: F401 - they register themselves
    addresses,
    codes,
    identifiers,
    locations,
    people,
    quantities,
    times,
    timing,
    values,
)
from hl7v2_gateway.mapping.overlays import Overlay
from hl7v2_gateway.mapping.paths import Path, Unresolvable, resolved
from hl7v2_gateway.mapping.views import Repetition
from hl7v2_gateway.mapping.vocabulary import has_vocabulary, loaded, vocabulary

_FROM: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:[-.](\d+))?(?:\.(\d+))?")
# What makes a value of a FHIR type when the table names no data type map.
_BY_TARGET: Final = {
    "date": "dtm[date]",
    "dateTime": "dtm[datetime]",
    "instant": "dtm[instant-day]",
    "time": "tm[time]",
    "string": "ft[string]",
    "markdown": "ft[string]",
    "code": "id[code]",
    "boolean": "id[boolean]",
    "integer": "nm[integer]",
    "positiveInt": "nm[positiveint]",
    "unsignedInt": "nm[unsignedint]",
    "decimal": "nm[decimal]",
    "CodeableConcept": "cwe[codeableconcept]",
    "Coding": "cwe[coding]",
    "Identifier": "cx[identifier]",
    "Quantity": "nm[quantity]",
    "SimpleQuantity": "nm[quantity]",
    "uri": "st[string]",
    "url": "st[string]",
    "Address": "xad[address]",
    "HumanName": "xpn[humanname]",
    "id": "st[string]",
    "ContactPoint": "xtn[contactpoint]",
    "Annotation": "ft[annotation-comment]",
    "Period": "dr[period]",
    "base64Binary": "ft[base64binary]",
    "Money": "mo[money]",
    "canonical": "st[string]",
}


_RESOURCES: Final = {
    n.lower(): n
    for n in (
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Device",
        "RelatedPerson",
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One row, ready to be applied; a key of what was made by it, and so equal to itself only."""

    id: str
    field: int
    component: int
    test: Test | None
    path: Path
    convert: datatypes.Convert | None
    constant: Any
    how: How
    uses: frozenset[int]
    lines: bool = False
    fallback: bool = False
    default: bool = False
    kind: tuple[str, str] | None = None
    """The v2 type, and in small letters the FHIR type that is made of it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a segment map, by field; `whole` are those of the segment itself."""

    name: str
    whole: tuple[Rule, ...]
    fields: tuple[tuple[int, tuple[Rule, ...]], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that can't be applied, and why; there must be none (a test looks)."""

    rule: str
    why: str


def rules(name: str, resource_type: str, overlays: tuple[Overlay, ...] = ()) -> Rules:
    """The rules of a segment map for a resource type, with a sender's overlays."""
    return _rules(name, resource_type, overlays)[0]


def problems(
    name: str, resource_type: str, overlays: tuple[Overlay, ...] = ()
) -> tuple[Problem, ...]:
    """The rows of a map that can't be applied."""
    return _rules(name, resource_type, overlays)[1]


@functools.lru_cache(maxsize=10_000)
def _rules(
    name: str, resource_type: str, overlays: tuple[Overlay, ...]
) -> tuple[Rules, tuple[Problem, ...]]:
    by_field: dict[int, list[Rule]] = {}
    wrong = []
    for row in rows(name, overlays):
        if "drop" in row:
            continue
        try:
            rule = _rule(name, resource_type, row)
        except (Unresolvable, ValueError, KeyError) as error:
            wrong.append(Problem(f"{name}.{row['row']}", f"{type(error).__name__} {error}"))
            continue
        by_field.setdefault(rule.field, []).append(rule)
    whole = tuple(by_field.pop(0, ()))
    fields = tuple((n, tuple(found)) for n, found in sorted(by_field.items()))
    return Rules(name, whole, fields), tuple(wrong)


def rows(name: str, overlays: tuple[Overlay, ...] = ()) -> list[dict[str, Any]]:
    """A map's rows after the overlays; one that is left out says so under `drop`."""
    found = [dict(row) for row in _official().get(name, ())]
    ours = [("o", _overlay("segments")), *((f"{o.name}.", o.maps) for o in overlays)]
    for prefix, maps_ in ours:
        over = maps_.get(name, {})
        if "whole" in over:
            for row in found:
                row["drop"] = over["whole"]
        for row in found:
            key = str(row["row"])
            if key in over.get("fix", {}):
                fix = over["fix"][key]
                row.pop("unreadable", None)
                row.pop("drop", None)
                row.update({k: parse(v) if k == "if" and v else v for k, v in fix.items()})
                for cell in [k for k, v in fix.items() if v is None]:
                    row.pop(cell)
            if key in over.get("drop", {}):
                row["drop"] = over["drop"][key]
        for number, added in enumerate(over.get("add", ()), 1):
            found.append(_added(added, f"{prefix}{number}"))
    return found


def maps() -> list[str]:
    """The names of all segment maps."""
    return list(dict.fromkeys([*_official(), *_overlay("segments")]))


def _added(row: list[Any], number: str) -> dict[str, Any]:
    """`[from, to, as?, {constant, codes, if}?]` of the overlay as a row."""
    source, to, *rest = row
    found: dict[str, Any] = {"row": number, "from": source, "to": to}
    for part in rest:
        if isinstance(part, str):
            found["as"] = part
        else:
            found.update({k: parse(v) if k == "if" else v for k, v in part.items()})
    return found


@functools.cache
def _official() -> Mapping[str, list[dict[str, Any]]]:
    found: Mapping[str, list[dict[str, Any]]] = loaded("tables", "segments")["maps"]
    return found


@functools.cache
def _overlay(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = loaded("overlay", name)["maps"]
    return found


def _rule(name: str, resource_type: str, row: Mapping[str, Any]) -> Rule:
    if "unreadable" in row:
        raise ValueError(f"a condition that can't be read: {row['unreadable']}")
    segment = name.partition("[")[0]
    field, component = _source(row["from"])
    path = _apart(resolved(resource_type, row["to"]), field)
    constant = row.get("constant")
    convert, uses = None, frozenset[int]()
    how, types = How(), None
    if constant is not None:
        constant = _literal(constant, path.type)
        if path.type[0].isupper() and path.steps and path.type != "Reference":
            raise ValueError(f"a constant for a {path.type}")
    else:
        kind = (row.get("as") or _by_target(path.type, str(row.get("type", "")))).lower()
        target = kind.partition("[")[2].rstrip("]")
        if path.type == "decimal" and target == "quantity":
            # A comparator may stand before the number, so the whole Quantity is made.
            path = _apart(resolved(resource_type, row["to"].removesuffix(".value")), field)
        if path.type in ("string", "code") and target == "codeableconcept":
            kind = f"cwe[{path.type}]"
        elif path.type == "Reference" and path.steps and target in _RESOURCES:
            # The table names the resource in the data type map only.
            steps = (*path.steps[:-1], replace(path.steps[-1], link=_RESOURCES[target]))
            path = replace(path, steps=steps, type=_RESOURCES[target])
        if (
            path.steps
            and path.steps[-1].link
            and target in ("codeableconcept", "identifier", "string")
        ):
            raise ValueError(f"{kind} makes no {path.type}")
        if kind not in datatypes.MAPS:
            raise ValueError(f"no data type map {kind!r} for a {path.type}")
        convert, uses = datatypes.MAPS[kind], datatypes.USES[kind]
        if path.type == "code" and target == "string":
            convert = _as_code(convert)
        v2, _, made = kind.rstrip("]").partition("[")
        types = (v2.upper(), made.partition("-")[0])
        vocabulary_name = row.get("codes", "")
        if vocabulary_name and not has_vocabulary(vocabulary_name):
            raise ValueError(f"no vocabulary map {vocabulary_name!r}")
        found = vocabulary(vocabulary_name) if vocabulary_name else None
        # Some vocabulary maps are published empty: they say nothing.
        how = How(found if found and found.codes else None, _allowed(resource_type, path))
    if component:
        uses = frozenset({component})
    condition = row.get("if")
    test = compiled(condition, segment, field) if condition else None
    return Rule(
        f"{name}.{row['row']}",
        field,
        component,
        test,
        path,
        convert,
        constant,
        how,
        uses,
        lines=bool(row.get("lines")),
        fallback=bool(row.get("fallback")),
        default=bool(row.get("default")) or constant is not None,
        kind=types,
    )


def _as_code(convert: datatypes.Convert) -> datatypes.Convert:
    """A text as a code: no white space around it, none that is double.

    https://hl7.org/fhir/R4/datatypes.html#code
    """

    def code(r: Repetition, ctx: Context, how: How) -> Any:
        value = convert(r, ctx, how)
        return " ".join(value.split()) or None if isinstance(value, str) else value

    return code


def _by_target(target: str, source: str) -> str:
    """What makes a FHIR type of a v2 type when the table names no data type map."""
    if target == "string" and source in ("CWE", "CE", "CNE", "CF"):
        return "cwe[string]"
    if target == "string" and source in ("EI", "EIP", "CX", "HD"):
        return "st[string]"
    return _BY_TARGET.get(target, "")


def _apart(path: Path, field: int) -> Path:
    """Labels of extensions are used again for other fields; here each field has its own."""
    if all(s.name != "extension" for s in path.steps):
        return path
    steps = tuple(
        replace(s, label=f"{s.label}#{field}") if s.name == "extension" and not s.url else s
        for s in path.steps
    )
    return replace(path, steps=steps)


def _source(text: str) -> tuple[int, int]:
    found = _FROM.fullmatch(text.split(":", maxsplit=1)[0].strip()) if text else None
    if found is None:
        return 0, 0
    return int(found.group(2) or 0), int(found.group(3) or 0)


def _literal(text: Any, kind: str) -> Any:
    if not isinstance(text, str):
        return text
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text[1:-1].strip()
    elif not re.fullmatch(r"[\w:/.\- ]+", text):
        raise ValueError(f"an assignment that is no constant: {text}")
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "positiveInt", "unsignedInt"):
        return int(text)
    return Decimal(text) if kind == "decimal" else text


def _allowed(resource_type: str, path: Path) -> Mapping[str, str] | None:
    """The codes that a required binding allows at a path's end."""
    if path.type not in ("code", "CodeableConcept"):
        return None
    known = definitions.load()
    at = resource_type
    for step in path.steps:
        name = step.name
        if name.startswith("_"):
            return None
        property_ = known.property(at, name)
        if property_ is None:
            return None
        at = step.link or property_.target_path or property_.type_code
        binding = property_.element.binding
    if binding is None or binding.strength != "required":
        return None
    codes_ = known.codes(binding.value_set)
    return {c: system for system, listed in codes_.items() for c in listed} if codes_ else None


def every(names: Iterable[str] | None = None) -> Iterable[tuple[str, str]]:
    """Every segment map with the resource type its name gives."""
    for name in names or maps():
        yield name, name.partition("[")[2].rstrip("]").partition("-")[0]
