"""Target paths of the tables, resolved against the R4 definitions.

    participant[1].individual(Practitioner)          an item of a list, and a resource it points to
    performer[2](PractitionerRole.organization(Organization.address))
    collection.@body-site-modifier.valueCodeableConcept
    birthDate.extension[1].url                       beside a primitive: `_birthDate`

`@name` is an extension, by the overlay's list of addresses. `[1]` is a label, no index: rows with
the same label make the same item. A step knows whether it is a list and, where the field repeats,
whether each repetition makes an item there: at the first labelled list, else at the last list.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fhirserver.model import definitions
from hl7v2_gateway.mapping.vocabulary import loaded

_STEP: Final = re.compile(r"(@?[A-Za-z-]+)(?:\[([A-Za-z0-9]+)\])?")
EXTENSIONS: Final = "https://fhirserver.example/StructureDefinition/hl7v2-"


class Unresolvable(ValueError):
    """A path that no R4 element answers; it needs a line in the overlay."""


@dataclass(frozen=True, slots=True)
class Step:
    """One property on the way; `link` is the resource type to go on in."""

    name: str
    is_list: bool
    label: str = ""
    each: bool = False
    link: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A resolved path: its steps and the type of what is at its end."""

    text: str
    steps: tuple[Step, ...]
    type: str
    is_list: bool


def resolved(resource_type: str, text: str) -> Path:
    """The path below a resource type (or the path of a data type).

    >>> resolved("Encounter", "location[1].status").type
    'code'
    >>> [s.name for s in resolved("Patient", "birthDate.extension[1].url").steps]
    ['_birthDate', 'extension', 'url']
    """
    if text in ("$this", "$value"):
        return Path(text, (), resource_type, is_list=False)
    steps, kind = _walk(resource_type, text, text)
    lists = [i for i, s in enumerate(steps) if s.is_list]
    if lists:
        labelled = [i for i in lists if steps[i].label]
        at = labelled[0] if labelled else lists[-1]
        steps[at] = replace(steps[at], each=True)
    return Path(text, tuple(steps), kind, is_list=bool(steps) and steps[-1].is_list)


def _walk(start: str, text: str, whole: str) -> tuple[list[Step], str]:
    known = definitions.load()
    steps: list[Step] = []
    at, kind, rest = start, start, text
    while rest:
        found = _STEP.match(rest)
        if found is None:
            raise Unresolvable(f"{start}.{whole}")
        name, label = found.group(1), found.group(2) or ""
        rest = rest[found.end() :]
        if name.startswith("@"):
            steps.append(Step("extension", is_list=True, label=name, url=extension(name[1:])))
            at, rest = "Extension", rest.removeprefix(".")
            continue
        property_ = known.property(at, name) or _spelled(at, name)
        if property_ is None:
            raise Unresolvable(f"{start}.{whole}: no {name} in {at}")
        kind = property_.type_code
        step = Step(property_.name, property_.is_list, label)
        if rest.startswith("("):
            inside, rest = _parenthesis(rest, whole)
            step, more, kind = _linked(step, inside, whole)
            steps.append(step)
            steps.extend(more)
            rest = rest.removeprefix(".")
            if rest:
                # What follows the parenthesis belongs to the reference itself.
                raise Unresolvable(f"{start}.{whole}: a path goes on behind a link")
            break
        rest = rest.removeprefix(".")
        if rest and kind[0].islower():
            steps.append(Step(f"_{property_.name}", step.is_list, label))
            at = "Element"
            continue
        steps.append(step)
        at = property_.target_path or kind
    return steps, kind


def _linked(step: Step, inside: str, whole: str) -> tuple[Step, list[Step], str]:
    head, _, tail = inside.partition(".")
    name = _STEP.fullmatch(head)
    if name is None or not name.group(1)[0].isupper():
        raise Unresolvable(whole)
    target = name.group(1)
    if not definitions.load().is_resource(target):
        # `note(Annotation.text)`: a data type, so the path just goes on.
        inner, kind = _walk(target, tail, whole)
        return step, inner, kind
    linked = replace(step, link=target)
    if not tail:
        return linked, [], target
    more, kind = _walk(target, tail, whole)
    return linked, more, kind


def _parenthesis(text: str, whole: str) -> tuple[str, str]:
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return text[1:i], text[i + 1 :]
    raise Unresolvable(f"{whole}: a parenthesis is open")


def _spelled(at: str, name: str) -> definitions.Property | None:
    """The property whose name differs only in capitals (`valuedateTime`)."""
    for key, found in definitions.load().properties(at).items():
        if key.lower() == name.lower():
            return found
    return None


def extension(name: str) -> str:
    """The address of an extension by its short name: the overlay's, else one of ours."""
    return loaded_extensions().get(name, EXTENSIONS + name)


@functools.cache
def loaded_extensions() -> Mapping[str, str]:
    """Short name to address."""
    found: Mapping[str, str] = loaded("overlay", "extensions")["extensions"]
    return found
