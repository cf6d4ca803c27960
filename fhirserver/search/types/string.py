"""String parameters: names, addresses and other text, by their beginnings unless asked otherwise.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import unescape
from fhirserver.search.folding import fold
from fhirserver.search.hashing import digest, element, number, salt
from fhirserver.search.index import IndexValues, StringRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import AnyElement, Condition, HasRow, InStrings, Or
from fhirserver.search.site import Site

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
    "CodeableConcept": ("text",),
    "Annotation": ("text",),
}
_PLAIN: Final = frozenset(["string", "markdown", "code", "id", "uri", "url", "canonical"])


def texts(datatype: str, value: Any) -> list[str]:
    """The strings in a value.

    >>> texts("HumanName", {"family": "Lovelace", "given": ["Ada", "Augusta"]})
    ['Lovelace', 'Ada', 'Augusta']
    """
    if datatype in _PLAIN:
        return [value]
    found: list[str] = []
    for part in _PARTS.get(datatype, ()):
        own = value.get(part)
        if own:
            found += [t for t in own if t] if type(own) is list else [own]
    return found


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    if datatype not in _PLAIN and datatype not in _PARTS:
        return None
    param, salted = number(parameter.code), salt(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        for text in texts(datatype, value):
            folded = fold(text)
            if folded:
                out.strings.append(StringRow(param, folded, first=True, last=True))
                out.elements.append(digest(f"e|{text}") ^ salted)

    return add


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    meant = [unescape(v) for v in values]
    if modifier == "exact":
        return AnyElement(tuple(dict.fromkeys(element(parameter.code, f"e|{v}") for v in meant)))
    match: Literal["contains", "prefix"] = "contains" if modifier == "contains" else "prefix"
    for value in meant:
        if not fold(value):
            raise bad_value(parameter.code, value, "a text")
    param = number(parameter.code)
    found = [InStrings(param, match, fold(v)) for v in meant]
    return found[0] if len(found) == 1 else Or(tuple(found))


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("string", number(parameter.code))


kinds.register("string")(Kind(index, condition, present))
