"""What composite parameters must find, and must not: the values of each place, side by side.

https://hl7.org/fhir/R4/search.html#composite
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, Final, NamedTuple

from conformance.search_examples.forms import Form, Value, escape
from fhirserver import fhirpath


class Component(NamedTuple):
    kind: str
    expression: str


class Spelled(NamedTuple):
    """A value as it may be asked for, with its system if it can have one, and one that it isn't."""

    loose: str
    strict: str | None
    other: str


ROOT: Final = "%resource."


def composites(resource: Any, expression: str, components: Sequence[Component]) -> Iterator[Form]:
    """The forms of all composites in a resource."""
    found = False
    for datatype, focus, _ in fhirpath.compile(expression, resource["resourceType"])(resource):
        if focus is None:
            continue
        columns = [_spelled(c, datatype, focus, resource) for c in components]
        for row in product(*columns):
            found = True
            yield Form("all", "", "$".join(s.loose for s in row), True)
            strict = [s.strict for s in row if s.strict is not None]
            if len(strict) == len(row):
                yield Form("with system", "", "$".join(strict), True)
            for i in range(len(row)):
                parts = [s.other if i == n else s.loose for n, s in enumerate(row)]
                yield Form(f"part {i + 1} differs", "", "$".join(parts), False)
    if found:
        yield Form("missing", "missing", "false", True)
        yield Form("missing", "missing", "true", False)


def _spelled(component: Component, datatype: str, focus: Any, resource: Any) -> list[Spelled]:
    expression = component.expression
    if expression.startswith(ROOT):
        expression, datatype, focus = expression[len(ROOT) :], resource["resourceType"], resource
    values = fhirpath.compile(expression, datatype)(focus)
    return [
        s
        for kind, value, _ in values
        if value is not None
        for s in _SPELL[component.kind]((kind, value))
    ]


def _tokens(value: Value) -> Iterator[Spelled]:
    datatype, own = value
    codings = own.get("coding", ()) if datatype == "CodeableConcept" else [own]
    for coding in codings:
        if not isinstance(coding, dict):
            text = str(coding).lower() if isinstance(coding, bool) else str(coding)
            yield Spelled(escape(text), None, "zz")
            continue
        code = coding.get("code") or coding.get("value")
        if code:
            system = coding.get("system")
            strict = f"{escape(system)}|{escape(code)}" if system else None
            yield Spelled(escape(code), strict, escape(code) + "-zz")


def _references(value: Value) -> Iterator[Spelled]:
    own = value[1].get("reference") if value[0] == "Reference" else value[1]
    if isinstance(own, str) and not own.startswith("#"):
        yield Spelled(escape(own), escape(own), escape(own) + "-zz")


def _quantities(value: Value) -> Iterator[Spelled]:
    datatype, own = value
    if isinstance(own, dict) and "value" in own and not own.get("comparator"):
        text = str(own["value"])
        other = f"{Decimal(text) + 10**9:f}"
        strict = None
        if own.get("system") and own.get("code"):
            strict = f"{text}|{escape(own['system'])}|{escape(own['code'])}"
        yield Spelled(text, strict or text, other)
    elif datatype in ("integer", "decimal", "positiveInt", "unsignedInt"):
        text = str(own)
        yield Spelled(text, text, f"{Decimal(text) + 10**9:f}")


def _dates(value: Value) -> Iterator[Spelled]:
    if isinstance(value[1], str):
        yield Spelled(value[1], value[1], "1871-03-05")
    elif value[0] == "Period" and value[1].get("start"):
        start = value[1]["start"]
        yield Spelled(f"ge{start}", f"ge{start}", "lt1871-03-05")


def _strings(value: Value) -> Iterator[Spelled]:
    if isinstance(value[1], str):
        text = " ".join(value[1].split())[:10]
        yield Spelled(escape(text), escape(text), "zzq")


def _uris(value: Value) -> Iterator[Spelled]:
    text = escape(str(value[1]))
    yield Spelled(text, text, text + "-zz")


_SPELL: Final = {
    "token": _tokens,
    "reference": _references,
    "quantity": _quantities,
    "number": _quantities,
    "date": _dates,
    "string": _strings,
    "uri": _uris,
}
