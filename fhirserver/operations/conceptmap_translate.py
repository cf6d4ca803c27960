"""`ConceptMap/$translate`: a code in the words of another code system.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html; the names that its parameters have in
R5 (`sourceCode`, `targetSystem` ...) are taken as well, as HL7's tools send them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhirserver.errors import Invalid, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import answer, instance, shelf_of
from fhirserver.interactions.operation import HL7, Call, Inputs, Parameter, operation
from fhirserver.model.resource import Resource
from fhirserver.terminology.concept_maps import ConceptMap, compile_concept_map
from fhirserver.terminology.library import Shelf
from fhirserver.terminology.translation import Question
from fhirserver.terminology.translation import translate as translate_by


@operation(
    "translate",
    definition=f"{HL7}/ConceptMap-translate",
    levels=["type", "instance"],
    types=["ConceptMap"],
    parameters=[
        Parameter("tx-resource", "Resource", max=None, is_checked=False),
        Parameter("url", "uri"),
        Parameter("conceptMap", "ConceptMap"),
        Parameter("conceptMapVersion", "string"),
        Parameter("code", "code"),
        Parameter("system", "uri"),
        Parameter("version", "string"),
        Parameter("source", "uri"),
        Parameter("coding", "Coding"),
        Parameter("codeableConcept", "CodeableConcept"),
        Parameter("target", "uri"),
        Parameter("targetsystem", "uri"),
        Parameter(
            "dependency",
            max=None,
            parts=(Parameter("element", "uri"), Parameter("concept", "CodeableConcept")),
        ),
        Parameter("reverse", "boolean"),
        Parameter("sourceCode", "code"),
        Parameter("sourceSystem", "uri"),
        Parameter("sourceCoding", "Coding"),
        Parameter("sourceCodeableConcept", "CodeableConcept"),
        Parameter("sourceScope", "uri"),
        Parameter("targetCode", "code"),
        Parameter("targetCoding", "Coding"),
        Parameter("targetCodeableConcept", "CodeableConcept"),
        Parameter("targetSystem", "uri"),
        Parameter("targetScope", "uri"),
    ],
    is_open=True,
    searches=False,
)
def translate(ctx: Context, call: Call) -> FhirResponse:
    """Every translation that the concept maps have for the code."""
    shelf = shelf_of(ctx, call)
    question = _question(call.inputs)
    return answer(translate_by(shelf, _maps(ctx, call, shelf, question), question))


def _question(inputs: Inputs) -> Question:
    asked = _codings(inputs, "target", inputs.text("targetSystem"))
    tells_both = bool(asked)
    wanted = inputs.text("targetSystem") or inputs.text("targetsystem")
    if tells_both:
        wanted = inputs.text("sourceSystem") or inputs.text("system")
    else:
        system = inputs.text("sourceSystem") or inputs.text("system")
        asked = _codings(inputs, "source", system) or _codings(inputs, "", system)
    if not asked:
        raise Invalid("a code with its system, a coding or a codeableConcept is needed")
    return Question(
        codings=asked,
        source=inputs.text("sourceScope") or inputs.text("source"),
        target=inputs.text("targetScope") or inputs.text("target"),
        target_system=wanted,
        dependencies=tuple(_dependencies(inputs.all("dependency"))),
        is_reverse=tells_both or inputs.is_true("reverse"),
        tells_both=tells_both,
    )


def _codings(inputs: Inputs, prefix: str, system: str | None) -> list[Resource]:
    """What is to be translated: a code, a Coding, or the codings of a CodeableConcept."""

    def named(name: str) -> Any:
        return inputs.one(prefix + name[:1].upper() + name[1:] if prefix else name)

    if named("code") is not None:
        return [{"system": system, "version": inputs.text("version"), "code": named("code")}]
    if named("coding") is not None:
        return [named("coding")]
    concept: Resource = named("codeableConcept") or {}
    return [c for c in concept.get("coding", ()) if c.get("code")]


def _dependencies(given: Iterable[Inputs]) -> Iterable[tuple[str, Any]]:
    for dependency in given:
        concept = dependency.one("concept") or {}
        for coding in concept.get("coding", ()):
            yield str(dependency.text("element")), coding.get("code")


def _maps(ctx: Context, call: Call, shelf: Shelf, question: Question) -> Iterable[ConceptMap]:
    if call.id is not None:
        return [compile_concept_map(instance(ctx, call))]
    given = call.inputs.one("conceptMap")
    if given is not None:
        return [compile_concept_map(given)]
    url = call.inputs.text("url")
    if url is not None:
        version = call.inputs.text("conceptMapVersion")
        found = shelf.concept_map(f"{url}|{version}" if version else url)
        if found is None:
            raise NotFound(f"there is no ConceptMap {url}" + (f"|{version}" if version else ""))
        return [found]
    systems = dict.fromkeys(str(c.get("system")) for c in question.codings)
    maps: dict[str, ConceptMap] = {}
    for system in systems:
        for found in shelf.concept_maps(system, is_reverse=question.is_reverse):
            maps.setdefault(found.canonical, found)
    return maps.values()
