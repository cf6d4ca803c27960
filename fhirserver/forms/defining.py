"""Resources from answers whose questions name the element that they are about.

http://hl7.org/fhir/uv/sdc/extraction.html#definition-based-extraction
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fhirserver import ids
from fhirserver.errors import FhirError, Issue
from fhirserver.fhirpath import Typed
from fhirserver.forms.answers import unit_of
from fhirserver.forms.building import Building, Place
from fhirserver.forms.entries import CONDITIONS, Made
from fhirserver.forms.expressions import Expressions, Setting
from fhirserver.forms.extensions import extensions, part, value, values
from fhirserver.forms.fixed import Shape, shape_of
from fhirserver.forms.given import Given, typed_value
from fhirserver.forms.populating import of_bundles
from fhirserver.model import definitions
from fhirserver.model.resource import Resource

_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"
_SHORT: Final = re.compile(r"^http://hl7\.org/fhir/(?=[A-Z]\w*$)")
_LEGACY: Final[Resource] = {}
"""In the place of definitionExtract: itemExtractionContext, which says nothing of the request."""
Find = Callable[[str], Resource | None]
"""The StructureDefinition with a canonical address, or None."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A resource that answers go into, and the element inside it that they are about.

    `is_loose`: a definition of any profile of the type means it.
    """

    building: Building
    place: Place
    is_loose: bool

    def takes(self, definition: str) -> str | None:
        """The id of the element that a definition names here; None when it means another."""
        canonical, _, id_ = definition.partition("#")
        canonical = canonical.partition("|")[0]
        shape = self.building.shape
        is_meant = self.is_loose or _SHORT.sub(_TYPES, canonical) == shape.url
        return id_ if is_meant and id_.startswith(f"{self.place.id}.") else None


@dataclass(slots=True)
class Defining:
    """The definition-based extraction of one response."""

    expressions: Expressions
    find: Find
    made: list[Made] = field(default_factory=list)

    @property
    def issues(self) -> list[Issue]:
        return self.expressions.issues

    def whole(self, questionnaire: Resource, items: tuple[Given, ...], setting: Setting) -> None:
        """What the form makes as a whole, then what its items make."""
        root = Given(questionnaire, setting.value, items)
        opened = self._opened(root, setting)
        self._finish(root, opened, setting, items)

    def _items(self, items: Iterable[Given], scopes: list[Scope], setting: Setting) -> None:
        for given in items:
            self._item(given, scopes, setting)

    def _item(self, given: Given, scopes: list[Scope], setting: Setting) -> None:
        setting = Setting(
            "QuestionnaireResponse.item",
            given.filled,
            setting.resource,
            setting.variables,
            given.place,
        )
        setting = with_ids(given.item, self.expressions.with_variables(given.item, setting))
        inside = self._about(given, scopes)
        opened = self._opened(given, setting) if given.has_answers else []
        if opened:
            # A new resource takes the place of the one around it.
            self._finish(given, opened, setting, given.inside)
            return
        self._fixed(given, inside, setting)
        self._items(given.inside, inside, setting)

    def _finish(
        self,
        given: Given,
        opened: list[tuple[Scope, Made]],
        setting: Setting,
        items: Iterable[Given],
    ) -> None:
        scopes = [scope for scope, _ in opened]
        self._fixed(given, scopes, setting)
        if given.filled.get("answer"):
            self._answered(given, scopes)
        self._items(items, scopes, setting)
        for scope in scopes:
            scope.building.prune()
        self.made += [made for _, made in opened]

    def _about(self, given: Given, scopes: list[Scope]) -> list[Scope]:
        """The scopes of what is inside an item, with its own answers put where they belong."""
        if not given.is_group:
            self._answered(given, scopes)
            return scopes
        found = []
        for scope in scopes:
            id_ = scope.takes(given.item.get("definition") or "")
            place = scope.place.again() if given.item.get("repeats") else scope.place
            if id_ is not None and given.has_answers:
                try:
                    place = scope.building.open(scope.place, id_)
                except FhirError as error:
                    self._note(given, str(error))
            found.append(replace(scope, place=place))
        return found

    def _answered(self, given: Given, scopes: list[Scope]) -> None:
        if given.values:
            definition = given.item.get("definition") or ""
            self._put(given, scopes, definition, given.values, is_answer=True)

    def _put(
        self,
        given: Given,
        scopes: list[Scope],
        definition: str,
        found: list[tuple[str, Any]],
        *,
        is_answer: bool = False,
    ) -> None:
        for scope in scopes:
            id_ = scope.takes(definition)
            if id_ is None:
                continue
            try:
                unit = unit_of(given.item)
                scope.building.put(scope.place, id_, found, unit, is_answer=is_answer)
            except FhirError as error:
                self._note(given, str(error))

    def _fixed(self, given: Given, scopes: list[Scope], setting: Setting) -> None:
        """What an item sets without being asked: fixed values, and expressions."""
        if not scopes or not (given.has_answers or setting.type == "QuestionnaireResponse"):
            return
        for extension in extensions(given.item, "definitionExtractValue"):
            found = _fixed_value(extension)
            if found is None:
                expression = part(extension, "expression")
                if not isinstance(expression, dict):
                    self._note(given, "definitionExtractValue has no value and no expression")
                    continue
                nodes = self.expressions.nodes(expression, setting)
                found = [(n[0], n[1]) for n in nodes if n[1] is not None]
            if found:
                self._put(given, scopes, part(extension, "definition") or "", found)

    def _opened(self, given: Given, setting: Setting) -> list[tuple[Scope, Made]]:
        """The resources that an item begins."""
        found = []
        for shape, base, extension in self._contexts(given, setting):
            building = Building(shape, base)
            conditions = request_conditions(self.expressions, extension, setting)
            url = named(self.expressions, extension, "fullUrl", setting)
            made = Made(
                building.resource,
                url or f"urn:uuid:{ids.new()}",
                given.item.get("linkId"),
                conditions,
            )
            is_loose = extension is _LEGACY
            found.append((Scope(building, building.root, is_loose), made))
        return found

    def _contexts(
        self, given: Given, setting: Setting
    ) -> Iterator[tuple[Shape, Resource | None, Resource]]:
        for extension in extensions(given.item, "definitionExtract"):
            # Some write the address alone.
            canonical = part(extension, "definition") or value(extension)
            shape = self._shape(str(canonical))
            if shape is None:
                self._note(given, "definitionExtract names a definition that isn't known here")
            else:
                yield shape, None, extension
        for context in values(given.item, "itemExtractionContext"):
            if isinstance(context, str):
                shape = self._shape(_TYPES + context)
                if shape is None:
                    self._note(given, "itemExtractionContext names no resource type")
                else:
                    yield shape, None, _LEGACY
            elif isinstance(context, dict):
                yield from self._existing(given, context, setting)

    def _existing(
        self, given: Given, context: Resource, setting: Setting
    ) -> Iterator[tuple[Shape, Resource | None, Resource]]:
        """The resource that an expression finds, or a new one of the type that it asks for."""
        found = [n[1] for n in of_bundles(self.expressions.nodes(context, setting)) if _is_one(n)]
        asked = str(context.get("expression", "")).partition("?")[0].partition("/")[0]
        resource_type = found[0]["resourceType"] if found else asked
        shape = self._shape(_TYPES + resource_type)
        if shape is None:
            self._note(given, "itemExtractionContext finds nothing, and names no resource type")
            return
        wanted = _given_id(given, f"{resource_type}.id")
        if wanted is not None:
            same = [r for r in found if r.get("id") == wanted]
            if not same:
                text = "names an id that its itemExtractionContext doesn't find: left out"
                self._note(given, text)
                return
            yield shape, same[0], _LEGACY
        elif len(found) == 1 and not given.item.get("repeats"):
            yield shape, found[0], _LEGACY
        elif found and not given.item.get("repeats"):
            text = "its itemExtractionContext finds several resources, and no id says which"
            self._note(given, text)
        else:
            yield shape, None, _LEGACY

    def _shape(self, canonical: str) -> Shape | None:
        name = canonical.removeprefix(_TYPES)
        if definitions.load().is_resource(name):
            return Shape(canonical, name)
        found = self.find(canonical)
        shape = None if found is None or "type" not in found else shape_of(found)
        return shape if shape and definitions.load().is_resource(shape.type) else None

    def _note(self, given: Given, text: str) -> None:
        place = given.place if "linkId" in given.item else "Questionnaire"
        self.issues.append(Issue("warning", "processing", text, place))


def with_ids(element: Resource, setting: Setting) -> Setting:
    """The setting with the addresses that an item has made for the resources inside."""
    for name in values(element, "extractAllocateId"):
        setting = setting.having(str(name), [("string", f"urn:uuid:{ids.new()}", None)])
    return setting


def named(expressions: Expressions, extension: Resource, name: str, setting: Setting) -> str | None:
    """What the FHIRPath of a part of an extension gives, as a text."""
    found = part(extension, name)
    if isinstance(found, dict):
        found = found.get("expression")
    return expressions.text(found, setting) if isinstance(found, str) else None


def request_conditions(
    expressions: Expressions, extension: Resource, setting: Setting
) -> dict[str, str]:
    """The conditions of an entry's request, such as `ifNoneExist`."""
    found = {name: named(expressions, extension, name, setting) for name in CONDITIONS}
    return {name: text for name, text in found.items() if text is not None}


def _fixed_value(extension: Resource) -> list[tuple[str, Any]] | None:
    for inner in extension.get("extension", ()):
        if inner and inner.get("url") == "fixed-value":
            found = typed_value(inner)
            return None if found is None else [found]
    return None


def _given_id(given: Given, id_: str) -> str | None:
    """The answer to the question that is about the id of the resource."""
    waiting = [given]
    while waiting:
        one = waiting.pop()
        if (one.item.get("definition") or "").partition("#")[2] == id_:
            return next((str(v) for _, v in one.values), None)
        waiting += one.inside
    return None


def _is_one(node: Typed) -> bool:
    found = node[1]
    # A search that failed is told by the server, and is nothing that could be changed.
    return isinstance(found, dict) and found.get("resourceType") not in {None, "OperationOutcome"}
