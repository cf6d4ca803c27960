"""Composite parameters: values that belong together, such as a code and its quantity.

Components that are compared for equality (token, reference, uri) come together in one spelling;
with a component that is ordered they go on that one's row.
https://hl7.org/fhir/R4/search.html#composite
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final

from fhirserver.errors import NotSupported
from fhirserver.model.definitions import Definitions
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split
from fhirserver.search.folding import fold
from fhirserver.search.hashing import digest, element, number
from fhirserver.search.index import DateRow, IndexValues, NumberRow, StringRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import Component, SearchParameter
from fhirserver.search.paths import Path, find, paths
from fhirserver.search.query import (
    AnyElement,
    Condition,
    HasRow,
    InDates,
    InNumbers,
    InStrings,
    Or,
)
from fhirserver.search.site import Site
from fhirserver.search.types import date, quantity, reference, string, token, uri
from fhirserver.search.types import number as numbers

EQUALITY: Final = frozenset(["token", "reference", "uri"])
_ROOT: Final = "%resource."

Spelled = tuple[str, str]
"""An equality value as it is asked for loosely (c|CODE) and strictly (s|SYSTEM|CODE)."""


def triggers(parameter: SearchParameter, definitions: Definitions) -> frozenset[str]:
    """Root properties of which a resource must have one for the composite to have a value."""
    found: set[str] = set()
    for focus in parameter.paths or ():
        last = parameter.components[-1].expression
        places = [focus] if focus.steps else paths(last, focus.inside, definitions) or ()
        found.update(p.steps[0].key for p in places if p.steps)
    return frozenset(found)


def whole(parameter: SearchParameter, definitions: Definitions, site: Site) -> Index | None:
    """How the composites in a whole resource are indexed."""
    focused = [
        one
        for focus in parameter.paths or ()
        if (one := _focused(parameter, focus, definitions, site)) is not None
    ]

    def add(resource: Any, out: IndexValues) -> None:
        for focus, add_focus in focused:
            for value in find(resource, focus.steps) if focus.steps else [resource]:
                add_focus(resource, value, out)

    return add if focused else None


_Values = Callable[[Any, Any], list[Any]]


def _focused(
    parameter: SearchParameter, focus: Path, definitions: Definitions, site: Site
) -> tuple[Path, Callable[[Any, Any, IndexValues], None]] | None:
    readers = [_reader(c, focus, definitions, site) for c in parameter.components]
    equal = [r for r, c in zip(readers, parameter.components, strict=True) if _is_equality(c)]
    ordered = [
        (c.parameter.type, r)
        for r, c in zip(readers, parameter.components, strict=True)
        if not _is_equality(c)
    ]
    code, param = parameter.code, number(parameter.code)
    present = element(code, "?")

    def add_elements(root: Any, value: Any, out: IndexValues) -> None:
        found = [r(root, value) for r in equal]
        if all(found):
            for chosen in product(*found):
                for spellings in product(*chosen):
                    out.elements.append(element(code, f"k|{'$'.join(spellings)}"))
            out.elements.append(present)

    def add_rows(root: Any, value: Any, out: IndexValues) -> None:
        for item, (kind, read) in enumerate(ordered):
            rows = read(root, value)
            if not rows:
                return
            keys = _keys([r(root, value) for r in equal])
            add = _ROWS[kind]
            for row in rows:
                for key in keys:
                    add(param if item == 0 else part(code, item), row, key, out)

    def add_items(root: Any, value: Any, out: IndexValues) -> None:
        item = len(out.numbers)
        before = len(out.numbers)
        add_rows(root, value, out)
        out.numbers[before:] = [row._replace(item=item) for row in out.numbers[before:]]

    if not ordered:
        return focus, add_elements
    if len(ordered) > 1 and any(kind not in ("number", "quantity") for kind, _ in ordered):
        return None
    return focus, add_rows if len(ordered) == 1 else add_items


def part(code: str, item: int) -> int:
    """The number of a further ordered component: `chromosome-variant-coordinate$1`."""
    return number(f"{code}${item}")


def _is_equality(component: Component) -> bool:
    return component.parameter.type in EQUALITY


def _keys(found: Sequence[Sequence[Spelled]]) -> list[_Key]:
    """The digests that the equality components put on a row of the ordered one."""
    if not found:
        return [(None, None)]
    return [
        (digest("$".join(c[0] for c in chosen)), digest("$".join(c[1] for c in chosen)))
        for chosen in product(*found)
    ]


def _reader(component: Component, focus: Path, definitions: Definitions, site: Site) -> _Values:
    """What reads a component's values, given the resource and the composite's place in it."""
    text = component.expression
    from_root = text.startswith(_ROOT)
    context = focus.inside.partition(".")[0] if from_root else focus.inside
    places = paths(text.removeprefix(_ROOT), context, definitions) or ()
    read = _READ[component.parameter.type]

    def values(root: Any, value: Any) -> list[Any]:
        found: list[Any] = []
        for place in places:
            for one in find(root if from_root else value, place.steps):
                found += read(place.datatype, one, site)
        return found

    return values


# A concept in words only, or a reference inside the resource: nobody can ask for the value, but the
# composite is there.
_THERE: Final[list[Spelled]] = [("", "")]


def _tokens(datatype: str, value: Any, site: Site) -> list[Spelled]:
    pairs = token.pairs(datatype, value)
    return [(f"c|{code}", f"s|{system or ''}|{code}") for system, code in pairs] or _THERE


def _references(datatype: str, value: Any, site: Site) -> list[Spelled]:
    return [(s, s) for s in reference.spelled(datatype, value, site)] or _THERE


def _uris(datatype: str, value: Any, site: Site) -> list[Spelled]:
    return [(s, s) for s in uri.spelled(value)]


def _dates(datatype: str, value: Any, site: Site) -> list[Any]:
    found = date.range_of(datatype, value, site)
    return [found] if found else []


def _strings(datatype: str, value: Any, site: Site) -> list[Any]:
    return [folded for t in string.texts(datatype, value) if (folded := fold(t))]


def _numbers(datatype: str, value: Any, site: Site) -> list[Any]:
    found = numbers.range_of(datatype, value)
    return [(*found, None, None, None)] if found else []


def _quantities(datatype: str, value: Any, site: Site) -> list[Any]:
    found = quantity.measure(datatype, value)
    return [found] if found else []


_READ: Final[dict[str, Callable[[str, Any, Site], list[Any]]]] = {
    "token": _tokens,
    "reference": _references,
    "uri": _uris,
    "date": _dates,
    "string": _strings,
    "number": _numbers,
    "quantity": _quantities,
}

_Key = tuple[int | None, int | None]
_Row = Callable[[int, Any, _Key, IndexValues], None]


# Nobody sorts by a composite, so no row of one is first or last.
def _date_row(param: int, row: Any, key: _Key, out: IndexValues) -> None:
    out.dates.append(DateRow(param, row[0], row[1], False, False, *key))


def _text_row(param: int, row: Any, key: _Key, out: IndexValues) -> None:
    out.strings.append(StringRow(param, row, False, False, *key))


def _value_row(param: int, row: Any, key: _Key, out: IndexValues) -> None:
    low, high, unit, code, label, *base = row
    out.numbers.append(NumberRow(param, low, high, False, False, unit, code, label, *key, 0, *base))


_ROWS: Final[dict[str, _Row]] = {
    "date": _date_row,
    "string": _text_row,
    "number": _value_row,
    "quantity": _value_row,
}


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    found = [c for v in values for c in _alternatives(parameter, v, site)]
    elements = tuple(e for c in found if isinstance(c, AnyElement) for e in c.elements)
    others = [c for c in found if not isinstance(c, AnyElement)]
    merged: list[Condition] = [AnyElement(tuple(dict.fromkeys(elements)))] if elements else []
    merged += others
    return merged[0] if len(merged) == 1 else Or(tuple(merged))


def _alternatives(parameter: SearchParameter, value: str, site: Site) -> list[Condition]:
    parts = split(value, "$")
    if len(parts) != len(parameter.components) or not all(parts):
        names = "$".join(c.parameter.code.upper() for c in parameter.components)
        raise bad_value(parameter.code, value, f"of the form {names}")
    equal: list[list[str]] = []
    ordered: list[InDates | InNumbers | InStrings] = []
    for text, component in zip(parts, parameter.components, strict=True):
        if _is_equality(component):
            equal.append(_spellings(component.parameter, text, site))
        else:
            ordered.append(_ordered(parameter.code, component.parameter, text, site))
    if not ordered:
        return [AnyElement((element(parameter.code, f"k|{'$'.join(c)}"),)) for c in product(*equal)]
    return [_on_row(parameter.code, ordered, c) for c in product(*equal)]


def _spellings(component: SearchParameter, text: str, site: Site) -> list[str]:
    match component.type:
        case "token":
            found = token.spellings(component, text)
        case "reference":
            found = reference.spellings(component.code, text, component.targets, site)
        case _:
            found = [f"u|{text}"]
    if any(s.startswith("y|") or s == "?" for s in found):
        raise NotSupported(f"{component.code} in a composite needs a code, not only a system")
    return found


def _ordered(
    code: str, component: SearchParameter, text: str, site: Site
) -> InDates | InNumbers | InStrings:
    found = kinds[component.type].condition(component, None, [text], site)
    assert isinstance(found, InDates | InNumbers | InStrings)
    return replace(found, param=number(code))


def _on_row(
    code: str, ordered: Sequence[InDates | InNumbers | InStrings], spelled: Sequence[str]
) -> Condition:
    """The ordered components' condition, on a row that has these equality values."""
    joined = "$".join(spelled)
    strict = [s.startswith("s|") for s in spelled if s[:2] in ("s|", "c|")]
    if any(strict) and not all(strict):
        raise NotSupported(f"{code}: give a system to all of the codes or to none")
    # The index begins with the codes alone: they narrow also where a system is given.
    codes = "$".join(_without_system(s) for s in spelled)
    token_digest = digest(codes) if spelled else None
    system_digest = digest(joined) if any(strict) else None
    first, *rest = [replace(o, token=token_digest, system_token=system_digest) for o in ordered]
    for item, further in enumerate(rest, start=1):
        assert isinstance(first, InNumbers)
        assert isinstance(further, InNumbers)
        first = replace(first, second=replace(further, param=part(code, item)))
    return first


def _without_system(spelled: str) -> str:
    """The spelling of a code in any system, for one in a system."""
    return f"c|{spelled[2:].partition('|')[2]}" if spelled.startswith("s|") else spelled


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """Nothing value by value: `whole` sees the resource."""
    return None


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    of = [c.parameter.type for c in parameter.components if not _is_equality(c)]
    if not of:
        return AnyElement((element(parameter.code, "?"),))
    table = {"date": "date", "string": "string"}.get(of[0], "number")
    return HasRow(table, number(parameter.code))  # type: ignore[arg-type]


kinds.register("composite")(Kind(index, condition, present))
