"""Resources from templates: contained in the form, with expressions where values go.

http://hl7.org/fhir/uv/sdc/extraction.html#template-based-extraction
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver import ids
from fhirserver.errors import Issue, TooCostly
from fhirserver.fhirpath import Typed
from fhirserver.forms.defining import named, request_conditions, with_ids
from fhirserver.forms.entries import CONDITIONS, Made
from fhirserver.forms.expressions import Expressions, Setting
from fhirserver.forms.extensions import extensions, part, value
from fhirserver.forms.given import Given
from fhirserver.forms.taking import converted, taken
from fhirserver.model import definitions
from fhirserver.model.resource import Resource

MOST_ELEMENTS: Final = 200_000
_NAMES: Final = ("templateExtractContext", "templateExtractValue")


@dataclass(slots=True)
class Templating:
    """The template-based extraction of one response."""

    expressions: Expressions
    contained: dict[str, Resource]
    made: list[Made] = field(default_factory=list)
    _count: int = 0

    def items(self, given: tuple[Given, ...], setting: Setting) -> None:
        """What the items make."""
        for one in given:
            if not one.has_answers:
                continue
            inner = Setting(
                "QuestionnaireResponse.item",
                one.filled,
                setting.resource,
                setting.variables,
                one.place,
            )
            inner = with_ids(one.item, self.expressions.with_variables(one.item, inner))
            self.element(one.item, inner)
            self.items(one.inside, inner)

    def element(self, element: Resource, setting: Setting) -> None:
        """What an item, or the form as a whole, makes itself."""
        link = element.get("linkId")
        for extension in extensions(element, "templateExtract"):
            template = self._template(part(extension, "template") or value(extension), setting)
            if template is None:
                continue
            for made in self._filled(template, template["resourceType"], setting):
                id_ = named(self.expressions, extension, "resourceId", setting)
                resource = {**made, "id": id_} if id_ else made
                url = named(self.expressions, extension, "fullUrl", setting)
                conditions = request_conditions(self.expressions, extension, setting)
                self.made.append(Made(resource, url or f"urn:uuid:{ids.new()}", link, conditions))
        for extension in extensions(element, "templateExtractBundle"):
            template = self._template(value(extension), setting)
            for bundle in () if template is None else self._filled(template, "Bundle", setting):
                self.made += _entries(bundle, link)

    def _template(self, reference: Any, setting: Setting) -> Resource | None:
        text = reference.get("reference", "") if isinstance(reference, dict) else ""
        found = self.contained.get(text.removeprefix("#"))
        if found is None:
            note = "its template isn't contained in the form"
            self.expressions.issues.append(Issue("warning", "not-found", note, setting.place))
            return None
        return {k: v for k, v in found.items() if k != "id"}

    def _filled(self, template: Resource, path: str, setting: Setting) -> Iterator[Resource]:
        """An object of a template as often as its context says; none where a value is empty."""
        for inner in self._repeated(template, setting):
            self._count += 1
            if self._count > MOST_ELEMENTS:
                raise TooCostly(f"the templates make more than {MOST_ELEMENTS} elements")
            text = _expression(template, "templateExtractValue")
            if text is not None:
                for kind, given, _ in self._nodes(text, inner):
                    # A text alone is the reference of a Reference, the text of a CodeableConcept.
                    found = given if kind == path else converted(path, kind, given, {})
                    if isinstance(found, dict):
                        yield {**self._object(template, path, inner), **found}
                    else:
                        note = f"an element of the type {path} takes no value of the type {kind}"
                        self.expressions.note(note, inner.place)
            elif made := self._object(template, path, inner):
                yield made

    def _repeated(self, template: Resource, setting: Setting) -> Iterator[Setting]:
        text = _expression(template, "templateExtractContext")
        if text is None:
            yield setting
            return
        for kind, given, _ in self._nodes(text, setting):
            yield Setting(kind, given, setting.resource, setting.variables, setting.place)

    def _object(self, template: Resource, path: str, setting: Setting) -> Resource:
        made: Resource = {}
        for name, inside in template.items():
            if name == "extension":
                kept = [e for e in inside if not _is_ours(e)]
                inside = kept
            if name.startswith("_"):
                self._primitive(made, template, name, path, setting)
                continue
            if f"_{name}" in template and _has_expression(template[f"_{name}"]):
                continue
            below = _path_of(path, name, inside)
            if isinstance(inside, list):
                found = [f for one in inside for f in self._any(one, below, setting)]
                made |= {name: found} if found else {}
            else:
                one = next(iter(self._any(inside, below, setting)), None)
                made |= {} if one is None or one == {} else {name: one}
        return made

    def _any(self, inside: Any, path: str, setting: Setting) -> Iterator[Any]:
        if isinstance(inside, dict):
            yield from self._filled(inside, path, setting)
        elif inside is not None:
            yield inside

    def _primitive(
        self, made: Resource, template: Resource, name: str, path: str, setting: Setting
    ) -> None:
        """A primitive whose value an expression gives."""
        plain, extras = name.removeprefix("_"), template[name]
        is_list = isinstance(extras, list)
        found: list[Any] = []
        for number, extra in enumerate(extras if is_list else [extras]):
            text = _expression(extra or {}, "templateExtractValue")
            if text is None:
                given = template.get(plain, [])
                if is_list and number < len(given) and given[number] is not None:
                    found.append(given[number])
                elif not is_list and extra:
                    made[name] = extra
                continue
            for inner in self._repeated(extra or {}, setting):
                nodes = self._nodes(text, inner)
                found += self._values(nodes, path, plain, setting)
        if found and is_list:
            made[plain] = found
        elif len(found) == 1:
            made[plain] = found[0]
        elif found:
            note = f"{path}.{plain} takes one value, and its expression gives {len(found)}"
            self.expressions.note(note, setting.place)

    def _values(self, nodes: list[Typed], path: str, name: str, setting: Setting) -> Iterator[Any]:
        known = definitions.load().property(path, name)
        for kind, found, _ in nodes:
            made = None if known is None else taken([known], kind, found, {})
            if made is not None:
                yield made[1]
            elif found is not None:
                note = f"{path}.{name} takes no value of the type {kind}"
                self.expressions.note(note, setting.place)

    def _nodes(self, text: str, setting: Setting) -> list[Typed]:
        found = self.expressions.nodes({"language": "text/fhirpath", "expression": text}, setting)
        return [n for n in found if n[1] is not None]


def _expression(element: Resource, name: str) -> str | None:
    found = next((value(e) for e in extensions(element, name)), None)
    if isinstance(found, dict):
        found = found.get("expression")
    return found if isinstance(found, str) else None


def _has_expression(extras: Any) -> bool:
    """Whether an expression gives a primitive, or one of a list of them."""
    every = extras if isinstance(extras, list) else [extras]
    return any(_expression(e or {}, "templateExtractValue") is not None for e in every)


def _is_ours(extension: Any) -> bool:
    holder = {"extension": [extension]}
    return any(True for name in _NAMES for _ in extensions(holder, name))


def _path_of(path: str, name: str, inside: Any) -> str:
    known = definitions.load().property(path, name)
    one = inside[0] if isinstance(inside, list) and inside else inside
    if isinstance(one, dict) and "resourceType" in one:
        return str(one["resourceType"])
    return "Element" if known is None else known.target_path


def _entries(bundle: Resource, link: str | None) -> Iterator[Made]:
    for entry in bundle.get("entry", ()):
        resource, request = entry.get("resource"), entry.get("request", {})
        if resource is not None:
            conditions = {k: request[k] for k in CONDITIONS if k in request}
            yield Made(resource, entry.get("fullUrl") or f"urn:uuid:{ids.new()}", link, conditions)
