"""Concepts that are added to a code system: those given, in one form, checked against it. Pure.

https://hl7.org/fhir/R4/codesystem.html#concepts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import Invalid, TooCostly, Unprocessable
from fhirserver.model.resource import Resource

# What may be said of a concept without being declared.
# https://hl7.org/fhir/R4/codesystem-concept-properties.html
STANDARD: Final = frozenset({"parent", "child", "status", "inactive", "notSelectable",
                             "effectiveDate", "deprecated", "deprecationDate"})  # fmt: skip
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("Code", "String"),
    "Coding": ("Coding",),
    "string": ("String", "Code"),
    "integer": ("Integer",),
    "boolean": ("Boolean",),
    "dateTime": ("DateTime", "Date"),
    "decimal": ("Decimal", "Integer"),
}
_LONGEST_CODE: Final = 1_000
MOST_OF_ONE: Final = 1_000
"""Properties, or designations, of one concept."""


@dataclass(slots=True)
class Additions:
    """What is added, by code: a concept as a CodeSystem has it, and the codes directly above.

    `about` is the code system that it is for; `places` say where a code was given first.
    """

    about: Resource
    concepts: dict[str, Resource] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    about_codes: dict[str, str] = field(default_factory=dict)
    """Codes that a property is given for, which may be there already, with their places."""

    def coding(self, coding: Resource, place: str) -> None:
        """Add a Coding: a code with its display."""
        system = coding.get("system")
        if system is not None and system != self.about["url"]:
            raise Invalid("is of another code system than the one that it is imported into",
                          expression=place)  # fmt: skip
        made: Resource = {k: coding[k] for k in ("code", "display") if k in coding}
        self.concept(made, place)

    def tree(self, concepts: Iterable[Resource], place: str) -> None:
        """Add the concepts of a CodeSystem, with those inside them."""
        waiting = [(c, None, f"{place}.concept[{n}]") for n, c in enumerate(concepts)]
        stack: list[tuple[Resource, str | None, str]] = list(reversed(waiting))
        while stack:
            concept, above, where = stack.pop()
            plain = {k: v for k, v in concept.items() if k != "concept"}
            self.concept(plain, where)
            if above is not None:
                self._above(concept["code"], above)
            inside = enumerate(concept.get("concept", ()))
            stack += reversed([(c, concept["code"], f"{where}.concept[{n}]") for n, c in inside])

    def concept(self, concept: Resource, place: str) -> None:
        """Add one concept; what is said of it twice is put together."""
        code = concept.get("code")
        if not code or len(code) > _LONGEST_CODE or code != code.strip():
            raise Invalid("a concept needs a code, without spaces around it", expression=place)
        self.places.setdefault(code, place)
        for found in concept.get("property", ()):
            self._checked(code, found, place)
        self.concepts[code] = together(self.concepts.get(code, {}), concept)

    def property(self, code: str, found: Resource, place: str) -> None:
        """Add a property to a concept that is there, or is added."""
        self._checked(code, found, place)
        self.about_codes.setdefault(code, place)
        known = self.concepts.get(code, {"code": code})
        self.concepts[code] = together(known, {"code": code, "property": [found]})

    def _checked(self, code: str, found: Resource, place: str) -> None:
        name = found.get("code", "")
        declared = {p.get("code"): p for p in self.about.get("property", ())}
        if name not in declared and name not in STANDARD:
            raise Unprocessable(f"the code system declares no property {name[:64]!r}",
                                expression=place)  # fmt: skip
        key = next((k for k in found if k.startswith("value")), "")
        wanted = _TYPES.get(declared.get(name, {}).get("type", ""), ())
        if not key or (wanted and key.removeprefix("value") not in wanted):
            text = f"the property {name[:64]} needs a value of the type {declared[name]['type']}" \
                if wanted else f"the property {name[:64]} needs a value"  # fmt: skip
            raise Unprocessable(text, expression=place)
        if self._means(name) == "parent":
            self._above(code, _text(found[key]))
        elif self._means(name) == "child":
            self._above(_text(found[key]), code)

    def _means(self, name: str) -> str:
        defined = "http://hl7.org/fhir/concept-properties#"
        for declared in self.about.get("property", ()):
            uri = str(declared.get("uri", ""))
            if declared.get("code") == name and uri.startswith(defined):
                return uri.removeprefix(defined)
        return name

    def _above(self, code: str, parent: str) -> None:
        above = self.parents.setdefault(code, [])
        if parent not in above:
            above.append(parent)


def together(known: Resource, more: Resource) -> Resource:
    """A concept with what else is said of it: texts take the place of old ones, lists grow."""
    made = {**known, **{k: v for k, v in more.items() if k not in {"designation", "property"}}}
    for name in ("designation", "property"):
        there: list[Any] = list(known.get(name, ()))
        if len(more.get(name, ())) > MOST_OF_ONE:
            raise _too_many(name)
        there += [one for one in more.get(name, ()) if one not in there]
        if len(there) > MOST_OF_ONE:
            raise _too_many(name)
        if there:
            made[name] = there
    return made


def _too_many(name: str) -> TooCostly:
    return TooCostly(f"one concept has more than {MOST_OF_ONE} of {name}")


def added_to(resource: Resource, additions: Additions) -> Resource:
    """A CodeSystem resource that lists its concepts, with what is added.

    New concepts come into their first parent where the code system nests, else to the end.
    """
    made: list[Resource] = []
    places: dict[str, Resource] = {}
    inside: dict[str, str] = {}
    _copied(resource.get("concept", ()), made, places, inside)
    nested: dict[str, str] = {}
    for code, concept in additions.concepts.items():
        by_property = _by_property(concept)
        parents = [p for p in additions.parents.get(code, ()) if p not in by_property]
        own = places.get(code)
        if own is not None:
            if any(inside.get(code) != p for p in parents):
                raise Unprocessable(
                    f"the concept {code[:64]!r} is there already, in another place: say what is "
                    "above it with a property",
                    expression=additions.places.get(code),
                )
            own.update(together({k: v for k, v in own.items() if k != "concept"}, concept))
            continue
        if code in additions.about_codes and code not in additions.places:
            raise _unknown(code, additions.about_codes[code])
        places[code] = dict(concept)
        if parents:
            nested[code] = parents[0]
        else:
            made.append(places[code])
    _refuse_unknown(places, additions)
    for code, parent in nested.items():
        places[parent].setdefault("concept", []).append(places[code])
    return {**resource, "concept": made}


def _refuse_unknown(places: Mapping[str, Resource], additions: Additions) -> None:
    for code, parents in additions.parents.items():
        for one in (code, *parents):
            if one not in places:
                raise _unknown(one, additions.places.get(code, "Parameters"))


def _unknown(code: str, place: str) -> Unprocessable:
    return Unprocessable(f"there is no concept {code[:64]!r}", expression=place)


def _copied(
    concepts: Sequence[Resource],
    into: list[Resource],
    places: dict[str, Resource],
    inside: dict[str, str],
) -> None:
    """The concepts in dicts of their own; each by its code, and the one that it is inside of."""
    waiting: list[tuple[Sequence[Resource], list[Resource], str | None]] = [(concepts, into, None)]
    while waiting:
        group, target, above = waiting.pop()
        for concept in group:
            own = dict(concept)
            code = own.get("code", "")
            target.append(own)
            places.setdefault(code, own)
            if above is not None:
                inside.setdefault(code, above)
            if "concept" in own:
                copied: list[Resource] = []
                waiting.append((own["concept"], copied, code))
                own["concept"] = copied


def _by_property(concept: Resource) -> set[str]:
    """The codes that are above it by its properties, not by its place."""
    return {_text(v) for p in concept.get("property", ()) for k, v in p.items() if k[:5] == "value"}


def _text(value: Any) -> str:
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)
