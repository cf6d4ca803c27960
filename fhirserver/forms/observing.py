"""Observations from answers: the form's items say which, by their codes.

http://hl7.org/fhir/uv/sdc/extraction.html#observation-based-extraction
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fhirserver import ids
from fhirserver.errors import Issue
from fhirserver.forms.answers import unit_of
from fhirserver.forms.entries import Made
from fhirserver.forms.extensions import extensions, value, values
from fhirserver.forms.given import Given
from fhirserver.forms.taking import taken
from fhirserver.model import definitions
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource

_VALUES: Final = "value"
_ALONE: Final = frozenset({True, "independent"})
_OF_A_PARENT: Final = frozenset({"component", "member", "derived"})
_SUBJECTS: Final = frozenset({"Patient", "Group", "Device", "Location"})


@dataclass(frozen=True, slots=True)
class Way:
    """How items are observed, as they inherit it: whether, in what category, of whom."""

    how: bool | str | None = None
    categories: tuple[Resource, ...] = ()
    subject: Resource | None = None

    def below(self, element: Resource) -> Way:
        """The way of what is inside an element that may say otherwise."""
        how = next(iter(values(element, "observationExtract")), self.how)
        found = (
            *values(element, "observation-extract-category"),
            *values(element, "observationExtractCategory"),
        )
        return replace(self, how=how, categories=found or self.categories)


@dataclass(slots=True)
class Observing:
    """The Observations of one response."""

    response: Resource
    issues: list[Issue]
    _made: list[Made] = field(default_factory=list)
    _empty: set[str] = field(default_factory=set)

    @property
    def made(self) -> list[Made]:
        """The Observations, in the order of the form."""
        return [m for m in self._made if m.full_url not in self._empty]

    def observe(self, items: Iterable[Given], way: Way, parent: Made | None = None) -> None:
        """Observe what was given, below what is observed already."""
        for given in items:
            self._item(given, way.below(given.item), parent)

    def _item(self, given: Given, way: Way, parent: Made | None) -> None:
        subject = given.subject()
        if subject is not None:
            way = replace(way, subject=subject)
        codes = _codes(given.item, way)
        if not codes:
            self.observe(given.inside, way, parent)
            return
        if parent is None and way.how in _OF_A_PARENT:
            text = f"says {way.how!r}, and no Observation is around it: it was made one of its own"
            self._note(given, text)
        found = [made for v in given.values if (made := self._value(given, *v)) is not None]
        if way.how == "component" and parent is not None:
            components = [{"code": {"coding": codes}, **one} for one in found]
            parent.resource.setdefault("component", []).extend(components)
            self.observe(given.inside, way, parent)
            return
        mine = [self._observation(given, way, codes, one) for one in found]
        if not mine and _has_members(given, way):
            mine = [self._observation(given, way, codes, {})]
            self.observe(given.inside, way, mine[0])
            if not {"component", "hasMember"} & mine[0].resource.keys():
                self._empty.add(mine[0].full_url)
                return
        else:
            self.observe(given.inside, way, mine[0] if mine else parent)
        for one in mine:
            self._related(one, parent, way)

    def _related(self, made: Made, parent: Made | None, way: Way) -> None:
        if parent is not None and way.how == "member":
            parent.resource.setdefault("hasMember", []).append({"reference": made.full_url})
        elif parent is not None and way.how == "derived":
            made.resource.setdefault("derivedFrom", []).append({"reference": parent.full_url})

    def _value(self, given: Given, kind: str, found: Any) -> Resource | None:
        choices = definitions.load().element_type("Observation", _VALUES)
        if kind == "date":
            kind = "dateTime"
        if kind == "uri":
            kind = "string"
        made = taken(choices, kind, found, unit_of(given.item))
        if made is None:
            self._note(given, f"an Observation has no value of the type {kind}: it was left out")
            return None
        return {made[0]: made[1]}

    def _observation(self, given: Given, way: Way, codes: list[Resource], found: Resource) -> Made:
        response = self.response
        made: Resource = {"resourceType": "Observation"}
        made |= {k: response[k] for k in ("basedOn",) if k in response}
        part_of = [r for r in response.get("partOf", ()) if _type(r) != "Observation"]
        made |= {"partOf": part_of} if part_of else {}
        made["status"] = "final"
        made |= {"category": list(way.categories)} if way.categories else {}
        made["code"] = {"coding": codes}
        subject = way.subject or response.get("subject")
        if subject is not None and _type(subject) in {*_SUBJECTS, None}:
            made["subject"] = subject
        made |= {k: response[k] for k in ("encounter",) if k in response}
        authored = response.get("authored")
        if authored:
            made["effectiveDateTime"] = authored
            made |= {"issued": authored} if "T" in authored else {}
        author = response.get("author")
        if author is not None:
            made |= {"device": author} if _type(author) == "Device" else {"performer": [author]}
        made |= found
        if response.get("id"):
            source = {"reference": f"QuestionnaireResponse/{response['id']}"}
            made["derivedFrom"] = [source]
        one = Made(made, f"urn:uuid:{ids.new()}", given.item.get("linkId"))
        self._made.append(one)
        return one

    def _note(self, given: Given, text: str) -> None:
        self.issues.append(Issue("warning", "processing", text, given.place))


def _codes(item: Resource, way: Way) -> list[Resource]:
    """The codes under which an item is observed: those that are marked, if any is."""
    codes = item.get("code", ())
    marks = {n: value(e) for n, c in enumerate(codes) for e in extensions(c, "observationExtract")}
    if any(marks.values()):
        chosen = [c for n, c in enumerate(codes) if marks.get(n)]
    elif way.how in _ALONE or way.how in _OF_A_PARENT:
        chosen = [c for n, c in enumerate(codes) if marks.get(n) is not False]
    else:
        chosen = []
    return [{k: v for k, v in c.items() if k != "extension"} for c in chosen]


def _has_members(given: Given, way: Way) -> bool:
    """Whether something inside belongs to an Observation for the item itself."""
    for inner in given.inside:
        below = way.below(inner.item)
        if below.how in _OF_A_PARENT and _codes(inner.item, below) and inner.has_answers:
            return True
        if not _codes(inner.item, below) and _has_members(inner, below):
            return True
    return False


def _type(reference: Mapping[str, Any]) -> str | None:
    found = parse_reference(reference.get("reference") or "", "").type
    return found or reference.get("type")
