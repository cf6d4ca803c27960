"""Random resources of every type, shaped as the definitions say, for properties that must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from fhirserver.model import definitions
from fhirserver.model.definitions import Property

KNOWN = definitions.load()

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t\r&<>\"'")
).filter(bool)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
    lambda d: abs(d.adjusted()) < 300
)
numbers = st.integers(-(2**31), 2**31 - 1)
divs = st.sampled_from(
    [
        '<div xmlns="http://www.w3.org/1999/xhtml">a &amp; b</div>',
        '<div xmlns="http://www.w3.org/1999/xhtml" lang="en"><p>  two\n lines <br/></p></div>',
        "<div xmlns='http://www.w3.org/1999/xhtml'><img src=\"a\" alt='>'/>&#160;</div>",
        '<div xmlns="http://www.w3.org/1999/xhtml" title="a>b"/>',
    ]
)
PRIMITIVES = {
    "boolean": st.booleans(),
    "decimal": decimals | numbers,
    "integer": numbers,
    "positiveInt": numbers,
    "unsignedInt": numbers,
    "xhtml": divs,
}


@st.composite
def resources(draw: DrawFn) -> dict[str, Any]:
    """A resource of any type."""
    return draw(resource(draw(st.sampled_from(KNOWN.resource_types)), 4))


@st.composite
def resource(draw: DrawFn, name: str, levels: int) -> dict[str, Any]:
    return {"resourceType": name, **draw(members(name, levels))}


@st.composite
def members(draw: DrawFn, path: str, levels: int) -> dict[str, Any]:
    properties = [p for p in KNOWN.properties(path).values() if levels > 0 or is_flat(p)]
    chosen = draw(st.lists(st.sampled_from(properties), max_size=4, unique_by=id))
    made: dict[str, Any] = {}
    for p in chosen:
        if p.target_path in KNOWN.primitives:
            made.update(draw(primitives(p, levels)))
        elif value := draw(values(p, levels - 1)):
            made[p.name] = value
    return made


def is_flat(p: Property) -> bool:
    return p.target_path in KNOWN.primitives


@st.composite
def primitives(draw: DrawFn, p: Property, levels: int) -> dict[str, Any]:
    plain = PRIMITIVES.get(p.type_code, texts)
    if p.type_code == "xhtml" or p.element.is_attribute:
        return {p.name: draw(plain)}
    extra = members("Element", levels - 1) if levels > 0 else st.just({})
    pairs = draw(st.lists(st.tuples(plain | st.none(), extra), min_size=1, max_size=3))
    pairs = [(v, e or None) for v, e in pairs if v is not None or e]
    if not pairs:
        return {}
    found = [v for v, _ in pairs], [e for _, e in pairs]
    if not p.is_list:
        pair = pairs[0]
        return {k: v for k, v in zip((p.name, f"_{p.name}"), pair, strict=True) if v is not None}
    return {
        key: items
        for key, items in zip((p.name, f"_{p.name}"), found, strict=True)
        if any(i is not None for i in items)
    }


@st.composite
def values(draw: DrawFn, p: Property, levels: int) -> Any:
    if p.type_code == "Resource":
        one = resource("Patient", levels)
    else:
        one = members(p.target_path, levels).filter(bool)
    return draw(st.lists(one, min_size=1, max_size=2)) if p.is_list else draw(one)


def with_digits(value: Any) -> Any:
    """The same value with numbers as their text, so that 1.0 isn't 1.00."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"number {value}"
    if isinstance(value, dict):
        return {k: with_digits(v) for k, v in value.items()}
    if isinstance(value, list):
        return [with_digits(v) for v in value]
    return value
