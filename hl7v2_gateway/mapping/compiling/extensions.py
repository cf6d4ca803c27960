"""The definitions of the extensions that conversions write: from the rules to `profiles/hl7v2/`.

    python -m hl7v2_gateway.mapping.compiling.extensions

Where an extension may stand and what it holds is what the rules of the mapping tables say; the few
that functions write are listed here. A test compares what this makes with the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fhirserver import content
from fhirserver.model import definitions, json
from hl7v2_gateway.mapping import rules
from hl7v2_gateway.mapping.paths import EXTENSIONS

FOLDER: Final = "hl7v2"
_PEOPLE: Final = {"Patient", "RelatedPerson"}
_ANYWHERE: Final = "Element"
_PRIMITIVE_SIBLING: Final = "_"


@dataclass
class Extension:
    """An extension by the end of its url: on what, with what, and which fields it is of.

    `parts` are those of a complex one.
    """

    name: str
    contexts: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    parts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


WRITTEN: Final = (
    Extension("any-text", {"ContactPoint"}, {"valueString"}, {"XTN.9"}),
    Extension(
        "as-sent",
        {_ANYWHERE},
        fields={"components that the element would tell otherwise"},
        parts=("component", "sent"),
        optional=("insteadOf",),
    ),
    Extension("assigning-facility", {"Identifier"}, {"valueReference"}, {"CX.6", "XCN.14"}),
    Extension("ethnicity", _PEOPLE, {"valueCodeableConcept"}, {"PID-22", "NK1-28"}),
    Extension("organization-name-type", {"Organization", "Reference"}, {"valueCoding"}, {"XON.2"}),
    Extension("period-end", {"Period"}, {"valueDateTime"}, {"an end that is before its start"}),
    Extension("race", _PEOPLE, {"valueCodeableConcept"}, {"PID-10", "NK1-35"}),
)
"""Those that functions write, and no row names."""


def extensions() -> list[Extension]:
    """All of them, by name."""
    found = {e.name: e for e in WRITTEN}
    for map_name, kind in rules.every():
        compiled = rules.rules(map_name, kind)
        for rule in (*compiled.whole, *(r for _, rs in compiled.fields for r in rs)):
            for name, context, value in _in_path(kind, rule):
                one = found.setdefault(name, Extension(name))
                one.contexts.add(context)
                one.values.add(value)
                segment = map_name.partition("[")[0]
                one.fields.add(f"{segment}-{rule.field}" if rule.field else segment)
    return [found[name] for name in sorted(found)]


def _in_path(kind: str, rule: rules.Rule) -> Iterator[tuple[str, str, str]]:
    """Name, context and `value[x]` of each extension on the way of a rule."""
    at, is_inside, steps = kind, False, rule.path.steps
    for step, following in zip(steps, (*steps[1:], None), strict=False):
        if step.url.startswith(EXTENSIONS) and following is not None:
            yield step.url.removeprefix(EXTENSIONS), at, following.name
        if step.url:
            is_inside = True
        elif is_inside:
            # What an extension holds is a value of a type, wherever the extension is.
            at, is_inside = _type(step.name), False
        elif step.link:
            at = step.link
        else:
            at = f"{at}.{step.name.removeprefix(_PRIMITIVE_SIBLING)}"


def definition(extension: Extension) -> dict[str, Any]:
    """Its StructureDefinition."""
    words = extension.name.replace("-", " ")
    title = f"HL7 v2 {words}"
    told = ", ".join(sorted(extension.fields))
    description = f"What HL7 v2 says in {told}, where R4 has no element for it: {words}."
    url = EXTENSIONS + extension.name
    inside = _complex(extension, url) if extension.parts else _simple(extension, url)
    return {
        "resourceType": "StructureDefinition",
        "id": f"hl7v2-{extension.name}",
        "url": url,
        "version": "1.0.0",
        "name": "".join(w.capitalize() for w in re.split(r"\W+", f"hl7v2-{extension.name}")),
        "title": title,
        "status": "active",
        "description": description,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": c} for c in sorted(extension.contexts)],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "short": title, "definition": description},
                *inside,
            ]
        },
    }


def _simple(extension: Extension, url: str) -> list[dict[str, Any]]:
    # What a component says beside the value (as-sent, a translation) may stand inside.
    return [
        _fixed("Extension.url", "Extension.url", url),
        {
            "id": "Extension.value[x]",
            "path": "Extension.value[x]",
            "type": [{"code": c} for c in sorted(map(_type, extension.values))],
        },
    ]


def _complex(extension: Extension, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in (*extension.parts, *extension.optional):
        id_ = f"Extension.extension:{name}"
        found += [
            {
                "id": id_,
                "path": "Extension.extension",
                "sliceName": name,
                "min": int(name in extension.parts),
                "max": "1",
            },
            {
                "id": f"{id_}.extension",
                "path": "Extension.extension.extension",
                "max": "0",
            },
            _fixed(f"{id_}.url", "Extension.extension.url", name),
            {
                "id": f"{id_}.value[x]",
                "path": "Extension.extension.value[x]",
                "min": 1,
                "type": [{"code": "string"}],
            },
        ]
    return [
        *found,
        _fixed("Extension.url", "Extension.url", url),
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
    ]


def _fixed(id_: str, path: str, url: str) -> dict[str, Any]:
    return {"id": id_, "path": path, "fixedUri": url}


def _type(name: str) -> str:
    """The type of `valueDateTime`: `dateTime`."""
    wanted = name.removeprefix("value")
    lower = wanted[0].lower() + wanted[1:]
    return lower if lower in definitions.load().structure_names else wanted


def files() -> dict[str, bytes]:
    """Names and contents of all files."""
    return {
        f"StructureDefinition-hl7v2-{one.name}.json": json.dump(definition(one), pretty=True)
        for one in extensions()
    }


def main() -> None:
    """Write the files."""
    folder = Path(content.folder("profiles")) / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in files().items():
        (folder / name).write_bytes(text)


if __name__ == "__main__":
    main()
